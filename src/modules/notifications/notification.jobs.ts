import { defineJob } from '#libs/jobs';

const queue = 'notifications' as const;

export const OrderConfirmationJob = defineJob({
  name: 'notifications.order-confirmation',
  queue,
  description: 'tells the customer that the order is confirmed',
  on: ['order.placed'],
});
export const ShipmentJob = defineJob({
  name: 'notifications.shipment',
  queue,
  description: 'tells the customer that a parcel is on its way',
  on: ['order.fulfilled'],
});
export const DownloadsJob = defineJob({
  name: 'notifications.downloads',
  queue,
  description: 'sends the links of the files that were bought',
  on: ['order.downloads_ready'],
});
/** After so many tries an address counts as one that takes no mail. */
export const GIFT_CARD_TRIES = 10;
export const GiftCardsJob = defineJob({
  name: 'notifications.gift-cards',
  queue,
  maxAttempts: GIFT_CARD_TRIES,
  description: 'sends the codes of the gift cards that were bought',
  on: ['order.gift_cards_issued'],
});
export const RefundJob = defineJob({
  name: 'notifications.refund',
  queue,
  description: 'tells the customer that money went back',
  on: ['payment.refunded'],
});
export const OrderCanceledJob = defineJob({
  name: 'notifications.order-canceled',
  queue,
  description: 'tells the customer that the order is canceled',
  on: ['order.canceled'],
});
export const OrderLookupJob = defineJob({
  name: 'notifications.order-lookup',
  queue,
  description: 'sends the link to an order that its guest looks for, where there is such an order',
  on: ['order.looked_up'],
});
export const PaymentAlertJob = defineJob({
  name: 'notifications.payment-alert',
  queue,
  description:
    'tells the shop of money that somebody has to look at: refunds that failed, payments that do not fit, holds that end',
  on: ['payment.refund_failed', 'order.payment_review', 'payment.hold_expiring', 'payment.hold_lost'],
});
export const DisputeJob = defineJob({
  name: 'notifications.dispute',
  queue,
  description: 'tells the shop that a payment is disputed, and until when to answer',
  on: ['dispute.opened'],
});
export const MismatchJob = defineJob({
  name: 'notifications.mismatch',
  queue,
  description: 'tells the shop of money that does not add up, and that somebody has to look at',
  on: ['reconciliation.mismatch'],
});
export const StandingMismatchesJob = defineJob({
  name: 'notifications.standing-mismatches',
  queue,
  description: 'tells the shop, in one mail for a report, of what it found again',
});
export const LowStockJob = defineJob({
  name: 'notifications.low-stock',
  queue,
  description: 'tells the shop that a variant runs low',
  on: ['inventory.low_stock'],
});
export const RegistrationJob = defineJob({
  name: 'notifications.registration',
  queue,
  description: 'sends the link that opens an account, or tells that there is one',
  on: ['customer.registration_requested'],
});
export const EmailChangeJob = defineJob({
  name: 'notifications.email-change',
  queue,
  description: 'sends the link to the new e-mail address of a customer',
  on: ['customer.email_change_requested'],
});
export const EmailChangeNoticeJob = defineJob({
  name: 'notifications.email-change-notice',
  queue,
  description: 'tells the old e-mail address of a customer that another is asked for',
  on: ['customer.email_change_requested'],
});
export const PasswordResetJob = defineJob({
  name: 'notifications.password-reset',
  queue,
  description: 'sends the link with which to choose another password, where there is an account',
  on: ['account.password_reset_requested'],
});
export const PasswordChangedJob = defineJob({
  name: 'notifications.password-changed',
  queue,
  description: 'tells the owner of an account that its password was changed',
  on: ['account.password_changed'],
});
export const TwoFactorJob = defineJob({
  name: 'notifications.two-factor',
  queue,
  description: 'tells the owner of an account what became of its second factor',
  on: ['account.two_factor_changed'],
});
export const IdentityJob = defineJob({
  name: 'notifications.identity',
  queue,
  description: 'tells the owner of an account that there is another way in, or one less',
  on: ['account.identity_changed'],
});
export const CustomerInvitationJob = defineJob({
  name: 'notifications.customer-invitation',
  queue,
  description: 'sends the link with which a customer chooses the password of an account that staff have opened',
  on: ['customer.invited'],
});
export const InvitationJob = defineJob({
  name: 'notifications.invitation',
  queue,
  description: 'sends the link with which a new member of staff chooses a password',
  on: ['staff.invited'],
});
export const AccessGivenJob = defineJob({
  name: 'notifications.access-given',
  queue,
  description:
    'gathers the owners, who are told that somebody works here now, may do other things or has made an API key',
  on: ['staff.access_given'],
});
export const AccessGivenMailJob = defineJob({
  name: 'notifications.access-given-mail',
  queue,
  description: 'tells one of them',
});
export const BackInStockJob = defineJob({
  name: 'notifications.back-in-stock',
  queue,
  description: 'gathers who waits for a variant that can be bought again',
  on: ['inventory.back_in_stock'],
});
export const BackInStockMailJob = defineJob({
  name: 'notifications.back-in-stock-mail',
  queue,
  description: 'tells one of them',
});
