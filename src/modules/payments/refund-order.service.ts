import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import type { FieldError } from '#libs/errors';
import { IdempotencyKeyReused, ValidationFailed } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { formatMoney } from '#libs/money';
import { BoughtGiftCards, type CreditRefund, OrderCredits } from '../credits/index.js';
import { type LockedOrder, OrdersRepository } from '../orders/index.js';
import { chargeStep } from '../pricing/index.js';
import { assertRefundable, ignoreLostDispute } from './disputes/refund-block.js';
import type { RefundRequest } from './dto/payments.request.js';
import { ExecuteRefund } from './execute-refund.service.js';
import { ExecuteRefundJob } from './jobs/definitions.js';
import { costOf } from './line-cost.js';
import { hasBeenPaid } from './payment.policy.js';
import { AmountNotChargeable, NothingToRefund, RefundTooLarge } from './payments.errors.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { refundLimits, refundOfLines } from './refund-amount.js';
import { SettleRefunds } from './settle-refunds.service.js';

/** A refund line as it is kept. */
interface RefundLine {
  lineId: string;
  quantity: number;
  /** Whether the refund names it: what it cost is given back then, and not another time. Others only go back on the shelf. */
  isNamed: boolean;
}

/** Sends money of an order back: all that is left, an amount, or what lines cost; with or without restocking. */
@Injectable()
export class RefundOrder {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly credits: OrderCredits,
    private readonly giftCards: BoughtGiftCards,
    private readonly settle: SettleRefunds,
    private readonly executeRefund: ExecuteRefund,
  ) {}

  /**
   * The refund row is written first, under the lock of the payment, so refunds running at the same time cannot exceed
   * what was captured; then Stripe is asked. When Stripe does not answer, the refund stays pending and a job goes on.
   * @param requestKey the same key is the same refund
   * @returns the id of the refund
   */
  async execute(orderId: string, request: RefundRequest, actor: string, requestKey: string): Promise<string> {
    const refund = await this.db.transaction((tx) => this.begin(tx, orderId, request, actor, requestKey));
    if (refund.provider === 'stripe') await this.executeRefund.execute(refund.id);
    return refund.id;
  }

  /**
   * Writes the refund in the caller's transaction, with the job that carries it out: to the payment as far as it took money,
   * the rest to the gift cards and the store credit that paid for it, at once.
   * @returns the provider that is to send money; null when all of it is credit
   */
  async begin(
    tx: Tx,
    orderId: string,
    request: RefundRequest,
    actor: string,
    requestKey: string,
  ): Promise<{ id: string; provider: 'stripe' | 'manual' | null }> {
    const order = await this.orders.lockOrder(tx, orderId);
    const current = await this.payments.findCurrent(tx, orderId);
    const payment = current ? await this.payments.lock(tx, current.id) : null;
    const [same] = await tx.query<{ id: string; order_id: string }>(
      `SELECT id, order_id FROM refunds WHERE request_key = $1`,
      [requestKey],
    );
    if (same && same.order_id !== orderId) throw IdempotencyKeyReused();
    if (same) return { id: same.id, provider: payment?.provider ?? null };
    if ((payment?.captured ?? 0) === 0 && !(order.credit_total > 0 && hasBeenPaid(order)))
      throw NothingToRefund({ data: { orderStatus: order.status, paymentStatus: order.payment_status } });

    const { open: ofCredit, closed } = await this.refundableCredit(tx, order);
    const ofPayment = payment ? await this.refundableMoney(tx, payment, ofCredit > 0) : 0;
    const lines = await this.linesOf(tx, orderId, request);
    const pieces = request.lines ? lines.giftCards : request.amount === undefined ? ('all' as const) : new Map();
    const cards = await this.giftCards.takeBack(tx, orderId, pieces, actor);
    const step = payment?.provider === 'stripe' ? chargeStep(payment.currency) : 1;
    const money = { ofPayment, ofCredit, kept: cards.kept, step };
    const { sendable, refundable } = refundLimits(money);
    const costs = {
      now: lines.amount + cards.taken,
      open: order.total - lines.closed + cards.taken + cards.kept,
    };
    const amount = request.amount ?? (request.lines ? refundOfLines(money, costs) : refundable);
    if (amount === 0 && refundable > 0) throw ValidationFailed({ errors: [COSTS_NOTHING] });
    if (amount <= 0 || amount > refundable)
      throw RefundTooLarge({
        detail: cards.kept > 0 ? ON_GIFT_CARDS : leftToRefund(refundable, order.currency, closed),
        data: { refundable, currency: order.currency, ...(closed > 0 ? { ofDeletedAccount: closed } : {}) },
      });
    // All that is left came in this step, or in another currency: it can always go back.
    const sent = Math.min(amount, sendable);
    if (sent < sendable && sent % step !== 0) throw AmountNotChargeable({ data: { step, currency: order.currency } });

    if (request.restock && !request.lines && amount < refundable) {
      throw ValidationFailed({
        errors: [
          {
            pointer: '/lines',
            code: 'required',
            detail: 'says what goes back on the shelf, when only a part is refunded',
          },
        ],
      });
    }
    const kept = request.lines ? lines.lines : request.restock ? lines.everything : [];
    const credits = await this.credits.planRefund(tx, orderId, amount - sent);
    const parts: RefundPart[] = [
      ...(sent > 0 ? [{ id: newUuid(), amount: sent, credit: null }] : []),
      ...credits.map((credit) => ({ id: newUuid(), amount: credit.amount, credit })),
    ];
    // The first part stands for all of them: the lines and the key of the request are with it.
    const [{ id }] = parts as [RefundPart];
    for (const part of parts) {
      const isFirst = part.id === id;
      await tx.query(
        `INSERT INTO refunds (id, payment_id, destination, part_of, order_id, status, amount, currency, reason, lines, restock, request_key, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
        [
          part.id,
          part.credit ? null : payment!.id,
          part.credit?.holder.kind ?? 'payment',
          isFirst ? null : id,
          orderId,
          part.credit ? 'succeeded' : 'pending',
          part.amount,
          order.currency,
          request.reason ?? '',
          isFirst ? JSON.stringify(kept) : '[]',
          isFirst && (request.restock ?? false),
          isFirst ? requestKey : null,
          actor,
        ],
      );
    }
    await this.orders.note(tx, orderId, {
      type: 'refund.requested',
      actor,
      data: { amount, currency: order.currency, reason: request.reason ?? null },
    });
    const given = parts.flatMap(({ id: refundId, credit }) => (credit ? [{ ...credit, refundId }] : []));
    if (given.length > 0) {
      await this.credits.refund(tx, order, given, actor);
      await this.settle.credited(
        tx,
        order,
        payment,
        given.map((part) => ({
          id: part.refundId,
          amount: part.amount,
          restock: part.refundId === id && (request.restock ?? false),
          lines: kept,
        })),
      );
    }
    if (sent > 0) await this.carryOut(tx, payment!, id, sent);
    failpoint('commit.refund');
    return { id, provider: sent > 0 ? payment!.provider : null };
  }

  /** A manual refund is done by hand, so it counts at once; Stripe's is sent after the commit, and by a job if that fails. */
  private async carryOut(tx: Tx, payment: PaymentRow, id: string, amount: number): Promise<void> {
    if (payment.provider === 'manual') {
      await this.settle.apply(tx, payment.id, [
        { ref: `manual:${id}`, refundId: id, status: 'succeeded', amount, reason: null, failure: null },
      ]);
      return;
    }
    await enqueue(tx, ExecuteRefundJob, id, { refundId: id }, new Date(Date.now() + 30_000));
  }

  /** What gift cards and store credit paid of a paid order and do not have back. */
  private async refundableCredit(tx: Tx, order: LockedOrder): Promise<{ open: number; closed: number }> {
    return order.credit_total === 0 || !hasBeenPaid(order)
      ? { open: 0, closed: 0 }
      : this.credits.refundable(tx, order.id);
  }

  /** @param hasOther whether there is credit to refund, where a cardholder has won all of the money */
  private async refundableMoney(tx: Tx, payment: PaymentRow, hasOther: boolean): Promise<number> {
    const left = payment.captured - (await this.underWay(tx, payment.id));
    // Nothing is sent to a payment that has all of it back, so its disputes do not matter.
    if (hasOther && left <= 0) return 0;
    const refundable = assertRefundable(tx, payment.id, left);
    return hasOther ? refundable.catch((error: unknown) => ignoreLostDispute(error) ?? 0) : refundable;
  }

  private async underWay(tx: Tx, paymentId: string): Promise<number> {
    const [sum] = await tx.query<{ amount: number }>(
      `SELECT coalesce(sum(amount), 0)::bigint AS amount FROM refunds WHERE payment_id = $1 AND status <> 'failed'`,
      [paymentId],
    );
    return sum!.amount;
  }

  /**
   * What the named lines cost the buyer, by quantity, and how many pieces of them are gift cards, which give back what is on
   * them; what goods were never charged or have gone back, with all that gift cards cost; and what could still be restocked of
   * the whole order.
   */
  private async linesOf(
    tx: Tx,
    orderId: string,
    request: RefundRequest,
  ): Promise<{
    amount: number;
    closed: number;
    giftCards: Map<string, number>;
    lines: RefundLine[];
    everything: RefundLine[];
  }> {
    const rows = await tx.query<RefundableLine>(
      `SELECT l.id, l.quantity, l.total, l.is_gift_card, l.restocked_quantity, coalesce((
           SELECT sum(x.quantity) FROM refunds r, jsonb_to_recordset(r.lines) AS x("lineId" uuid, quantity int, "isNamed" boolean)
           WHERE r.order_id = $1 AND r.status <> 'failed' AND x."isNamed" AND x."lineId" = l.id), 0)::int AS refunded_quantity,
         coalesce((SELECT sum(x.quantity) FROM payment_captures c, jsonb_to_recordset(c.dropped) AS x("lineId" uuid, quantity int)
           WHERE c.order_id = $1 AND c.status = 'succeeded' AND x."lineId" = l.id), 0)::int AS dropped_quantity
       FROM order_lines l WHERE l.order_id = $1 ORDER BY l.position FOR UPDATE OF l`,
      [orderId],
    );
    const everything = rows
      .map((r) => ({ lineId: r.id, quantity: r.quantity - r.restocked_quantity, isNamed: false }))
      .filter((l) => l.quantity > 0);
    const closed = rows.reduce((sum, row) => sum + closedCost(row), 0);
    const errors: FieldError[] = [];
    let amount = 0;
    const giftCards = new Map<string, number>();
    const lines: RefundLine[] = [];
    for (const [i, wanted] of (request.lines ?? []).entries()) {
      const row = rows.find((r) => r.id === wanted.lineId);
      if (!row)
        errors.push({ pointer: `/lines/${i}/lineId`, code: 'not_found', detail: 'is not a line of this order' });
      else if (
        wanted.quantity >
        row.quantity -
          Math.max(row.refunded_quantity + row.dropped_quantity, request.restock ? row.restocked_quantity : 0)
      ) {
        errors.push({
          pointer: `/lines/${i}/quantity`,
          code: 'too_large',
          detail: `the line has ${row.quantity}, ${row.refunded_quantity} of them refunded, ${row.dropped_quantity} never charged, ${row.restocked_quantity} restocked`,
        });
      } else if (lines.some((l) => l.lineId === wanted.lineId)) {
        errors.push({ pointer: `/lines/${i}/lineId`, code: 'duplicate', detail: 'names a line a second time' });
      } else {
        if (row.is_gift_card) giftCards.set(row.id, wanted.quantity);
        else amount += costOf(row, row.refunded_quantity + wanted.quantity) - costOf(row, row.refunded_quantity);
        lines.push({ lineId: row.id, quantity: wanted.quantity, isNamed: true });
      }
    }
    if (errors.length > 0) throw ValidationFailed({ errors });
    return { amount, closed, giftCards, lines, everything };
  }
}

/** What can still be sent back, in words. */
function leftToRefund(refundable: number, currency: string, closed: number): string {
  const left =
    refundable === 0
      ? 'Nothing is left to refund: all of it went back, or is on its way.'
      : `${formatMoney({ amount: refundable, currency })} is left to refund; what is on its way counts as refunded.`;
  if (closed === 0) return left;
  const lost = formatMoney({ amount: closed, currency });
  return `${left} ${lost} came from the store credit of an account that is deleted: give it as a gift card (POST /v1/admin/gift-cards).`;
}

const ON_GIFT_CARDS =
  'What was paid for gift cards goes back only with them: name their lines. What was spent with them does not go back.';

const COSTS_NOTHING: FieldError = {
  pointer: '/lines',
  code: 'too_small',
  detail: 'cost nothing that could be sent back: name them together with others',
};

/** What of a line is not to be given back any more; of gift cards everything, since they say themselves what is on them. */
const closedCost = (row: RefundableLine): number =>
  row.is_gift_card
    ? row.total
    : row.total - costOf(row, row.quantity - row.dropped_quantity) + costOf(row, row.refunded_quantity);

/** What of a refund goes to one place. */
interface RefundPart {
  id: string;
  amount: number;
  /** null for the payment */
  credit: CreditRefund | null;
}

interface RefundableLine {
  id: string;
  quantity: number;
  total: number;
  is_gift_card: boolean;
  restocked_quantity: number;
  refunded_quantity: number;
  /** What a capture left out of the order: nobody paid for it. */
  dropped_quantity: number;
}
