import { taxOf } from '#libs/money';
import { applyPromotions } from './apply-promotions.js';
import { ppmOf } from './line-tax.js';
import type { PricedCart, PricedLine, PricingInput } from './pricing.types.js';
import { shippedGoods, shippingPriceOf } from './shipping-price.js';
import { offeredLines } from './unit-price.js';
import { useCredits } from './use-credits.js';
import { netShipping, withoutTax } from './without-tax.js';

/**
 * Prices a cart: pure and exact, in this order: unit prices (without the tax in them, for who owes none), shipping, promotions,
 * tax, credits. Tax is rounded half up for each line and for shipping, after discounts, so that the parts add up to the
 * total. The same function prices the cart, the checkout, a preview and the order.
 */
export function priceCart(asked: PricingInput): PricedCart {
  const input = asked.taxExempt ? withoutTax(asked) : asked;
  const { taxIncluded, tax } = input;
  const offered = offeredLines(input.lines);
  const shippingPrice = input.shipping ? (shippingPriceOf(input.shipping, shippedGoods(input.lines, offered)) ?? 0) : 0;
  const shippingAmount = netShipping(asked, shippingPrice);
  const promoted = applyPromotions(input, offered, shippingAmount);
  const lines = input.lines.map((line, i): PricedLine => {
    const { unitPrice, priceListId, compareAt, subtotal } = offered[i]!;
    const discounts = promoted.lines[i]!;
    const discountTotal = totalOf(discounts);
    const paid = subtotal - discountTotal;
    const taxPpm = ppmOf(line, tax);
    const taxTotal = taxOf(paid, taxPpm, taxIncluded);
    const total = paid + (taxIncluded ? 0 : taxTotal);
    // Each field by name, here and on the rest of the way to an order: V8 writes what follows a spread one by one, slowly.
    return { unitPrice, priceListId, compareAt, subtotal, discountTotal, discounts, taxTotal, taxPpm, total };
  });
  const shippingTotal = shippingAmount - totalOf(promoted.shipping);
  const shippingTax = tax ? taxOf(shippingTotal, tax.shippingPpm, taxIncluded) : 0;
  const sum = (pick: (line: PricedLine) => number) => lines.reduce((all, line) => all + pick(line), 0);
  const subtotal = sumOf(lines);
  const discountTotal = sum((line) => line.discountTotal);
  const taxTotal = sum((line) => line.taxTotal) + shippingTax;
  const total = subtotal - discountTotal + shippingTotal + (taxIncluded ? 0 : taxTotal);
  const giftCards = lines.reduce((all, line, i) => all + (input.lines[i]!.isGiftCard ? line.total : 0), 0);
  const credits = useCredits(total, total - giftCards, input.credits, input.currency);
  return {
    taxIncluded,
    lines,
    subtotal,
    discountTotal,
    shippingTotal,
    shippingDiscounts: promoted.shipping,
    shippingTax,
    taxTotal,
    total,
    promotions: promoted.outcomes,
    credits,
    amountDue: total - totalOf(credits),
  };
}

const totalOf = (parts: readonly { amount: number }[]): number => parts.reduce((all, part) => all + part.amount, 0);
const sumOf = (lines: readonly { subtotal: number }[]): number => lines.reduce((all, line) => all + line.subtotal, 0);
