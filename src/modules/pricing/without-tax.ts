import { taxOf } from '#libs/money';
import { ppmOf } from './line-tax.js';
import type { PricingInput } from './pricing.types.js';

/** What is left of a price when the tax that it contains is taken out. */
const netOf = (gross: number, ppm: number): number => gross - taxOf(gross, ppm, true);

/**
 * A cart for a buyer who owes no tax: prices that contain it are freed of it, each piece rounded by itself, before anything
 * else happens. What comes after need not know of it.
 */
export function withoutTax(input: PricingInput): PricingInput {
  const contained = input.taxIncluded ? input.tax : null;
  const free: PricingInput = { ...input, taxIncluded: false, tax: null };
  if (!contained) return free;
  return {
    ...free,
    lines: input.lines.map((line) => {
      const ppm = ppmOf(line, contained);
      return {
        ...line,
        offers: line.offers.map((offer) => ({ ...offer, amount: netOf(offer.amount, ppm) })),
        compareAt: line.compareAt == null ? null : netOf(line.compareAt, ppm),
      };
    }),
  };
}

/** Shipping for such a buyer. */
export const netShipping = (input: PricingInput, amount: number): number =>
  input.taxExempt && input.taxIncluded ? netOf(amount, input.tax?.shippingPpm ?? 0) : amount;
