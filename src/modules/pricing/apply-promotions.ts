import type { Discount, PricingInput } from './pricing.types.js';
import { type Choice, choosePromotions } from './promotions/choose-promotions.js';
import { type Obstacle, obstacleTo } from './promotions/conditions.js';
import { PromotionCart, sumOf, type Taking, type UndiscountedLine } from './promotions/promotion-cart.js';
import { classOf } from './promotions/promotion-class.js';
import type { PromotionOutcome, PromotionRule } from './promotions/promotion.types.js';

/** What the promotions of a cart take off it. */
export interface PromotionsResult {
  /** by line, in the order of the input */
  lines: readonly (readonly Discount[])[];
  shipping: readonly Discount[];
  outcomes: readonly PromotionOutcome[];
}

const NONE: readonly Discount[] = [];

/** Most carts get the same promotions, so these are put in order once. */
const sorted = new WeakMap<readonly PromotionRule[], readonly PromotionRule[]>();

function ordered(promotions: readonly PromotionRule[]): readonly PromotionRule[] {
  let rules = sorted.get(promotions);
  if (!rules) sorted.set(promotions, (rules = promotions.toSorted(inOrder)));
  return rules;
}

/**
 * Decides which promotions apply, in their order, and spreads what they take off over the lines and shipping.
 * @param shippingAmount minor units before discounts; what depends on the goods is already in it
 */
export function applyPromotions(
  input: PricingInput,
  lines: readonly UndiscountedLine[],
  shippingAmount: number,
): PromotionsResult {
  if (input.promotions.length === 0) return { lines: lines.map(() => NONE), shipping: NONE, outcomes: [] };
  const cart = PromotionCart.of(input, lines, shippingAmount);
  const rules = ordered(input.promotions);
  const candidates: PromotionRule[] = [];
  const obstacles = rules.map((rule, i): Obstacle | null => {
    const isSecondCode = i > 0 && rules[i - 1]!.id === rule.id && !rule.hindrance;
    const obstacle = isSecondCode ? SECOND_CODE : obstacleTo(rule, cart);
    if (obstacle === null) candidates.push(rule);
    return obstacle;
  });
  const choice = choosePromotions(candidates, cart);
  return {
    ...partsOf(choice.applied, lines.length),
    outcomes: rules.map((rule, i) => outcomeOf(rule, obstacles[i]!, choice)),
  };
}

const SECOND_CODE: Obstacle = { reason: 'already_in_cart' };

function outcomeOf(rule: PromotionRule, obstacle: Obstacle | null, { applied, refused }: Choice): PromotionOutcome {
  const taking = obstacle ? undefined : applied.get(rule);
  const refusal = obstacle ? undefined : refused.get(rule);
  return {
    promotionId: rule.id,
    name: rule.name,
    code: rule.code,
    class: classOf(rule.action),
    applied: taking !== undefined,
    amount: taking ? sumOf(taking) : 0,
    reason: obstacle?.reason ?? refusal?.reason ?? null,
    difference: obstacle?.difference ?? null,
    inFavorOf: refusal?.inFavorOf ?? null,
  };
}

/** By priority; of equal ones the older one, of codes of one promotion one that is to be had, then by the alphabet. */
function inOrder(a: PromotionRule, b: PromotionRule): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  const [hinderedA, hinderedB] = [a.hindrance ? 1 : 0, b.hindrance ? 1 : 0];
  if (hinderedA !== hinderedB) return hinderedA - hinderedB;
  return (a.code ?? '') < (b.code ?? '') ? -1 : 1;
}

function partsOf(applied: ReadonlyMap<PromotionRule, Taking>, count: number): Omit<PromotionsResult, 'outcomes'> {
  const lines: Discount[][] = Array.from({ length: count }, () => []);
  const shipping: Discount[] = [];
  for (const [rule, taking] of applied) {
    for (const { at, amount } of taking.lines) lines[at]!.push({ promotionId: rule.id, amount });
    if (taking.shipping > 0) shipping.push({ promotionId: rule.id, amount: taking.shipping });
  }
  return { lines, shipping };
}
