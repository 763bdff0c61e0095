import { defineError } from '#libs/errors';

export const PaymentDisputed = defineError({
  code: 'payment_disputed',
  kind: 'conflict',
  title: 'The payment is disputed',
  help: 'The bank has taken the money, or is about to: a refund would send it a second time. `disputeId` and `disputeStatus` tell where it stands.',
});
export const DisputeClosed = defineError({
  code: 'dispute_closed',
  kind: 'conflict',
  title: 'This dispute takes no more answers',
  help: 'Evidence is taken while `disputeStatus` ends in needs_response; what is decided stays decided.',
});
