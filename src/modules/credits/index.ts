export { CreditsModule } from './credits.module.js';
export { BoughtGiftCards, PIECES_CHARGED } from './bought-gift-cards.service.js';
export { CreditBook, GIFT_CARD_PAYS } from './credit-book.service.js';
export { GiftCardCodes } from './gift-card-codes.js';
export { GiftCards } from './gift-cards.service.js';
export { IssueGiftCard } from './issue-gift-card.service.js';
export { StoreCredit } from './store-credit.service.js';
export { type CreditedOrder, type CreditRefund, OrderCredits } from './order-credits.service.js';
export {
  CreditChanged,
  CreditLeft,
  CreditTooSmall,
  GiftCardCurrency,
  GiftCardDisabled,
  GiftCardEmpty,
  GiftCardExpired,
  GiftCardSpent,
  GiftCardUnknown,
  TooManyGiftCards,
} from './credits.errors.js';
