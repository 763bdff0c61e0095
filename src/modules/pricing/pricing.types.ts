/**
 * What goes into the pricing pipeline and what comes out of it. Everything is plain data, so that the same cart priced
 * twice gives the same answer; all amounts are integers of minor units of one currency.
 */

import type { PromotionOutcome, PromotionRule } from './promotions/promotion.types.js';

/** A price at which a variant is offered. The pipeline takes the lowest of those that apply. */
export interface PriceOffer {
  amount: number;
  /** uuid; null for the variant's own price */
  priceListId: string | null;
  /** from how many pieces of the line on */
  minQuantity: number;
}

/** A line as the shopper chose it, with what the catalog says of it at this moment. */
export interface PricingLine {
  quantity: number;
  /** At least the variant's own price; only offers for this customer, this market and this moment. */
  offers: readonly PriceOffer[];
  taxable: boolean;
  /** uuid; null for the standard class */
  taxClassId: string | null;
  variantId: string;
  productId: string;
  /** uuids of the product's categories, with all that are above them */
  categoryIds: readonly string[];
  requiresShipping: boolean;
  /** grams of one piece */
  weight: number;
  /** uuid of the goods that it is shipped like; null for the default profile */
  shippingProfileId: string | null;
  /** Money in another form: neither discounted nor taxed when it is sold. */
  isGiftCard: boolean;
  /** What it usually costs; a lower unit price is a reduction of it. null or left out when there is nothing to compare. */
  compareAt?: number | null;
}

/** Who buys, as far as prices care. */
export interface PricingCustomer {
  /** uuid; null for a guest of whom only the e-mail address is known */
  id: string | null;
  /** uuids */
  groupIds: readonly string[];
  /** Whether something was ordered before; null when nobody asked, because no promotion depends on it. */
  hasOrdered: boolean | null;
}

/** The tax of the place where the goods go. */
export interface PricingTax {
  /** Parts per million by tax class (uuid); `standard` for the class of everything else. */
  rates: Readonly<Record<string, number>>;
  /** Parts per million by variant (uuid), where an outside tax service said so; goes before the class. */
  byVariant?: Readonly<Record<string, number>>;
  /** Parts per million on shipping. */
  shippingPpm: number;
}

/** Everything that a price depends on. */
export interface PricingInput {
  currency: string;
  /** uuid of the market of the cart; null or left out where the settings of the shop hold */
  marketId?: string | null;
  /** Whether the prices contain the tax. */
  taxIncluded: boolean;
  /** When it is priced; promotions begin and end. */
  at: Date;
  lines: readonly PricingLine[];
  customer: PricingCustomer | null;
  /** ISO 3166 alpha-2 of where the goods go; null while unknown */
  country: string | null;
  /** null when no shipping method is chosen or needed */
  shipping: ShippingRule | null;
  /** null where no tax is due or the place is not known yet */
  tax: PricingTax | null;
  /** The buyer owes no tax: what prices contain of it is taken off. */
  taxExempt?: boolean;
  /** All that could apply: automatic ones, and those whose code the cart has. */
  promotions: readonly PromotionRule[];
  /** For whom it is told what became of promotions; left out: for shoppers. */
  toldTo?: 'shopper' | 'staff';
  /** Gift cards and store credit to pay with, in the order in which they are used up. */
  credits: readonly PricingCredit[];
}

/** From how much on (grams, pieces or minor units of goods) shipping costs what; the highest that is reached holds. */
export interface ShippingBand {
  from: number;
  /** minor units */
  amount: number;
  /** Added for each begun `every` above `from`; 0 for nothing. */
  plus: number;
  every: number;
}

/** What it costs to ship the goods of one profile. */
export interface ShippingRate {
  /** uuid; null for the default profile */
  profileId: string | null;
  /** What the price depends on; `none`: the method does not take these goods. */
  calculation: 'flat' | 'weight' | 'items' | 'subtotal' | 'none';
  /** minor units, where it is flat */
  amount: number;
  /** in ascending order; empty where it is flat */
  bands: readonly ShippingBand[];
  /** Free from this much on that all shipped goods cost together, in minor units; null for never. */
  freeAbove: number | null;
}

/** What a method does not take. What is left out is no limit. */
export interface ShippingRestrictions {
  /** grams of all shipped goods */
  minWeight?: number;
  maxWeight?: number;
  /** minor units of all shipped goods before discounts */
  minSubtotal?: number;
  maxSubtotal?: number;
  /** ISO 3166 alpha-2 */
  excludedCountries?: readonly string[];
  /** `99950`, `99*` for all that begin with it, `US:99*` for one country only */
  excludedPostalCodes?: readonly string[];
  /** uuids */
  excludedProductIds?: readonly string[];
}

/** How a shipping method finds its price, and what it takes. Goods of several profiles cost what each of them costs. */
export interface ShippingRule {
  /** uuid */
  id: string;
  /** one for each profile whose goods it takes */
  rates: readonly ShippingRate[];
  restrictions: ShippingRestrictions;
}

/** Money that a customer has with the shop. */
export interface PricingCredit {
  kind: 'gift_card' | 'store_credit';
  /** uuid */
  id: string;
  balance: number;
}

/** A part of a discount. The parts of all lines and of shipping add up to what the promotion takes off. */
export interface Discount {
  /** uuid */
  promotionId: string;
  amount: number;
}

/** One priced line. */
export interface PricedLine {
  unitPrice: number;
  /** uuid of the price list that the unit price is from; null for the variant's own price */
  priceListId: string | null;
  /** The regular price where the unit price is below it. */
  compareAt: number | null;
  subtotal: number;
  discountTotal: number;
  discounts: readonly Discount[];
  taxTotal: number;
  taxPpm: number;
  /** What the buyer pays for it: subtotal - discount, plus tax where prices exclude it. */
  total: number;
}

/** A priced cart; `total` is the sum of what is shown above it, exactly. */
export interface PricedCart {
  /** Whether the amounts contain the tax; never for a buyer who is exempt. */
  taxIncluded: boolean;
  lines: readonly PricedLine[];
  /** before discounts */
  subtotal: number;
  /** of the lines; what is off shipping is off `shippingTotal` already */
  discountTotal: number;
  /** after its discounts */
  shippingTotal: number;
  shippingDiscounts: readonly Discount[];
  shippingTax: number;
  taxTotal: number;
  total: number;
  /** What became of promotions: of all that could apply for staff, else of what is of interest to shoppers. */
  promotions: readonly PromotionOutcome[];
  /** What is paid with gift cards and store credit. */
  credits: readonly { kind: PricingCredit['kind']; id: string; amount: number }[];
  /** What is left to pay: total - credits. */
  amountDue: number;
}
