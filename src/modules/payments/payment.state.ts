/** Statuses of a single payment. */
export const SINGLE_PAYMENT_STATUSES = [
  'requires_payment_method',
  'requires_action',
  'processing',
  'authorized',
  'succeeded',
  'canceled',
] as const;
export type PaymentStatus = (typeof SINGLE_PAYMENT_STATUSES)[number];

/**
 * Whether a payment may take a status that the provider reported. Reports can arrive late and out of order, so what is
 * final stays: money that came is not un-come by an older report, and a hold ends only in capture or cancellation.
 */
export function mayBecome(from: PaymentStatus, to: PaymentStatus): boolean {
  if (from === to) return true;
  if (from === 'succeeded') return false;
  if (from === 'authorized') return to === 'succeeded' || to === 'canceled';
  if (from === 'canceled') return to === 'succeeded';
  return true;
}
