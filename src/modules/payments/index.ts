export { PaymentsModule } from './payments.module.js';
export { attemptIdOf } from './payments.controller.js';
export { SavedCardField } from './dto/payments.request.js';
export { ShopperPaymentResponse } from './dto/payments.response.js';
export { ExpireOrderJob } from './jobs/definitions.js';
export {
  AmountNotChargeable,
  AmountTooLarge,
  AmountTooSmall,
  OrderNotPayable,
  PaymentAttemptsExhausted,
  PaymentMethodUnavailable,
  PaymentRefused,
  PaymentUnavailable,
  SavedCardUnknown,
} from './payments.errors.js';
export {
  HoldExpiring,
  HoldLost,
  PaymentAuthorized,
  PaymentCaptured,
  PaymentRefunded,
  RefundFailed,
} from './payments.events.js';
export { newPayment, PaymentsRepository, type PaymentRow, writtenWithOrder } from './payments.repository.js';
export { type CardWish, ChooseCard } from './saved-cards/choose-card.service.js';
export { ReturnUrls } from './return-urls.js';
export { StartPayment, type StartedPayment } from './start-payment.service.js';
export { StripeGateway } from './stripe/stripe-gateway.js';
export { chargeProblem } from './stripe/wire-amount.js';
