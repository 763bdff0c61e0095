import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { LedgerModule } from '../ledger/index.js';
import { BoughtGiftCards } from './bought-gift-cards.service.js';
import { CreditsQuery } from './credits.query.js';
import { CreditBook } from './credit-book.service.js';
import { GiftCardCodes } from './gift-card-codes.js';
import { GiftCardsAdminController } from './gift-cards.admin.controller.js';
import { GiftCards } from './gift-cards.service.js';
import { IssueGiftCard } from './issue-gift-card.service.js';
import { ManageCredits } from './manage-credits.service.js';
import { OrderCredits } from './order-credits.service.js';
import { MyStoreCreditController, StoreCreditAdminController } from './store-credit.controllers.js';
import { StoreCredit } from './store-credit.service.js';

/** Gift cards and store credit: money that customers have with the shop. */
@Module({
  imports: [AuthModule, LedgerModule],
  controllers: [GiftCardsAdminController, StoreCreditAdminController, MyStoreCreditController],
  providers: [
    GiftCardCodes,
    GiftCards,
    IssueGiftCard,
    BoughtGiftCards,
    StoreCredit,
    CreditBook,
    OrderCredits,
    CreditsQuery,
    ManageCredits,
  ],
  exports: [GiftCardCodes, GiftCards, IssueGiftCard, BoughtGiftCards, StoreCredit, CreditBook, OrderCredits],
})
export class CreditsModule {}
