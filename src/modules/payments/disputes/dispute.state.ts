/** Where a dispute can stand: Stripe's words. `warning_*` is an inquiry, which moves no money. */
export const DISPUTE_STATUSES = [
  'warning_needs_response',
  'warning_under_review',
  'warning_closed',
  'needs_response',
  'under_review',
  'appeal_needs_response',
  'appeal_under_review',
  'won',
  'lost',
  'prevented',
] as const;

const HARMLESS: readonly string[] = ['warning_closed', 'won', 'prevented'];
const CLOSED: readonly string[] = [...HARMLESS, 'lost'];
/** An inquiry is best answered by a refund; the money of a prevented or won dispute is ours. */
const REFUNDABLE: readonly string[] = ['warning_needs_response', 'warning_under_review', ...HARMLESS];

/** Whether the order counts as disputed: the cardholder may get the money, or has it. */
export const isThreat = (status: string): boolean => !HARMLESS.includes(status);

/** Whether nothing more is expected of it. */
export const isClosed = (status: string): boolean => CLOSED.includes(status);

/** Whether the bank waits for our word. */
export const needsResponse = (status: string): boolean => status.endsWith('needs_response');

/** Statuses in which the money is with the bank or the cardholder, so that none is sent a second time. */
export const REFUND_BLOCKING: readonly string[] = DISPUTE_STATUSES.filter((status) => !REFUNDABLE.includes(status));

/** Statuses in which the order counts as disputed. */
export const THREATS: readonly string[] = DISPUTE_STATUSES.filter(isThreat);
