import { Module } from '@nestjs/common';
import { CreditsModule } from '../credits/index.js';
import { CustomersModule } from '../customers/index.js';
import { InventoryModule } from '../inventory/index.js';
import { LedgerModule } from '../ledger/index.js';
import { OrdersModule } from '../orders/index.js';
import { ApplyReceipt } from './apply-receipt.service.js';
import { BookMoney } from './books/book-money.service.js';
import { CancelOrder } from './cancel-order.service.js';
import { CaptureOrder } from './capture-order.service.js';
import { ExecuteCapture } from './execute-capture.service.js';
import { AnswerDispute } from './disputes/answer-dispute.service.js';
import { DisputesAdminController, OrderHoldAdminController } from './disputes/disputes.admin.controller.js';
import { DisputesQuery } from './disputes/disputes.query.js';
import { ReleaseHold } from './disputes/release-hold.service.js';
import { SettleDisputes } from './disputes/settle-disputes.service.js';
import { SyncDisputes } from './disputes/sync-disputes.service.js';
import { ExecuteRefund } from './execute-refund.service.js';
import { HoldBack } from './hold-back.service.js';
import { ExecuteCaptureHandler } from './jobs/execute-capture.job.js';
import { ExecuteRefundHandler } from './jobs/execute-refund.job.js';
import { EndUnpaidOrder } from './end-unpaid-order.service.js';
import { ExpireOrderHandler } from './jobs/expire-order.job.js';
import { ForgetCustomerHandler } from './jobs/forget-customer.job.js';
import { ProcessWebhookHandler } from './jobs/process-webhook.job.js';
import { ReconcileHandler } from './jobs/reconcile.job.js';
import { ReleaseHoldHandler } from './jobs/release-hold.job.js';
import { StopTriesHandler } from './jobs/stop-tries.job.js';
import { WatchHoldsHandler } from './jobs/watch-holds.job.js';
import { KeyGenerations } from './key-generations.js';
import { MarkPaid } from './mark-paid.service.js';
import { PayOrder } from './pay-order.service.js';
import { OrderMoneyAdminController, PaymentsAdminController } from './payments.admin.controller.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsQuery } from './payments.query.js';
import { PaymentsRepository } from './payments.repository.js';
import { ReceiveWebhook } from './receive-webhook.service.js';
import { CatchUp } from './reconciliation/catch-up.service.js';
import { CompareBooks } from './reconciliation/compare-books.service.js';
import { FindLostIntent } from './reconciliation/find-lost-intent.service.js';
import { ReconciliationAdminController } from './reconciliation/reconciliation.admin.controller.js';
import {
  NightlyReconciliationHandler,
  QuickReconciliationHandler,
  ReconciliationHandler,
} from './reconciliation/reconciliation.jobs.js';
import { ReconciliationQuery } from './reconciliation/reconciliation.query.js';
import { RecoverEvents } from './reconciliation/recover-events.service.js';
import { ReportsRepository } from './reconciliation/reports.repository.js';
import { RunReconciliation } from './reconciliation/run-reconciliation.service.js';
import { TellStrayMoney } from './reconciliation/stray-money.service.js';
import { StartReconciliation } from './reconciliation/start-reconciliation.service.js';
import { RefundOrder } from './refund-order.service.js';
import { RejectReview } from './reject-review.service.js';
import { ResolveReview } from './resolve-review.service.js';
import { ResumeCancellations } from './resume-cancellations.service.js';
import { ReturnStock } from './return-stock.service.js';
import { ReturnUrls } from './return-urls.js';
import { ChooseCard } from './saved-cards/choose-card.service.js';
import { PaymentCustomersRepository } from './saved-cards/payment-customers.repository.js';
import { SavedCardsController } from './saved-cards/saved-cards.controller.js';
import { SavedCards } from './saved-cards/saved-cards.service.js';
import { SettleCaptures } from './settle-captures.service.js';
import { SettlePayment } from './settle-payment.service.js';
import { SettleRefunds } from './settle-refunds.service.js';
import { StartPayment } from './start-payment.service.js';
import { StripeBooks } from './stripe/stripe-books.js';
import { StripeCards } from './stripe/stripe-cards.js';
import { StripeDisputes } from './stripe/stripe-disputes.js';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { SyncPaymentById } from './sync-payment-by-id.service.js';
import { SyncPayment } from './sync-payment.service.js';

/** Money: how it comes, how it goes back, and how the order learns of it. */
@Module({
  imports: [CreditsModule, CustomersModule, InventoryModule, LedgerModule, OrdersModule],
  controllers: [
    PaymentsController,
    SavedCardsController,
    OrderMoneyAdminController,
    PaymentsAdminController,
    DisputesAdminController,
    OrderHoldAdminController,
    ReconciliationAdminController,
  ],
  providers: [
    StripeGateway,
    KeyGenerations,
    PaymentsRepository,
    PaymentsQuery,
    BookMoney,
    StripeCards,
    PaymentCustomersRepository,
    SavedCards,
    ChooseCard,
    StripeDisputes,
    SettleDisputes,
    SyncDisputes,
    AnswerDispute,
    ReleaseHold,
    DisputesQuery,
    StripeBooks,
    FindLostIntent,
    RecoverEvents,
    CatchUp,
    CompareBooks,
    RunReconciliation,
    StartReconciliation,
    ReportsRepository,
    TellStrayMoney,
    ReconciliationQuery,
    ReconciliationHandler,
    NightlyReconciliationHandler,
    QuickReconciliationHandler,
    ReturnStock,
    ReturnUrls,
    EndUnpaidOrder,
    RejectReview,
    ResolveReview,
    HoldBack,
    ResumeCancellations,
    SettleCaptures,
    SettlePayment,
    SettleRefunds,
    SyncPayment,
    SyncPaymentById,
    StartPayment,
    PayOrder,
    CancelOrder,
    MarkPaid,
    RefundOrder,
    ExecuteRefund,
    CaptureOrder,
    ExecuteCapture,
    ReceiveWebhook,
    ApplyReceipt,
    ProcessWebhookHandler,
    ExpireOrderHandler,
    ExecuteRefundHandler,
    ExecuteCaptureHandler,
    ReleaseHoldHandler,
    ForgetCustomerHandler,
    StopTriesHandler,
    WatchHoldsHandler,
    ReconcileHandler,
  ],
  exports: [StripeGateway, PaymentsRepository, StartPayment, ReturnUrls, ChooseCard],
})
export class PaymentsModule {}
