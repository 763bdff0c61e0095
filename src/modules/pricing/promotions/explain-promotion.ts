import { formatMoney } from '#libs/money';
import type { PromotionOutcome, PromotionReason } from './promotion.types.js';

type Said = Pick<PromotionOutcome, 'amount' | 'difference' | 'inFavorOf'> & { show: (amount: number) => string };

const pieces = (count: number | null) => (count === 1 ? '1 piece' : `${count} pieces`);

const WORDS: Readonly<Record<PromotionReason, (said: Said) => string>> = {
  code_disabled: () => 'This code is not valid any more.',
  inactive: () => 'This promotion does not run at the moment.',
  used_up: () => 'This promotion has been used as often as it may.',
  used_by_customer: () => 'You have used this promotion as often as one may.',
  not_started: () => 'This promotion has not begun yet.',
  ended: () => 'This promotion is over.',
  already_in_cart: () => 'Another code of the same promotion is in the cart.',
  currency_not_covered: () => 'It is not for carts in this currency.',
  market_not_covered: () => 'It is not for the market of this cart.',
  not_in_customer_group: () => 'It is for certain customers only.',
  email_needed: () => 'It is for first orders: needs an e-mail address.',
  not_first_order: () => 'It is for first orders only.',
  address_needed: () => 'Needs a shipping address.',
  country_not_covered: () => 'It is not for the country that the order goes to.',
  no_matching_items: () => 'Nothing in the cart is part of it.',
  subtotal_too_low: ({ difference, show }) => `Needs ${show(difference ?? 0)} more.`,
  subtotal_too_high: ({ difference, show }) => `The cart is ${show(difference ?? 0)} above its limit.`,
  quantity_too_low: ({ difference }) => `Needs ${pieces(difference)} more.`,
  quantity_too_high: ({ difference }) => `The cart has ${pieces(difference)} too many for it.`,
  no_shipping_to_reduce: () => 'There is no shipping that it could reduce.',
  nothing_to_discount: () => 'There is nothing that it could take off.',
  not_combinable: ({ inFavorOf }) => `It does not go together with "${inFavorOf}".`,
  better_promotion_applied: ({ inFavorOf }) => `"${inFavorOf}" takes more off.`,
};

/** What became of a promotion, in a sentence for shoppers and staff. */
export function explainPromotion(outcome: PromotionOutcome, currency: string): string {
  const show = (amount: number) => formatMoney({ amount, currency });
  return outcome.reason === null ? `${show(outcome.amount)} off.` : WORDS[outcome.reason]({ ...outcome, show });
}
