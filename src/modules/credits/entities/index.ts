import { CreditTransaction } from './credit-transaction.entity.js';
import { GiftCard } from './gift-card.entity.js';
import { CartGiftCard, OrderCredit } from './order-credit.entity.js';
import { StoreCreditAccount } from './store-credit-account.entity.js';

export const creditEntities = [GiftCard, StoreCreditAccount, CreditTransaction, OrderCredit, CartGiftCard];
