import type { PricedLine, PricingLine } from '../pricing.types.js';
import type { LineSelector } from './promotion.types.js';

/** What it is sold at. */
type Price = Pick<PricedLine, 'unitPrice' | 'priceListId'>;
type Matcher = (line: PricingLine) => boolean;
/** Rules are kept and shared between carts, so what is made of them is, too. */
const matchers = new WeakMap<LineSelector, Matcher>();

/** The positions of the lines that are meant by a selector. */
export function selectedLines(
  selector: LineSelector | undefined,
  lines: readonly PricingLine[],
  prices: readonly Price[],
): readonly number[] {
  const matches = selector ? matcherFor(selector) : null;
  const selected: number[] = [];
  for (const [at, line] of lines.entries()) {
    if (line.isGiftCard || (selector?.excludeSaleItems && isOnSale(line, prices[at]!))) continue;
    if (matches === null || matches(line)) selected.push(at);
  }
  return selected;
}

/** What of a cart a selector looks for by name; nothing when it means every line. */
export const wantedNames = (selector: LineSelector = {}): readonly string[] => [
  ...(selector.variantIds ?? []),
  ...(selector.productIds ?? []),
  ...(selector.categoryIds ?? []),
];

function matcherFor(selector: LineSelector): Matcher {
  let matcher = matchers.get(selector);
  if (!matcher) matchers.set(selector, (matcher = matcherOf(selector)));
  return matcher;
}

/** Reduced by a price list, or below what it cost before. */
function isOnSale(line: PricingLine, { unitPrice, priceListId }: Price) {
  return priceListId !== null || (line.compareAt ?? 0) > unitPrice;
}

function matcherOf(selector: LineSelector): Matcher {
  const wanted = namesOf(selector.variantIds, selector.productIds, selector.categoryIds);
  const unwanted = namesOf(selector.excludeVariantIds, selector.excludeProductIds, selector.excludeCategoryIds);
  return (line) => (wanted === null || wanted(line)) && !unwanted?.(line);
}

/** @returns null when no list names anything */
function namesOf(
  variantIds: readonly string[] = [],
  productIds: readonly string[] = [],
  categoryIds: readonly string[] = [],
): Matcher | null {
  if (variantIds.length + productIds.length + categoryIds.length === 0) return null;
  const [variants, products, categories] = [new Set(variantIds), new Set(productIds), new Set(categoryIds)];
  return (line) =>
    variants.has(line.variantId) ||
    products.has(line.productId) ||
    (categories.size > 0 && line.categoryIds.some((id) => categories.has(id)));
}
