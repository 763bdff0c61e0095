import { defineError } from '#libs/errors';

export const CreditChanged = defineError({
  code: 'credit_changed',
  kind: 'conflict',
  title: 'The gift card or store credit does not pay what was agreed to',
  help: 'Somebody used it meanwhile, or it ended. Read the cart: `giftCards`, `storeCredit` and `amountDue` say what is there now. A card that pays nothing has to be taken off.',
});
export const GiftCardUnknown = defineError({
  code: 'gift_card_unknown',
  kind: 'unprocessable',
  title: 'There is no gift card with this code',
});
export const GiftCardDisabled = defineError({
  code: 'gift_card_disabled',
  kind: 'unprocessable',
  title: 'This gift card is disabled',
  help: 'The shop has withdrawn it. Ask the shop.',
});
export const GiftCardExpired = defineError({
  code: 'gift_card_expired',
  kind: 'unprocessable',
  title: 'This gift card has expired',
  help: '`expiresAt` says when.',
});
export const GiftCardEmpty = defineError({
  code: 'gift_card_empty',
  kind: 'unprocessable',
  title: 'There is nothing left on this gift card',
});
export const GiftCardCurrency = defineError({
  code: 'gift_card_currency',
  kind: 'unprocessable',
  title: 'This gift card is of another currency than the cart',
  help: '`currency` is the one of the card.',
});
export const TooManyGiftCards = defineError({
  code: 'too_many_gift_cards',
  kind: 'unprocessable',
  title: 'A cart is paid with at most 10 gift cards',
});
export const CreditLeft = defineError({
  code: 'credit_left',
  kind: 'conflict',
  title: 'There is store credit left in the account',
  help: '`storeCredit` says how much. Spend it or have it paid out first; or give it up with `forfeitCredit: true`: then it is the shop’s, for good.',
});
export const CreditTooSmall = defineError({
  code: 'credit_too_small',
  kind: 'unprocessable',
  title: 'There is not so much left to take',
  help: '`balance` is what is there.',
});
export const GiftCardSpent = defineError({
  code: 'gift_card_spent',
  kind: 'conflict',
  title: 'The gift card that was bought is spent',
  help: 'A gift card is refunded with what is left on it. `unspent` is how many of the line have something left.',
});
