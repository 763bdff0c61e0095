import type { PricingLine, ShippingBand, ShippingRate, ShippingRule } from './pricing.types.js';

/** How much of something is shipped. */
interface Amounts {
  /** grams */
  weight: number;
  items: number;
  /** minor units before discounts */
  subtotal: number;
}

/** What of a cart is shipped, altogether and by profile (null: the default one). */
export interface ShippedGoods extends Amounts {
  byProfile: ReadonlyMap<string | null, Amounts>;
  productIds: ReadonlySet<string>;
}

/** Where goods go. */
export interface ShippingPlace {
  country: string;
  postalCode: string;
}

/** Why a method does not take goods. */
export type ShippingRefusal =
  | 'country_excluded'
  | 'postal_code_excluded'
  | 'product_excluded'
  | 'too_light'
  | 'too_heavy'
  | 'subtotal_too_low'
  | 'subtotal_too_high'
  | 'profile_not_taken'
  | 'other_currency'
  | 'no_price';

/** What a method costs, or why it cannot be chosen. */
export type ShippingQuote = { price: number } | { reason: ShippingRefusal; detail: string };

/** No amount of money is larger anywhere. */
const MAX_AMOUNT = 99_999_999_999;

/** A method that costs the same whatever is shipped, as long as it is of the default profile. */
export function flatShipping(id: string, amount: number): ShippingRule {
  return {
    id,
    rates: [{ profileId: null, calculation: 'flat', amount, bands: [], freeAbove: null }],
    restrictions: {},
  };
}

/** Sums up the lines that are shipped. @param prices of the lines, in their order */
export function shippedGoods(lines: readonly PricingLine[], prices: readonly { subtotal: number }[]): ShippedGoods {
  const all: Amounts = { weight: 0, items: 0, subtotal: 0 };
  const byProfile = new Map<string | null, Amounts>();
  const productIds = new Set<string>();
  for (const [i, line] of lines.entries()) {
    if (!line.requiresShipping) continue;
    const own = byProfile.get(line.shippingProfileId) ?? { weight: 0, items: 0, subtotal: 0 };
    byProfile.set(line.shippingProfileId, own);
    productIds.add(line.productId);
    for (const amounts of [all, own]) {
      amounts.weight += line.quantity * line.weight;
      amounts.items += line.quantity;
      amounts.subtotal += prices[i]!.subtotal;
    }
  }
  const { weight, items, subtotal } = all;
  return { weight, items, subtotal, byProfile, productIds };
}

/**
 * What a shipping method costs for these goods, in minor units: the sum over their profiles; null when it does not take all
 * of them. Where the goods go does not matter here.
 */
export function shippingPriceOf(rule: Pick<ShippingRule, 'rates'>, goods: ShippedGoods): number | null {
  let price = 0;
  for (const [profileId, own] of goods.byProfile) {
    const rate = rule.rates.find((candidate) => candidate.profileId === profileId);
    const part = rate ? priceAt(rate, own, goods.subtotal) : null;
    if (part === null) return null;
    price += part;
  }
  return price <= MAX_AMOUNT ? price : null;
}

/** The price of a method for goods that go to a place, or why it does not take them there. */
export function quoteShipping(
  rule: ShippingRule & { currency: string },
  goods: ShippedGoods,
  place: ShippingPlace,
  currency: string,
): ShippingQuote {
  const refused = rule.currency === currency ? refusalOf(rule, goods, place) : 'other_currency';
  if (refused) return { reason: refused, detail: DETAILS[refused] };
  const price = shippingPriceOf(rule, goods);
  return price === null ? { reason: 'no_price', detail: DETAILS.no_price } : { price };
}

const DETAILS: Readonly<Record<ShippingRefusal, string>> = {
  country_excluded: 'It does not go to this country.',
  postal_code_excluded: 'It does not go to this postal code.',
  product_excluded: 'Something in the cart cannot go by it.',
  too_light: 'The goods weigh too little for it.',
  too_heavy: 'The goods are too heavy for it.',
  subtotal_too_low: 'The goods cost too little for it.',
  subtotal_too_high: 'The goods cost too much for it.',
  profile_not_taken: 'Something in the cart is shipped in other ways only.',
  other_currency: 'Its price is in another currency.',
  no_price: 'It has no price for this much.',
};

function refusalOf(
  { restrictions: r, rates }: ShippingRule,
  goods: ShippedGoods,
  place: ShippingPlace,
): ShippingRefusal | null {
  if (r.excludedCountries?.includes(place.country)) return 'country_excluded';
  if (r.excludedPostalCodes?.some((pattern) => isInside(pattern, place))) return 'postal_code_excluded';
  if (r.excludedProductIds?.some((id) => goods.productIds.has(id))) return 'product_excluded';
  if (goods.weight < (r.minWeight ?? 0)) return 'too_light';
  if (goods.weight > (r.maxWeight ?? Infinity)) return 'too_heavy';
  if (goods.subtotal < (r.minSubtotal ?? 0)) return 'subtotal_too_low';
  if (goods.subtotal > (r.maxSubtotal ?? Infinity)) return 'subtotal_too_high';
  for (const profileId of goods.byProfile.keys()) {
    const rate = rates.find((candidate) => candidate.profileId === profileId);
    if (!rate || rate.calculation === 'none') return 'profile_not_taken';
  }
  return null;
}

function priceAt(rate: ShippingRate, own: Amounts, goodsTotal: number): number | null {
  if (rate.calculation === 'none') return null;
  if (rate.freeAbove !== null && goodsTotal >= rate.freeAbove) return 0;
  if (rate.calculation === 'flat') return rate.amount;
  const value = own[rate.calculation];
  const band = bandOf(rate.bands, value);
  if (!band) return null;
  return band.amount + (band.plus > 0 ? band.plus * Math.ceil((value - band.from) / band.every) : 0);
}

function bandOf(bands: readonly ShippingBand[], value: number): ShippingBand | undefined {
  return bands.findLast((band) => band.from <= value);
}

const comparable = (postalCode: string) => postalCode.toUpperCase().replace(/[\s-]/g, '');

function isInside(pattern: string, place: ShippingPlace): boolean {
  const [code, country] = pattern.split(':').reverse() as [string, string?];
  if (country !== undefined && country !== place.country) return false;
  const [wanted, own] = [comparable(code), comparable(place.postalCode)];
  return wanted.endsWith('*') ? own.startsWith(wanted.slice(0, -1)) : own === wanted;
}
