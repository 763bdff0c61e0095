import type { PricedLine, PriceOffer, PricingLine } from './pricing.types.js';

/** The lowest offer for this many pieces; of equal ones the first. */
export function unitPriceOf(line: Pick<PricingLine, 'offers' | 'quantity'>): PriceOffer {
  let best: PriceOffer | undefined;
  for (const offer of line.offers) {
    if (offer.minQuantity <= line.quantity && (!best || offer.amount < best.amount)) best = offer;
  }
  if (!best) throw new RangeError('a line has no price of its own');
  return best;
}

/** What the lines cost before anything is taken off. */
export function offeredLines(
  lines: readonly PricingLine[],
): Pick<PricedLine, 'unitPrice' | 'priceListId' | 'compareAt' | 'subtotal'>[] {
  return lines.map((line) => {
    const { amount, priceListId } = unitPriceOf(line);
    const compareAt = (line.compareAt ?? 0) > amount ? line.compareAt! : null;
    return { unitPrice: amount, priceListId, compareAt, subtotal: line.quantity * amount };
  });
}
