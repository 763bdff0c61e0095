/** Statuses of a refund. */
export const REFUND_STATUSES = ['pending', 'succeeded', 'failed'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

/**
 * Whether what the provider reports of a refund is news. Reports come late and out of order: a refund may fail weeks after it
 * succeeded, and then stays failed; a late "pending" says nothing. Only of one that the provider has not told of before, also
 * where it seemed not to take it, everything is news.
 */
export function isRefundNews(from: RefundStatus, to: RefundStatus, isKnown: boolean): boolean {
  if (from === to) return false;
  return !isKnown || (from !== 'failed' && to !== 'pending');
}
