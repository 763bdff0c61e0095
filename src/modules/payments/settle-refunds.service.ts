import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import { BoughtGiftCards, OrderCredits } from '../credits/index.js';
import { StockLedger } from '../inventory/index.js';
import { type LockedOrder, type OrderPaymentStatus, OrdersRepository } from '../orders/index.js';
import { BookMoney } from './books/book-money.service.js';
import { hasBeenPaid } from './payment.policy.js';
import { PaymentRefunded, RefundFailed } from './payments.events.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { isRefundNews, type RefundStatus } from './refund.state.js';
import type { ProviderRefund } from './stripe/stripe-gateway.js';

interface RefundRow {
  id: string;
  provider_ref: string | null;
  status: RefundStatus;
  amount: number;
  restock: boolean;
  lines: { lineId: string; quantity: number }[];
}

/** What a payment took, and what of it went back. */
type Money = Pick<PaymentRow, 'captured' | 'refunded'>;

/** Brings refunds, ours and those made in Stripe's dashboard, to what the provider says; under the lock of the payment. */
@Injectable()
export class SettleRefunds {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly stock: StockLedger,
    private readonly credits: OrderCredits,
    private readonly giftCards: BoughtGiftCards,
    private readonly books: BookMoney,
  ) {}

  async apply(tx: Tx, paymentId: string, reported: readonly ProviderRefund[]): Promise<void> {
    const found = await this.payments.find(tx, paymentId);
    const order = await this.orders.lockOrder(tx, found!.order_id);
    const payment = await this.payments.lock(tx, paymentId);
    const known = await tx.query<RefundRow>(
      `SELECT id, provider_ref, status, amount, restock, lines FROM refunds WHERE payment_id = $1 FOR UPDATE`,
      [paymentId],
    );

    for (const refund of reported) {
      const ours = refund.refundId === null ? null : decodeUuid(refund.refundId);
      const row = known.find((r) => r.provider_ref === refund.ref) ?? known.find((r) => r.id === ours);
      if (!row) {
        const id = newUuid();
        await tx.query(
          `INSERT INTO refunds (id, payment_id, order_id, provider_ref, status, amount, currency, reason, failure, actor)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'stripe') ON CONFLICT (provider_ref) DO NOTHING`,
          [
            id,
            payment.id,
            order.id,
            refund.ref,
            refund.status,
            refund.amount,
            payment.currency,
            refund.reason ?? 'dashboard',
            refund.failure,
          ],
        );
        await this.tell(tx, { id, amount: refund.amount }, order.id, payment.currency, refund.status);
        continue;
      }
      // The first report is kept whatever it says: from then on the refund is known by its id, and never sent again.
      const isNews = isRefundNews(row.status, refund.status, row.provider_ref !== null);
      if (!isNews && row.provider_ref !== null) continue;
      await tx.query(
        `UPDATE refunds SET provider_ref = $2, status = $3, failure = $4, updated_at = now() WHERE id = $1`,
        [row.id, refund.ref, refund.status, refund.failure],
      );
      if (!isNews) continue;
      if (refund.status === 'succeeded' && row.restock) await this.restock(tx, row);
      await this.tell(tx, row, order.id, payment.currency, refund.status);
    }
    await this.refreshTotals(tx, paymentId);
    await this.endShipped(tx, order.id);
    await this.books.execute(tx, paymentId, { transactions: reported.flatMap((r) => r.transactions ?? []) });
  }

  /** Parts of a refund that went to gift cards and store credit are there at once: goods go back, and the shopper hears of it. */
  async credited(
    tx: Tx,
    order: LockedOrder,
    payment: Money | null,
    refunds: readonly Pick<RefundRow, 'id' | 'amount' | 'restock' | 'lines'>[],
  ): Promise<void> {
    for (const refund of refunds) {
      if (refund.restock) await this.restock(tx, refund);
      await this.tell(tx, refund, order.id, order.currency, 'succeeded');
    }
    await this.refreshStatus(tx, order.id, payment ?? { captured: 0, refunded: 0 });
    await this.endShipped(tx, order.id);
  }

  /** When the last pieces that were to be shipped have gone back on the shelf, the others are all of the order. */
  private async endShipped(tx: Tx, orderId: string): Promise<void> {
    const order = await this.orders.lockOrder(tx, orderId);
    if (order.status !== 'confirmed' || order.fulfillment_status !== 'partially_fulfilled') return;
    if (!(await this.orders.isShipped(tx, orderId))) return;
    await this.orders.change(
      tx,
      order,
      { fulfillmentStatus: 'fulfilled', ...(hasBeenPaid(order) ? { status: 'completed' as const } : {}) },
      { type: 'order.rest_refunded', actor: 'system' },
    );
  }

  /**
   * Stripe does not take the refund at all: nothing was sent, the shop hears of it, and the request may come again; not where
   * another part of it went back as credit, which would then go back twice.
   */
  async refuse(tx: Tx, refundId: string, paymentId: string, why: string): Promise<void> {
    const payment = await this.lockWithOrder(tx, paymentId);
    const [refund] = await tx.query<{ id: string; amount: number }>(
      `UPDATE refunds r SET status = 'failed', failure = $2, updated_at = now(),
         request_key = CASE WHEN EXISTS (SELECT FROM refunds x WHERE x.part_of = r.id) THEN request_key END
       WHERE id = $1 AND status = 'pending' RETURNING id, amount`,
      [refundId, why.slice(0, 500)],
    );
    if (refund) await this.tell(tx, refund, payment.order_id, payment.currency, 'failed');
  }

  private async lockWithOrder(tx: Tx, paymentId: string): Promise<PaymentRow> {
    const found = await this.payments.find(tx, paymentId);
    await this.orders.lockOrder(tx, found!.order_id);
    return this.payments.lock(tx, paymentId);
  }

  /** Refunded is what succeeded; the order's payment status follows. */
  async refreshTotals(tx: Tx, paymentId: string): Promise<void> {
    const payment = await this.payments.lock(tx, paymentId);
    const [sum] = await tx.query<{ amount: number }>(
      `SELECT coalesce(sum(amount), 0)::bigint AS amount FROM refunds WHERE payment_id = $1 AND status = 'succeeded'`,
      [paymentId],
    );
    // Of a payment under review more may have come, and gone back, than the order asks for.
    const refunded = Math.min(sum!.amount, payment.captured);
    if (refunded === payment.refunded) return;
    await this.payments.update(tx, paymentId, { refunded });
    await this.refreshStatus(tx, payment.order_id, { captured: payment.captured, refunded });
  }

  /** An order is refunded when all is back that was paid: by a payment, and with gift cards and store credit. */
  async refreshStatus(tx: Tx, orderId: string, payment: Money): Promise<void> {
    const order = await this.orders.lockOrder(tx, orderId);
    const credit = order.credit_total > 0 ? await this.credits.standing(tx, orderId) : { spent: 0, back: 0 };
    const refunded = payment.refunded + credit.back;
    const paymentStatus: OrderPaymentStatus =
      refunded === 0 ? 'paid' : refunded === payment.captured + credit.spent ? 'refunded' : 'partially_refunded';
    if (order.payment_status === paymentStatus) return;
    // All of it may have been sent back at the provider, where nobody knows of gift cards.
    if (paymentStatus === 'refunded') await this.giftCards.takeBack(tx, orderId, 'issued', 'system');
    await this.orders.change(
      tx,
      order,
      { paymentStatus },
      { type: 'payment.refunded', actor: 'system', data: { refunded, currency: order.currency } },
    );
  }

  /** While the refund was under way, a cancellation or another refund may have put some of the goods back already. */
  private async restock(tx: Tx, refund: Pick<RefundRow, 'id' | 'lines'>): Promise<void> {
    const lines = await tx.query<{ id: string; quantity: number }>(
      `UPDATE order_lines o SET restocked_quantity = o.restocked_quantity + back.quantity
       FROM (SELECT l.id, least(x.quantity, l.quantity - l.restocked_quantity) AS quantity
             FROM jsonb_to_recordset($1) AS x("lineId" uuid, quantity int) JOIN order_lines l ON l.id = x."lineId") back
       WHERE o.id = back.id AND back.quantity > 0 RETURNING o.id, back.quantity`,
      [JSON.stringify(refund.lines)],
    );
    await this.stock.restock(
      tx,
      lines.map((line) => ({ orderLineId: line.id, quantity: line.quantity })),
      { reason: 'refund', actor: 'system', dedupeKey: `refund:${refund.id}` },
    );
  }

  private async tell(
    tx: Tx,
    refund: { id: string; amount: number },
    orderId: string,
    currency: string,
    status: ProviderRefund['status'],
  ): Promise<void> {
    if (status === 'pending') return;
    const definition = status === 'succeeded' ? PaymentRefunded : RefundFailed;
    announce(tx, {
      definition,
      key: `${definition.topic}:${refund.id}`,
      aggregateType: 'order',
      aggregateId: orderId,
      payload: { orderId: encodeId('order', orderId), refundId: refund.id, amount: refund.amount, currency },
    });
    if (status === 'failed')
      await this.orders.note(tx, orderId, {
        type: 'payment.refund_failed',
        actor: 'stripe',
        data: { refundId: encodeId('refund', refund.id), amount: refund.amount },
      });
  }
}

const decodeUuid = (id: string) => decodeId('refund', id) ?? id;
