/** A tax rate as carts and orders need it. */
export interface TaxRateSnapshot {
  /** uuid */
  readonly id: string;
  readonly name: string;
  readonly country: string;
  /** null: the whole country, unless a state has its own. */
  readonly state: string | null;
  /** Parts per million: 82,500 is 8.25 %. */
  readonly ratePpm: number;
  /** Whether shipping is taxed too. */
  readonly shipping: boolean;
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
  readonly pricesIncludeTax: boolean;
  readonly manualPayments: boolean;
  /** Whether cards are charged at once, or held until staff capture. */
  readonly paymentCapture: 'automatic' | 'manual';
  readonly lowStockThreshold: number;
  /** `shop_settings.version`: changes with every change of settings, tax rates, zones and methods. */
  readonly version: number;
  readonly taxRates: readonly TaxRateSnapshot[];
  readonly zones: readonly ShippingZoneSnapshot[];
}

/** The zone that is for all countries which no other zone names. */
export const REST_OF_WORLD = '*';

const comparable = (state: string | null | undefined) => state?.trim().toUpperCase() ?? '';

/** The tax rate of a place: its state's own before its country's; null where none is due. */
export function taxRateFor(
  shop: Pick<ShopSnapshot, 'taxRates'>,
  address: { country: string; state?: string | null },
): TaxRateSnapshot | null {
  const state = comparable(address.state);
  let ofCountry: TaxRateSnapshot | null = null;
  for (const rate of shop.taxRates) {
    if (rate.country !== address.country) continue;
    if (rate.state === null) ofCountry = rate;
    else if (comparable(rate.state) === state) return rate;
  }
  return ofCountry;
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
