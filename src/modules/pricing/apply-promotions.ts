import type { Discount, PricingInput } from './pricing.types.js';
import { type Choice, choosePromotions } from './promotions/choose-promotions.js';
import { hasGoodsFor, isInReach, type Obstacle, obstacleTo } from './promotions/conditions.js';
import { PromotionCart, sumOf, type Taking, type UndiscountedLine } from './promotions/promotion-cart.js';
import type { PromotionOutcome, PromotionRule } from './promotions/promotion.types.js';
import { type Terms, termsOf } from './promotions/terms.js';

/** What the promotions of a cart take off it. */
export interface PromotionsResult {
  /** by line, in the order of the input */
  lines: readonly (readonly Discount[])[];
  shipping: readonly Discount[];
  outcomes: readonly PromotionOutcome[];
}

const NONE: readonly Discount[] = [];

/** How many automatic promotions that are within reach shoppers are told of. */
const SHOWN_IN_REACH = 3;

/** Most carts get the same promotions, so these are put in order once. */
const sorted = new WeakMap<readonly PromotionRule[], readonly Terms[]>();

function ordered(promotions: readonly PromotionRule[]): readonly Terms[] {
  let all = sorted.get(promotions);
  if (!all) sorted.set(promotions, (all = promotions.toSorted(inOrder).map(termsOf)));
  return all;
}

/**
 * Decides which promotions apply, in their order, and spreads what they take off over the lines and shipping. Shoppers are
 * told of those that apply, that they have a code of, that are within reach (more of the goods is all that is missing), and
 * of those off shipping that could apply to another method; staff are told of all.
 * @param shippingAmount minor units before discounts; what depends on the goods is already in it
 */
export function applyPromotions(
  input: PricingInput,
  lines: readonly UndiscountedLine[],
  shippingAmount: number,
): PromotionsResult {
  if (input.promotions.length === 0) return { lines: lines.map(() => NONE), shipping: NONE, outcomes: [] };
  const cart = PromotionCart.of(input, lines, shippingAmount);
  const isForStaff = input.toldTo === 'staff';
  const candidates: Terms[] = [];
  const told: { terms: Terms; obstacle: Obstacle | null }[] = [];
  let inReach = 0;
  let before: Terms | null = null;
  for (const terms of ordered(input.promotions)) {
    const isAsked = isForStaff || terms.code !== null;
    if (!isAsked && !hasGoodsFor(terms, cart)) continue;
    const isSecondCode = before?.id === terms.id && !terms.hindrance;
    before = terms;
    const obstacle = isSecondCode ? SECOND_CODE : obstacleTo(terms, cart);
    if (obstacle === null) candidates.push(terms);
    else if (!isAsked && (!isInReach(obstacle.reason) || (inReach += 1) > SHOWN_IN_REACH)) continue;
    told.push({ terms, obstacle });
  }
  const choice = choosePromotions(candidates, cart);
  const outcomes: PromotionOutcome[] = [];
  for (const { terms, obstacle } of told) {
    const isAsked = isForStaff || terms.code !== null || obstacle !== null;
    if (isAsked || terms.class === 'shipping' || choice.applied.has(terms))
      outcomes.push(outcomeOf(terms, obstacle, choice));
  }
  const { lines: ofLines, shipping } = partsOf(choice.applied, lines.length);
  return { lines: ofLines, shipping, outcomes };
}

const SECOND_CODE: Obstacle = { reason: 'already_in_cart' };

function outcomeOf(terms: Terms, obstacle: Obstacle | null, { applied, refused }: Choice): PromotionOutcome {
  const taking = obstacle ? undefined : applied.get(terms);
  const refusal = obstacle ? undefined : refused.get(terms);
  return {
    promotionId: terms.id,
    name: terms.rule.name,
    code: terms.code,
    class: terms.class,
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

function partsOf(applied: ReadonlyMap<Terms, Taking>, count: number): Omit<PromotionsResult, 'outcomes'> {
  const lines: Discount[][] = Array.from({ length: count }, () => []);
  const shipping: Discount[] = [];
  for (const [{ id: promotionId }, taking] of applied) {
    for (const { at, amount } of taking.lines) lines[at]!.push({ promotionId, amount });
    if (taking.shipping > 0) shipping.push({ promotionId, amount: taking.shipping });
  }
  return { lines, shipping };
}
