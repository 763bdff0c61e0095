import { defineJob } from '#libs/jobs';
import { CustomerDeleted } from '../../customers/index.js';

export const ProcessWebhookJob = defineJob({
  name: 'payments.process-webhook',
  queue: 'payments',
  description: 'Reads the truth about a payment from Stripe after an event and applies it.',
  maxAttempts: 15,
});
export const ExpireOrderJob = defineJob({
  name: 'payments.expire-order',
  queue: 'payments',
  description: 'Cancels the intent of an unpaid order, and gives its stock back once Stripe agrees.',
  maxAttempts: 20,
});
export const ExecuteRefundJob = defineJob({
  name: 'payments.execute-refund',
  queue: 'payments',
  description: 'Sends a refund to Stripe, with the same key each time.',
  maxAttempts: 15,
});
export const ExecuteCaptureJob = defineJob({
  name: 'payments.execute-capture',
  queue: 'payments',
  description: 'Captures held money at Stripe, with the same key each time.',
  maxAttempts: 15,
});
export const StopTriesJob = defineJob({
  name: 'payments.stop-tries',
  queue: 'payments',
  description: 'Cancels the intent of an order on which too many cards were tried, and ends the order.',
  maxAttempts: 20,
});
export const ReleaseHoldJob = defineJob({
  name: 'payments.release-hold',
  queue: 'payments',
  description: 'Lets go of money that the bank holds for an order that has ended.',
  maxAttempts: 15,
});
export const ForgetCustomerJob = defineJob({
  name: 'payments.forget-customer',
  queue: 'payments',
  description: 'Deletes at Stripe who has deleted their account, with the cards that they saved.',
  on: [CustomerDeleted.topic],
  maxAttempts: 20,
});
export const WatchHoldsJob = defineJob({
  name: 'payments.watch-holds',
  queue: 'maintenance',
  description: 'Tells the shop a day before held money is lost, and asks Stripe about holds whose time is over.',
  everyMs: 600_000,
  leaseMs: 300_000,
});
export const ReconcileJob = defineJob({
  name: 'payments.reconcile',
  queue: 'maintenance',
  description:
    'Reads payments and refunds from Stripe that have been open for too long, whatever became of their events.',
  everyMs: 60_000,
  leaseMs: 300_000,
});
