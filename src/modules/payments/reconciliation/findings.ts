/** What a reconciliation can find, and how bad that is. */
export const FINDINGS = {
  event_undelivered: 'info',
  event_failed: 'critical',
  payment_stuck: 'info',
  fee_late: 'info',
  create_recovered: 'warning',
  create_unknown: 'info',
  posting_missing: 'warning',
  payment_behind: 'warning',
  payment_differs: 'critical',
  captured_without_order: 'critical',
  money_of_canceled_order: 'critical',
  refund_behind: 'warning',
  refund_differs: 'critical',
  dispute_behind: 'warning',
  dispute_differs: 'critical',
  transaction_missing: 'critical',
  transaction_differs: 'critical',
  ledger_differs: 'critical',
  hold_not_released: 'critical',
  missing_at_provider: 'critical',
} as const satisfies Record<string, 'info' | 'warning' | 'critical'>;

export type FindingKind = keyof typeof FINDINGS;
export const FINDING_KINDS = Object.keys(FINDINGS) as FindingKind[];

/** One thing that a reconciliation found. */
export interface Finding {
  kind: FindingKind;
  /** What it is about: an object of the provider, or a row of ours. */
  subject: string;
  paymentId?: string | null;
  orderId?: string | null;
  /** What the provider says, or what should be. */
  expected?: Record<string, unknown> | null;
  /** What we had. */
  found?: Record<string, unknown> | null;
  /** What was done about it, in words. */
  action: string;
}
