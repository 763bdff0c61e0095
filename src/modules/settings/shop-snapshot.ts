import type { PromotionRule } from '../pricing/index.js';

/** A tax rate as carts and orders need it. */
export interface TaxRateSnapshot {
  /** uuid */
  readonly id: string;
  readonly name: string;
  readonly country: string;
  /** null: the whole country, unless a state has its own. */
  readonly state: string | null;
  /** uuid; null: the standard rate. */
  readonly taxClassId: string | null;
  /** Parts per million: 82,500 is 8.25 %. */
  readonly ratePpm: number;
  /** Whether shipping is taxed too. */
  readonly shipping: boolean;
}

/** Countries with a currency of their own, or where prices are shown otherwise. */
export interface MarketSnapshot {
  /** uuid */
  readonly id: string;
  readonly name: string;
  /** ISO 3166 alpha-2 */
  readonly countries: readonly string[];
  readonly currency: string;
  readonly pricesIncludeTax: boolean;
}

/** A shipping method as carts and orders need it. */
export interface ShippingMethodSnapshot {
  /** uuid */
  readonly id: string;
  readonly name: string;
  /** of its amounts */
  readonly currency: string;
  readonly position: number;
  /** What it costs, for each profile of goods that it takes; the default profile, without an id, comes first. */
  readonly rates: readonly ShippingRateTerms[];
  readonly restrictions: ShippingRestrictionTerms;
}

/** What shipping costs for the goods of one profile; amounts in minor units. */
export interface ShippingRateTerms {
  /** uuid; null for the default profile */
  readonly profileId: string | null;
  readonly calculation: ShippingCalculation;
  readonly amount: number;
  readonly bands: readonly ShippingBandTerms[];
  readonly freeAbove: number | null;
}

/** What a price of shipping depends on; `none`: the method does not take these goods. */
export const SHIPPING_CALCULATIONS = ['flat', 'weight', 'items', 'subtotal', 'none'] as const;
export type ShippingCalculation = (typeof SHIPPING_CALCULATIONS)[number];

/** From how many grams, pieces or minor units on it costs how much, `plus` for each begun `every` above. */
export interface ShippingBandTerms {
  readonly from: number;
  readonly amount: number;
  readonly plus: number;
  readonly every: number;
}

/** What a shipping method does not take; what is left out is no limit. */
export interface ShippingRestrictionTerms {
  readonly minWeight?: number;
  readonly maxWeight?: number;
  readonly minSubtotal?: number;
  readonly maxSubtotal?: number;
  readonly excludedCountries?: readonly string[];
  readonly excludedPostalCodes?: readonly string[];
  /** uuids */
  readonly excludedProductIds?: readonly string[];
}

/** A shipping zone with its active methods, in the order in which shoppers see them. */
export interface ShippingZoneSnapshot {
  /** uuid */
  readonly id: string;
  readonly name: string;
  /** ISO 3166 alpha-2, or `*` for every country that no other zone names. */
  readonly countries: readonly string[];
  readonly methods: readonly ShippingMethodSnapshot[];
}

/** Everything that carts and orders need to know of the shop, as of one version of its settings. */
export interface ShopSnapshot {
  readonly name: string;
  readonly currency: string;
  readonly senderEmail: string;
  readonly notifyEmail: string;
  /** Where the shop is taxed; null until it says so. */
  readonly country: string | null;
  readonly pricesIncludeTax: boolean;
  readonly manualPayments: boolean;
  /** Whether new orders may be paid with Stripe, where it is set up. */
  readonly stripePayments: boolean;
  /** Whether cards are charged at once, or held until staff capture. */
  readonly paymentCapture: 'automatic' | 'manual';
  readonly lowStockThreshold: number;
  /** `shop_settings.version`: changes with every change of settings, markets, tax rates, zones, methods and promotions. */
  readonly version: number;
  readonly markets: readonly MarketSnapshot[];
  readonly taxRates: readonly TaxRateSnapshot[];
  readonly zones: readonly ShippingZoneSnapshot[];
  /** Those that run or will run. */
  readonly promotions: ActivePromotions;
  /** What it has begun to use: `price_lists`, `gift_cards`, `store_credit`. */
  readonly uses: readonly string[];
}

/** Promotions that carts may get, ready for pricing. */
export interface ActivePromotions {
  /** For every cart. */
  readonly automatic: readonly PromotionRule[];
  /** For carts that have one of their codes; by the uuid of the promotion. */
  readonly byCode: Readonly<Record<string, PromotionRule>>;
  /** What of a cart they ask for beside its goods and its place: `orders`, `limits`, `customers`, `categories`. */
  readonly asks: readonly string[];
}

/** The zone that is for all countries which no other zone names. */
export const REST_OF_WORLD = '*';

const comparable = (state: string | null | undefined) => state?.trim().toUpperCase() ?? '';

/** The tax rates of a place, one for each tax class that has one there: its state's own before its country's. */
export function taxRatesFor(
  shop: Pick<ShopSnapshot, 'taxRates'>,
  address: { country: string; state?: string | null },
): TaxRateSnapshot[] {
  const state = comparable(address.state);
  const byClass = new Map<string | null, TaxRateSnapshot>();
  for (const rate of shop.taxRates) {
    if (rate.country !== address.country) continue;
    if (rate.state === null) {
      if (!byClass.has(rate.taxClassId)) byClass.set(rate.taxClassId, rate);
    } else if (comparable(rate.state) === state) byClass.set(rate.taxClassId, rate);
  }
  return [...byClass.values()];
}

/** The market of a country; null where the settings of the shop hold. */
export function marketOf(shop: Pick<ShopSnapshot, 'markets'>, country: string | null): MarketSnapshot | null {
  return shop.markets.find((market) => country !== null && market.countries.includes(country)) ?? null;
}

/** In which currency a shopper sees prices, and whether the tax is in them. */
export interface PriceContext {
  /** uuid; null where no market is made for the country */
  readonly marketId: string | null;
  readonly currency: string;
  readonly taxIncluded: boolean;
}

/**
 * How prices are shown to a shopper: as in the market of their country, in the currency that they wish. A currency alone
 * stands for the market that has it.
 * @param wish what the headers X-Country and X-Currency say
 */
export function priceContextOf(
  shop: Pick<ShopSnapshot, 'markets' | 'currency' | 'pricesIncludeTax'>,
  wish: { country: string | null; currency: string | null },
): PriceContext {
  const market =
    wish.country === null && wish.currency !== null && wish.currency !== shop.currency
      ? (shop.markets.find((one) => one.currency === wish.currency) ?? null)
      : marketOf(shop, wish.country);
  return {
    marketId: market?.id ?? null,
    currency: wish.currency ?? market?.currency ?? shop.currency,
    taxIncluded: (market ?? shop).pricesIncludeTax,
  };
}

/** The zone of a country: one that names it before the rest of the world; null where the shop does not ship to. */
export function zoneFor(shop: Pick<ShopSnapshot, 'zones'>, country: string): ShippingZoneSnapshot | null {
  return (
    shop.zones.find((zone) => zone.countries.includes(country)) ??
    shop.zones.find((zone) => zone.countries.includes(REST_OF_WORLD)) ??
    null
  );
}

/** How goods can be shipped to a country, in the order in which shoppers see it. */
export function methodsFor(shop: Pick<ShopSnapshot, 'zones'>, country: string): readonly ShippingMethodSnapshot[] {
  return zoneFor(shop, country)?.methods ?? [];
}
