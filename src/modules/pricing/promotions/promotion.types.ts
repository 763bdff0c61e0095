/** What a promotion discounts; which ones go together is said by these. */
export const PROMOTION_CLASSES = ['product', 'order', 'shipping'] as const;
export type PromotionClass = (typeof PROMOTION_CLASSES)[number];

/** Minor units by ISO 4217 code. */
export type AmountsByCurrency = Readonly<Record<string, number>>;

/**
 * Which lines are meant: those that one of the lists names, all when there is none, without those that are left out. Gift
 * cards are money and never meant. All ids are uuids.
 */
export interface LineSelector {
  variantIds?: readonly string[];
  productIds?: readonly string[];
  /** With everything that is below them. */
  categoryIds?: readonly string[];
  excludeVariantIds?: readonly string[];
  excludeProductIds?: readonly string[];
  excludeCategoryIds?: readonly string[];
  /** Leaves out what is reduced already. */
  excludeSaleItems?: boolean;
}

/** What must hold for a promotion to apply. Subtotal and quantity are those of `items`, before any discount. */
export interface PromotionConditions {
  items?: LineSelector;
  minSubtotal?: AmountsByCurrency;
  maxSubtotal?: AmountsByCurrency;
  minQuantity?: number;
  maxQuantity?: number;
  /** uuids; one of them is enough */
  customerGroupIds?: readonly string[];
  /** Nothing was ordered before with this account or e-mail address. */
  firstOrder?: boolean;
  /** ISO 3166 alpha-2 of where it goes */
  countries?: readonly string[];
  /** ISO 4217 */
  currencies?: readonly string[];
  /** uuids of the markets in which carts are begun */
  marketIds?: readonly string[];
}

/** A step of a tiered promotion: from here on, so much is off. */
export interface PromotionTier {
  fromQuantity?: number;
  fromSubtotal?: AmountsByCurrency;
  ratePpm?: number;
  amounts?: AmountsByCurrency;
}

/** What a promotion does. `items` are the lines that it discounts. */
export type PromotionAction =
  | { type: 'percent_off_lines' | 'percent_off_order'; ratePpm: number; items?: LineSelector }
  | { type: 'amount_off_order' | 'amount_off_each' | 'fixed_price'; amounts: AmountsByCurrency; items?: LineSelector }
  | {
      type: 'buy_x_get_y';
      buyQuantity: number;
      getQuantity: number;
      /** What is off the pieces that are got: 1,000,000 makes them free. */
      ratePpm: number;
      /** How often in one order; as often as it fits when left out. */
      maxTimes?: number;
      /** What has to be bought; `items` when left out. */
      buyItems?: LineSelector;
      /** What is got, the cheapest first. */
      items?: LineSelector;
    }
  | { type: 'tiered'; tiers: readonly PromotionTier[]; items?: LineSelector }
  | { type: 'free_shipping'; shippingMethodIds?: readonly string[] }
  | {
      type: 'reduced_shipping';
      ratePpm?: number;
      amounts?: AmountsByCurrency;
      shippingMethodIds?: readonly string[];
    };

/** A promotion, as the pipeline needs it. */
export interface PromotionRule {
  /** uuid */
  id: string;
  name: string;
  /** The code by which the cart has it; null for an automatic one. */
  code: string | null;
  /** The lowest number comes first. */
  priority: number;
  /** Never together with any other. */
  exclusive: boolean;
  /** The classes of promotions that it goes together with, if they want it, too. */
  combinesWith: readonly PromotionClass[];
  /** RFC 3339 */
  startsAt: string | null;
  /** RFC 3339 */
  endsAt: string | null;
  conditions: PromotionConditions;
  action: PromotionAction;
  /** Why it is not to be had, whatever is in the cart. */
  hindrance?: 'code_disabled' | 'inactive' | 'ended' | 'used_up' | 'used_by_customer' | null;
}

/** Why a promotion did not apply. */
export type PromotionReason =
  | NonNullable<PromotionRule['hindrance']>
  | 'not_started'
  | 'already_in_cart'
  | 'currency_not_covered'
  | 'market_not_covered'
  | 'not_in_customer_group'
  | 'email_needed'
  | 'not_first_order'
  | 'address_needed'
  | 'country_not_covered'
  | 'no_matching_items'
  | 'subtotal_too_low'
  | 'subtotal_too_high'
  | 'quantity_too_low'
  | 'quantity_too_high'
  | 'no_shipping_to_reduce'
  | 'nothing_to_discount'
  | 'not_combinable'
  | 'better_promotion_applied';

/** What became of one promotion. `explainPromotion` puts it in words. */
export interface PromotionOutcome {
  /** uuid */
  promotionId: string;
  name: string;
  code: string | null;
  class: PromotionClass;
  applied: boolean;
  /** What it takes off, lines and shipping together. */
  amount: number;
  /** Why it did not apply; null when it did. */
  reason: PromotionReason | null;
  /** How much is missing or too much: minor units, or pieces where the reason is about a quantity. */
  difference: number | null;
  /** The name of the promotion in whose favor it does not apply. */
  inFavorOf: string | null;
}
