import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { BoughtGiftCards } from '../../credits/index.js';
import { type LockedOrder, OrdersRepository } from '../../orders/index.js';
import { BookMoney } from '../books/book-money.service.js';
import { PaymentsRepository } from '../payments.repository.js';
import type { ProviderDispute, ProviderWarning } from '../stripe/stripe-disputes.js';
import { isClosed, isThreat, THREATS } from './dispute.state.js';
import { DisputeClosedEvent, DisputeOpened, OrderFraudWarning } from './disputes.events.js';

/** What was read at the provider about the complaints on one payment. */
export interface ProviderComplaints {
  disputes: readonly ProviderDispute[];
  warnings: readonly ProviderWarning[];
  /** When we began to read. */
  readAt: Date;
}

/**
 * Brings disputes and fraud warnings of a payment to what the provider says, under the locks of order and payment: the
 * order is flagged, the money that moved is entered into the ledger, and whoever has to act hears of it, once.
 */
@Injectable()
export class SettleDisputes {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly books: BookMoney,
    private readonly giftCards: BoughtGiftCards,
  ) {}

  async apply(tx: Tx, paymentId: string, { disputes, warnings, readAt }: ProviderComplaints): Promise<void> {
    const found = await this.payments.find(tx, paymentId);
    if (!found) throw new Error(`payment ${paymentId} is gone`);
    let order = await this.orders.lockOrder(tx, found.order_id);
    await this.payments.lock(tx, paymentId);
    for (const dispute of disputes) order = await this.take(tx, order, paymentId, dispute, readAt);
    for (const warning of warnings) order = await this.warn(tx, order, paymentId, warning);
  }

  private async take(
    tx: Tx,
    order: LockedOrder,
    paymentId: string,
    dispute: ProviderDispute,
    readAt: Date,
  ): Promise<LockedOrder> {
    const [known] = await tx.query<{ id: string; status: string }>(
      `SELECT id, status FROM disputes WHERE provider_ref = $1 FOR UPDATE`,
      [dispute.ref],
    );
    const id = known?.id ?? newUuid();
    const isWritten = await this.write(tx, id, order, paymentId, dispute, readAt);
    const booked = await this.books.bookDispute(tx, paymentId, id, dispute.transactions);
    if (booked) await this.sum(tx, id);
    if (!isWritten || known?.status === dispute.status) return order;

    if (!known) this.announceOpened(tx, order, id, dispute);
    if (isClosed(dispute.status)) this.announceClosed(tx, order, id, dispute);
    const [threat] = await tx.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM disputes WHERE order_id = $1 AND status = ANY($2)) AS any`,
      [order.id, THREATS],
    );
    log.warn('payment.disputed', { orderId: order.id, dispute: dispute.ref, status: dispute.status });
    return this.orders.change(
      tx,
      order,
      { disputed: threat!.any },
      {
        type: isClosed(dispute.status) ? 'dispute.closed' : known ? 'dispute.updated' : 'dispute.opened',
        actor: 'stripe',
        data: {
          disputeId: encodeId('dispute', id),
          status: dispute.status,
          reason: dispute.reason,
          amount: dispute.amount,
          currency: dispute.currency,
          ...(isThreat(dispute.status) && dispute.evidenceDueAt
            ? { evidenceDueAt: dispute.evidenceDueAt.toISOString() }
            : {}),
        },
      },
    );
  }

  /** @returns false when what is stored was read later than this */
  private async write(
    tx: Tx,
    id: string,
    order: LockedOrder,
    paymentId: string,
    dispute: ProviderDispute,
    readAt: Date,
  ): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO disputes AS d (id, provider_ref, payment_id, order_id, status, amount, currency, reason, network_reason_code, evidence_due_at,
         has_evidence, submissions, is_past_due, opened_at, closed_at, read_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, CASE WHEN $15 THEN now() END, $16)
       ON CONFLICT (provider_ref) DO UPDATE SET status = excluded.status, amount = excluded.amount, reason = excluded.reason,
         network_reason_code = excluded.network_reason_code, evidence_due_at = excluded.evidence_due_at, has_evidence = excluded.has_evidence,
         submissions = excluded.submissions, is_past_due = excluded.is_past_due,
         closed_at = CASE WHEN excluded.closed_at IS NULL THEN NULL ELSE coalesce(d.closed_at, excluded.closed_at) END,
         read_at = excluded.read_at, updated_at = now()
         WHERE d.read_at <= excluded.read_at
       RETURNING 1`,
      [
        id,
        dispute.ref,
        paymentId,
        order.id,
        dispute.status,
        dispute.amount,
        dispute.currency,
        dispute.reason,
        dispute.networkReasonCode,
        dispute.evidenceDueAt,
        dispute.hasEvidence,
        dispute.submissions,
        dispute.isPastDue,
        dispute.openedAt,
        isClosed(dispute.status),
        readAt,
      ],
    );
    return rows.length > 0;
  }

  /** What the dispute moved, as the ledger has it. */
  private async sum(tx: Tx, id: string): Promise<void> {
    await tx.query(
      `UPDATE disputes d SET withdrawn = x.withdrawn, reinstated = x.reinstated, fee = x.fee, settlement_currency = x.currency, updated_at = now()
       FROM (SELECT coalesce(-sum(t.amount) FILTER (WHERE t.amount < 0), 0) AS withdrawn, coalesce(sum(t.amount) FILTER (WHERE t.amount > 0), 0) AS reinstated,
               sum(t.fee) AS fee, min(t.currency) AS currency
             FROM provider_transactions t JOIN disputes o ON o.provider_ref = t.source_ref WHERE o.id = $1) x
       WHERE d.id = $1`,
      [id],
    );
  }

  private announceOpened(tx: Tx, order: LockedOrder, id: string, dispute: ProviderDispute): void {
    announce(tx, {
      definition: DisputeOpened,
      key: `${DisputeOpened.topic}:${id}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        disputeId: id,
        status: dispute.status,
        reason: dispute.reason,
        amount: dispute.amount,
        currency: dispute.currency,
        evidenceDueAt: dispute.evidenceDueAt?.toISOString() ?? null,
      },
    });
  }

  private announceClosed(tx: Tx, order: LockedOrder, id: string, dispute: ProviderDispute): void {
    announce(tx, {
      definition: DisputeClosedEvent,
      key: `${DisputeClosedEvent.topic}:${id}:${dispute.status}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        disputeId: id,
        status: dispute.status,
        amount: dispute.amount,
        currency: dispute.currency,
      },
    });
  }

  /** Somebody has looked at the payment at Stripe: the order may be shipped, unless something else speaks against it. */
  private async clear(tx: Tx, order: LockedOrder): Promise<LockedOrder> {
    const [other] = await tx.query(`SELECT 1 FROM fraud_warnings WHERE order_id = $1 AND is_actionable LIMIT 1`, [
      order.id,
    ]);
    if (other || order.hold !== 'fraud_warning') return order;
    return this.orders.change(
      tx,
      order,
      { hold: null },
      { type: 'order.hold_released', actor: 'stripe', data: { hold: order.hold } },
    );
  }

  /** The bank's early word: what is not shipped or spent yet waits until somebody has looked at it. */
  private async warn(tx: Tx, order: LockedOrder, paymentId: string, warning: ProviderWarning): Promise<LockedOrder> {
    const fresh = await tx.query(
      `INSERT INTO fraud_warnings (id, provider_ref, payment_id, order_id, fraud_type, is_actionable, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (provider_ref) DO NOTHING RETURNING 1`,
      [newUuid(), warning.ref, paymentId, order.id, warning.fraudType, warning.isActionable, warning.occurredAt],
    );
    if (fresh.length === 0) {
      const changed = await tx.query(
        `UPDATE fraud_warnings SET is_actionable = $2 WHERE provider_ref = $1 AND is_actionable <> $2 RETURNING 1`,
        [warning.ref, warning.isActionable],
      );
      return changed.length > 0 && warning.isCleared === true ? this.clear(tx, order) : order;
    }
    const isHeld =
      warning.isActionable &&
      order.status !== 'canceled' &&
      (!['fulfilled', 'returned'].includes(order.fulfillment_status) || (await this.giftCards.holdAny(tx, order.id)));
    announce(tx, {
      definition: OrderFraudWarning,
      key: `${OrderFraudWarning.topic}:${warning.ref}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        number: order.number,
        fraudType: warning.fraudType,
        isHeld,
      },
    });
    // An order that is being canceled is held already; should the cancellation stop, the warning holds it.
    return this.orders.change(tx, order, isHeld && order.hold === null ? { hold: 'fraud_warning' } : {}, {
      type: 'order.fraud_warning',
      actor: 'stripe',
      data: { fraudType: warning.fraudType, isHeld },
    });
  }
}
