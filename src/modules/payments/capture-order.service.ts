import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { type FieldError, IdempotencyKeyReused, ValidationFailed } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { formatMoney } from '#libs/money';
import { OrdersRepository } from '../orders/index.js';
import { chargeStep } from '../pricing/index.js';
import type { CaptureRequest } from './dto/payments.request.js';
import { ExecuteCapture } from './execute-capture.service.js';
import { ExecuteCaptureJob } from './jobs/definitions.js';
import { costOf } from './line-cost.js';
import { AmountNotChargeable, CaptureNotPossible, CaptureTooLarge } from './payments.errors.js';
import { PaymentsRepository } from './payments.repository.js';
import { chargeProblem } from './stripe/wire-amount.js';

/** When a capture that nobody finished is taken up by its job. */
const JOB_DELAY_MS = 30_000;

interface Line {
  id: string;
  quantity: number;
  total: number;
  is_gift_card: boolean;
  fulfilled_quantity: number;
  restocked_quantity: number;
}

/**
 * Takes held money: all of it, an amount, or what some lines cost beyond what credit pays; the rest of the hold is released.
 * Where credit pays for all that stays, nothing is taken.
 */
@Injectable()
export class CaptureOrder {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly executeCapture: ExecuteCapture,
  ) {}

  /**
   * The capture is written first, under the lock of the payment; one that did not fail is all that a hold allows. Then Stripe
   * is asked. When it does not answer, the capture stays pending and a job goes on with the same key.
   * @param requestKey the same key is the same capture
   * @returns the id of the capture
   * @throws `capture_not_possible`, `capture_too_large`, `amount_not_chargeable`, `payment_refused`, `payment_unavailable`
   */
  async execute(orderId: string, request: CaptureRequest, actor: string, requestKey: string): Promise<string> {
    const id = await this.db.transaction((tx) => this.begin(tx, orderId, request, actor, requestKey));
    await this.executeCapture.execute(id);
    return id;
  }

  private async begin(
    tx: Tx,
    orderId: string,
    request: CaptureRequest,
    actor: string,
    requestKey: string,
  ): Promise<string> {
    const order = await this.orders.lockOrder(tx, orderId);
    const current = await this.payments.findCurrent(tx, orderId);
    const state = { orderStatus: order.status, paymentStatus: order.payment_status };
    if (!current) throw CaptureNotPossible({ data: state });
    const payment = await this.payments.lock(tx, current.id);
    const [same] = await tx.query<{ id: string; order_id: string }>(
      `SELECT id, order_id FROM payment_captures WHERE request_key = $1`,
      [requestKey],
    );
    if (same && same.order_id !== orderId) throw IdempotencyKeyReused();
    if (same) return same.id;
    const [other] = await tx.query(`SELECT 1 FROM payment_captures WHERE payment_id = $1 AND status = 'pending'`, [
      payment.id,
    ]);
    if (other) throw CaptureNotPossible({ detail: 'Another capture of this payment is under way.', data: state });
    if (payment.status !== 'authorized' || order.status !== 'confirmed') throw CaptureNotPossible({ data: state });

    const { dropped, cost, giftCards } = request.lines
      ? await this.dropped(tx, orderId, request.lines)
      : { dropped: [], cost: 0, giftCards: 0 };
    const due = payment.authorized - cost;
    const step = chargeStep(payment.currency);
    // Credit pays for no gift cards, so those that stay are taken from the hold.
    const amount = request.amount ?? Math.max(due, Math.ceil(giftCards / step) * step);
    if (amount > payment.authorized)
      throw CaptureTooLarge({
        detail: `The bank holds ${formatMoney({ amount: payment.authorized, currency: payment.currency })}.`,
        data: { capturable: payment.authorized, currency: payment.currency },
      });
    // What gift cards and store credit paid and what stays does not need goes back; where nothing is taken, the hold is let go.
    const creditBack = request.amount === undefined ? Math.min(amount - due, order.credit_total) : 0;
    if (amount === 0 && order.hold === 'canceling')
      throw CaptureNotPossible({ detail: 'The order is being canceled.', data: state });
    const problem = chargeProblem(amount, payment.currency);
    if (problem?.problem === 'step')
      throw AmountNotChargeable({ data: { step: problem.limit, currency: payment.currency } });

    const id = newUuid();
    await tx.query(
      `INSERT INTO payment_captures (id, payment_id, order_id, status, amount, currency, dropped, credit_back, request_key, actor)
       VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9)`,
      [id, payment.id, orderId, amount, payment.currency, JSON.stringify(dropped), creditBack, requestKey, actor],
    );
    await this.orders.note(tx, orderId, {
      type: 'capture.requested',
      actor,
      data: { amount, currency: payment.currency },
    });
    await enqueue(tx, ExecuteCaptureJob, id, { captureId: id }, new Date(Date.now() + JOB_DELAY_MS));
    failpoint('commit.capture');
    return id;
  }

  /** What the named lines leave out of the order, what that would have cost, and what the gift cards that stay cost. Shipping stays owed. */
  private async dropped(
    tx: Tx,
    orderId: string,
    wanted: NonNullable<CaptureRequest['lines']>,
  ): Promise<{ dropped: { lineId: string; quantity: number }[]; cost: number; giftCards: number }> {
    const lines = await tx.query<Line>(
      `SELECT id, quantity, total, is_gift_card, fulfilled_quantity, restocked_quantity FROM order_lines WHERE order_id = $1 ORDER BY position FOR UPDATE`,
      [orderId],
    );
    const errors: FieldError[] = [];
    const named = new Map<string, number>();
    for (const [i, { lineId, quantity }] of wanted.entries()) {
      const line = lines.find((l) => l.id === lineId);
      if (!line)
        errors.push({ pointer: `/lines/${i}/lineId`, code: 'not_found', detail: 'is not a line of this order' });
      else if (named.has(lineId))
        errors.push({ pointer: `/lines/${i}/lineId`, code: 'duplicate', detail: 'names a line a second time' });
      else if (quantity > line.quantity - line.restocked_quantity)
        errors.push({
          pointer: `/lines/${i}/quantity`,
          code: 'too_large',
          detail: `the line has ${line.quantity - line.restocked_quantity}`,
        });
      named.set(lineId, quantity);
    }
    for (const line of lines) {
      if (line.fulfilled_quantity > (named.get(line.id) ?? 0))
        errors.push({
          pointer: '/lines',
          code: 'too_small',
          detail: `more of a line is shipped than is to be captured`,
        });
    }
    if (errors.length > 0) throw ValidationFailed({ errors });
    let cost = 0;
    let giftCards = 0;
    const dropped = [];
    for (const line of lines) {
      const kept = named.get(line.id) ?? 0;
      cost += line.total - costOf(line, kept);
      if (line.is_gift_card) giftCards += costOf(line, kept);
      if (line.quantity > kept) dropped.push({ lineId: line.id, quantity: line.quantity - kept });
    }
    return { dropped, cost, giftCards };
  }
}
