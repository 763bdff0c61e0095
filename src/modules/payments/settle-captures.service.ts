import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import { StockLedger } from '../inventory/index.js';
import { type LockedOrder, OrdersRepository } from '../orders/index.js';
import { PaymentCaptured } from './payments.events.js';
import type { PaymentRow } from './payments.repository.js';
import { RefundOrder } from './refund-order.service.js';

/** Brings captures, ours and those made in Stripe's dashboard, to what the provider says; under the locks of order and payment. */
@Injectable()
export class SettleCaptures {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly stock: StockLedger,
    private readonly refunds: RefundOrder,
  ) {}

  /**
   * The hold was captured: the capture that is under way has succeeded, whatever it asked for; without one it was made in the
   * dashboard. What will not be shipped goes back on the shelf.
   * @param amount what the provider took, in minor units
   * @returns whether everything that is left of the order has been shipped; and the credit that is not needed any more, for
   * `returnCredit`. Where another amount was taken than was asked for, nobody knows whether it is.
   */
  async succeed(
    tx: Tx,
    order: LockedOrder,
    payment: PaymentRow,
    amount: number,
  ): Promise<{ isShipped: boolean; surplus: CreditSurplus | null }> {
    await this.fail(tx, payment.id, 'Money was captured meanwhile.', { ofNothing: true });
    const [ours] = await tx.query<CaptureRow & CreditSurplus>(
      `UPDATE payment_captures SET status = 'succeeded', amount = $2, failure = NULL, updated_at = now(),
         credit_back = CASE WHEN amount = $2 THEN credit_back ELSE 0 END
       WHERE payment_id = $1 AND status = 'pending' RETURNING id, dropped, credit_back, actor`,
      [payment.id, amount],
    );
    const capture = ours ?? { id: newUuid(), dropped: [] };
    if (!ours)
      await tx.query(
        `INSERT INTO payment_captures (id, payment_id, order_id, status, amount, currency, actor) VALUES ($1, $2, $3, 'succeeded', $4, $5, 'stripe')`,
        [capture.id, payment.id, order.id, amount, payment.currency],
      );
    await this.putBack(tx, capture);
    announce(tx, {
      definition: PaymentCaptured,
      key: `${PaymentCaptured.topic}:${capture.id}`,
      aggregateType: 'order',
      aggregateId: order.id,
      payload: {
        orderId: encodeId('order', order.id),
        paymentId: encodeId('payment', payment.id),
        captureId: encodeId('capture', capture.id),
        amount,
        authorized: payment.authorized,
        currency: payment.currency,
      },
    });
    return { isShipped: await this.orders.isShipped(tx, order.id), surplus: ours ?? null };
  }

  /** Gives credit back that what stays of an order does not need, as a refund; the order counts as paid by now. */
  async returnCredit(tx: Tx, orderId: string, { id, credit_back: amount, actor }: CreditSurplus): Promise<void> {
    if (amount > 0) await this.refunds.begin(tx, orderId, { amount, reason: 'not captured' }, actor, `capture:${id}`);
  }

  /**
   * The hold is gone, as was asked for: credit pays for all that stays of the order. It is paid, what will not be shipped goes
   * back on the shelf, and credit that is not needed any more to where it came from.
   * @returns false when nobody asked for that, or the order is being canceled: then the end of the hold is what it always is
   */
  async release(tx: Tx, order: LockedOrder, payment: PaymentRow): Promise<boolean> {
    if (order.status !== 'confirmed' || order.payment_status !== 'authorized' || order.hold === 'canceling')
      return false;
    const [capture] = await tx.query<CaptureRow & CreditSurplus>(
      `UPDATE payment_captures SET status = 'succeeded', failure = NULL, updated_at = now()
       WHERE payment_id = $1 AND status = 'pending' AND amount = 0 RETURNING id, dropped, credit_back, actor`,
      [payment.id],
    );
    if (!capture) return false;
    await this.putBack(tx, capture);
    const isShipped = await this.orders.isShipped(tx, order.id);
    await this.orders.change(
      tx,
      order,
      {
        paymentStatus: 'paid',
        ...(isShipped ? { status: 'completed' as const, fulfillmentStatus: 'fulfilled' as const } : {}),
      },
      {
        type: 'payment.hold_released',
        actor: capture.actor,
        data: {
          paymentId: encodeId('payment', payment.id),
          creditBack: capture.credit_back,
          currency: payment.currency,
        },
      },
    );
    await this.returnCredit(tx, order.id, capture);
    return true;
  }

  /** The hold is gone, or the provider does not take the capture: nothing was taken, and the request may come again. */
  async fail(
    tx: Tx,
    paymentId: string,
    why: string,
    which: { captureId?: string; ofNothing?: boolean } = {},
  ): Promise<void> {
    const failed = await tx.query<{ order_id: string; id: string; amount: number }>(
      `UPDATE payment_captures SET status = 'failed', failure = $2, request_key = NULL, updated_at = now()
       WHERE payment_id = $1 AND status = 'pending' AND ($3::uuid IS NULL OR id = $3) AND (NOT $4 OR amount = 0)
       RETURNING id, order_id, amount`,
      [paymentId, why.slice(0, 500), which.captureId ?? null, which.ofNothing ?? false],
    );
    for (const { id, order_id, amount } of failed)
      await this.orders.note(tx, order_id, {
        type: 'payment.capture_failed',
        actor: 'stripe',
        data: { captureId: encodeId('capture', id), amount },
      });
  }

  /** What was shipped or put back while the capture was under way stays as it is. */
  private async putBack(tx: Tx, capture: CaptureRow): Promise<void> {
    if (capture.dropped.length === 0) return;
    const lines = await tx.query<{ id: string; quantity: number }>(
      `UPDATE order_lines o SET restocked_quantity = o.restocked_quantity + back.quantity
       FROM (SELECT l.id, least(x.quantity - l.restocked_quantity, l.quantity - l.restocked_quantity - l.fulfilled_quantity) AS quantity
             FROM jsonb_to_recordset($1) AS x("lineId" uuid, quantity int) JOIN order_lines l ON l.id = x."lineId") back
       WHERE o.id = back.id AND back.quantity > 0 RETURNING o.id, back.quantity`,
      [JSON.stringify(capture.dropped)],
    );
    await this.stock.restock(
      tx,
      lines.map((line) => ({ orderLineId: line.id, quantity: line.quantity })),
      { reason: 'not captured', actor: 'system', dedupeKey: `capture:${capture.id}` },
    );
  }
}

interface CaptureRow {
  id: string;
  dropped: { lineId: string; quantity: number }[];
}

/** Credit that a capture leaves over. */
export interface CreditSurplus {
  /** uuid of the capture */
  id: string;
  credit_back: number;
  actor: string;
}
