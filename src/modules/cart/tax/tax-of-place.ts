import { type PricingTax, STANDARD_TAX_CLASS } from '../../pricing/index.js';
import { type ShopSnapshot, taxRatesFor } from '../../settings/index.js';

/** The tax of a place by our own table. Shipping is taxed as goods of the standard class are, where that rate covers it. */
export function taxOfPlace(
  shop: Pick<ShopSnapshot, 'taxRates'>,
  place: { country: string; state?: string | null },
): PricingTax {
  const rates = taxRatesFor(shop, place);
  const standard = rates.find((rate) => rate.taxClassId === null);
  return {
    rates: Object.fromEntries(rates.map((rate) => [rate.taxClassId ?? STANDARD_TAX_CLASS, rate.ratePpm])),
    shippingPpm: standard?.shipping ? standard.ratePpm : 0,
  };
}
