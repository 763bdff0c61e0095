import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { Money } from '../../../pricing/index.js';
import { DISPUTE_STATUSES, needsResponse } from '../dispute.state.js';

/** A dispute as it stands in its row. */
export interface DisputeView {
  id: string;
  provider_ref: string;
  payment_id: string;
  order_id: string;
  order_number: number;
  status: string;
  amount: number;
  currency: string;
  reason: string;
  network_reason_code: string | null;
  evidence_due_at: Date | null;
  has_evidence: boolean;
  submissions: number;
  is_past_due: boolean;
  withdrawn: number;
  reinstated: number;
  fee: number;
  settlement_currency: string | null;
  opened_at: Date;
  closed_at: Date | null;
  updated_at: Date;
}

/** What somebody has to do. */
export class DisputeTaskResponse {
  @ApiProperty({ enum: ['send_evidence'] })
  action: string;
  @ApiProperty({ type: String, nullable: true, description: 'too late after this' })
  dueAt: string | null;
}

/** A cardholder's complaint at the bank about a payment. */
export class DisputeResponse {
  @ApiProperty()
  id: string;
  @ApiProperty()
  orderId: string;
  @ApiProperty({ example: '1001' })
  orderNumber: string;
  @ApiProperty()
  paymentId: string;
  @ApiProperty({ description: "Stripe's dispute", example: 'du_1QK…' })
  providerRef: string;
  @ApiProperty({ enum: DISPUTE_STATUSES, description: '`warning_*` is an inquiry: no money is moved' })
  status: string;
  @ApiProperty({ example: 'fraudulent' })
  reason: string;
  @ApiProperty({ type: String, nullable: true, example: '10.4' })
  networkReasonCode: string | null;
  @ApiProperty({ type: Money })
  amount: Money;
  @ApiProperty({ type: Money, description: 'what the bank took' })
  withdrawn: Money;
  @ApiProperty({ type: Money, description: 'what it gave back' })
  reinstated: Money;
  @ApiProperty({ type: Money })
  fee: Money;
  @ApiProperty({ type: DisputeTaskResponse, nullable: true, description: 'null when nothing is to be done' })
  task: DisputeTaskResponse | null;
  @ApiProperty({ type: Boolean, description: 'evidence is kept at Stripe' })
  hasEvidence: boolean;
  @ApiProperty({ type: 'integer', description: 'how often evidence was sent to the bank' })
  submissions: number;
  @ApiProperty({ type: Boolean })
  isPastDue: boolean;
  @ApiProperty()
  openedAt: string;
  @ApiProperty({ type: String, nullable: true })
  closedAt: string | null;
  @ApiProperty()
  updatedAt: string;

  static from(row: DisputeView): DisputeResponse {
    const settled = (amount: number): Money => ({ amount, currency: row.settlement_currency ?? row.currency });
    return {
      id: encodeId('dispute', row.id),
      orderId: encodeId('order', row.order_id),
      orderNumber: String(row.order_number),
      paymentId: encodeId('payment', row.payment_id),
      providerRef: row.provider_ref,
      status: row.status,
      reason: row.reason,
      networkReasonCode: row.network_reason_code,
      amount: { amount: row.amount, currency: row.currency },
      withdrawn: settled(row.withdrawn),
      reinstated: settled(row.reinstated),
      fee: settled(row.fee),
      task: needsResponse(row.status)
        ? { action: 'send_evidence', dueAt: row.evidence_due_at?.toISOString() ?? null }
        : null,
      hasEvidence: row.has_evidence,
      submissions: row.submissions,
      isPastDue: row.is_past_due,
      openedAt: row.opened_at.toISOString(),
      closedAt: row.closed_at?.toISOString() ?? null,
      updatedAt: row.updated_at.toISOString(),
    };
  }
}
