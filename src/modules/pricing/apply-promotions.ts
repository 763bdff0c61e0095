import type { Discount, PricingInput } from './pricing.types.js';
import { type Choice, choosePromotions } from './promotions/choose-promotions.js';
import { isBelowTiers, isInReach, type Obstacle, obstacleTo } from './promotions/conditions.js';
import { PromotionCart, sumOf, type Taking, type UndiscountedLine } from './promotions/promotion-cart.js';
import type { PromotionOutcome } from './promotions/promotion.types.js';
import { onesFor, shelfOf } from './promotions/promotion-shelf.js';
import type { Terms } from './promotions/terms.js';

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
  const shelf = shelfOf(input.promotions);
  for (const terms of isForStaff ? shelf.all : onesFor(shelf, cart)) {
    const isAsked = isForStaff || terms.code !== null;
    const isSecondCode = before?.id === terms.id && !terms.hindrance;
    before = terms;
    const obstacle = isSecondCode ? SECOND_CODE : obstacleTo(terms, cart);
    if (obstacle === null) {
      if (!isAsked && isBelowTiers(terms, cart)) continue;
      candidates.push(terms);
    } else if (!isAsked && (!isInReach(obstacle.reason) || (inReach += 1) > SHOWN_IN_REACH)) continue;
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

function partsOf(applied: ReadonlyMap<Terms, Taking>, count: number): Omit<PromotionsResult, 'outcomes'> {
  const lines: Discount[][] = [];
  for (let at = 0; at < count; at += 1) lines.push([]);
  const shipping: Discount[] = [];
  for (const [{ id: promotionId }, taking] of applied) {
    for (const { at, amount } of taking.lines) lines[at]!.push({ promotionId, amount });
    if (taking.shipping > 0) shipping.push({ promotionId, amount: taking.shipping });
  }
  return { lines, shipping };
}
