import { wantedNames } from './line-selection.js';
import { classOf } from './promotion-class.js';
import {
  type AmountsByCurrency,
  type LineSelector,
  type PromotionAction,
  PROMOTION_CLASSES,
  type PromotionClass,
  type PromotionRule,
  type PromotionTier,
} from './promotion.types.js';

/**
 * A promotion as carts are compared with it: all that can be said of it beforehand. Each has every field: rules come from JSON
 * in many shapes, of which V8 would look up each field anew.
 */
export interface Terms {
  rule: PromotionRule;
  id: string;
  code: string | null;
  hindrance: NonNullable<PromotionRule['hindrance']> | null;
  class: PromotionClass;
  /** The bit of its class, and those of the classes that it goes together with. */
  bit: number;
  together: number;
  action: PromotionAction;
  /** milliseconds */
  from: number;
  /** milliseconds */
  until: number;
  currencies: readonly string[] | null;
  /** A cart in a currency that one of these does not have is not meant. */
  amounts: readonly AmountsByCurrency[];
  marketIds: readonly string[] | null;
  customerGroupIds: readonly string[] | null;
  isForFirstOrders: boolean;
  countries: readonly string[] | null;
  items: LineSelector | undefined;
  /** The lines that it discounts, where it says. */
  discounted: LineSelector | undefined;
  tiers: readonly PromotionTier[] | null;
  /** Of each of these it needs one in the cart: uuids of variants, products and categories. */
  goods: readonly (readonly string[])[];
  minSubtotal: AmountsByCurrency | null;
  maxSubtotal: AmountsByCurrency | null;
  minQuantity: number;
  maxQuantity: number;
}

/** Rules are kept and shared between carts, so what is made of them is, too. */
const known = new WeakMap<PromotionRule, Terms>();

export function termsOf(rule: PromotionRule): Terms {
  let terms = known.get(rule);
  if (!terms) known.set(rule, (terms = read(rule)));
  return terms;
}

function read(rule: PromotionRule): Terms {
  const { startsAt, endsAt, conditions, action } = rule;
  const { items, minSubtotal, maxSubtotal } = conditions;
  const discounted = 'items' in action ? action.items : undefined;
  return {
    rule,
    id: rule.id,
    code: rule.code,
    hindrance: rule.hindrance ?? null,
    class: classOf(action),
    bit: bitOf(classOf(action)),
    together: rule.combinesWith.reduce((bits, one) => bits | bitOf(one), 0),
    action,
    from: startsAt === null ? -Infinity : Date.parse(startsAt),
    until: endsAt === null ? Infinity : Date.parse(endsAt),
    currencies: conditions.currencies ?? null,
    amounts: [minSubtotal, maxSubtotal, ...amountsOf(action)].filter((by) => by !== undefined),
    marketIds: conditions.marketIds ?? null,
    customerGroupIds: conditions.customerGroupIds ?? null,
    isForFirstOrders: conditions.firstOrder ?? false,
    countries: conditions.countries ?? null,
    items,
    discounted,
    tiers: action.type === 'tiered' ? action.tiers : null,
    goods: [wantedNames(items), wantedNames(discounted)].filter((names) => names.length > 0),
    minSubtotal: minSubtotal ?? null,
    maxSubtotal: maxSubtotal ?? null,
    minQuantity: conditions.minQuantity ?? 0,
    maxQuantity: conditions.maxQuantity ?? Infinity,
  };
}

const bitOf = (one: PromotionClass): number => 1 << PROMOTION_CLASSES.indexOf(one);

function amountsOf(action: PromotionAction) {
  if (action.type === 'tiered') return action.tiers.flatMap((tier) => [tier.fromSubtotal, tier.amounts]);
  return 'amounts' in action ? [action.amounts] : [];
}
