import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { WrittenWithOrder } from '../orders/index.js';
import type { Cancellation } from './payment.policy.js';
import type { PaymentStatus } from './payment.state.js';

/** A payment as it stands in its row. Amounts in minor units. */
export interface PaymentRow {
  id: string;
  order_id: string;
  provider: 'stripe' | 'manual';
  provider_ref: string | null;
  status: PaymentStatus;
  currency: string;
  amount: number;
  captured: number;
  refunded: number;
  capture_method: 'automatic' | 'manual';
  /** What the bank held for a manual capture; stays when the hold has ended. */
  authorized: number;
  capture_before: Date | null;
  review: 'open' | 'accepted' | 'rejected' | null;
  error_code: string | null;
  error_message: string | null;
  /** Which key Stripe is asked for its intent with. */
  key_generation: number;
  version: number;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `id, order_id, provider, provider_ref, status, currency, amount, captured, refunded, capture_method, authorized, capture_before, review, error_code, error_message, key_generation, version, created_at, updated_at`;

/** What is the same of every payment that has just been made: the defaults of its table. */
const NEW_PAYMENT = {
  provider_ref: null,
  captured: 0,
  refunded: 0,
  authorized: 0,
  capture_before: null,
  review: null,
  error_code: null,
  error_message: null,
  key_generation: 0,
  version: 1,
} as const;

/** A payment that is written in the statement of its order, and so at the same time. */
export type NewPayment = Omit<PaymentRow, 'created_at' | 'updated_at'>;

/** The first payment of an order. */
export function newPayment(
  payment: Pick<PaymentRow, 'order_id' | 'provider' | 'status' | 'amount' | 'currency' | 'capture_method'>,
): NewPayment {
  return { ...NEW_PAYMENT, ...payment, id: newUuid() };
}

const INSERT_PAYMENT = (p: (i: number) => string) =>
  `INSERT INTO payments (id, order_id, provider, status, amount, currency, capture_method)
   SELECT ${p(1)}, o.id, ${p(2)}, ${p(3)}, ${p(4)}, ${p(5)}, ${p(6)} FROM o`;

/** Writes a payment in the statement of its order; a partial UNIQUE index allows one that is not canceled. */
export const writtenWithOrder = (payment: NewPayment): WrittenWithOrder => ({
  name: 'payment',
  insert: INSERT_PAYMENT,
  values: [payment.id, payment.provider, payment.status, payment.amount, payment.currency, payment.capture_method],
});

/** Loads, locks and saves payments. */
@Injectable()
export class PaymentsRepository {
  async find(db: Queryable, id: string): Promise<PaymentRow | undefined> {
    return (await db.query<PaymentRow>(`SELECT ${COLUMNS} FROM payments WHERE id = $1`, [id]))[0];
  }

  async findByRef(db: Queryable, ref: string): Promise<PaymentRow | undefined> {
    return (await db.query<PaymentRow>(`SELECT ${COLUMNS} FROM payments WHERE provider_ref = $1`, [ref]))[0];
  }

  /** The payment of an order that counts: the one that is not canceled, else the latest. */
  async findCurrent(db: Queryable, orderId: string): Promise<PaymentRow | undefined> {
    return (
      await db.query<PaymentRow>(
        `SELECT ${COLUMNS} FROM payments WHERE order_id = $1 ORDER BY (status <> 'canceled') DESC, created_at DESC LIMIT 1`,
        [orderId],
      )
    )[0];
  }

  /**
   * Locks a payment. Lock its order first: that is the order of locks everywhere. As with orders, rows that only refer to the
   * payment do not wait for that.
   */
  async lock(tx: Tx, id: string): Promise<PaymentRow> {
    const [row] = await tx.query<PaymentRow>(`SELECT ${COLUMNS} FROM payments WHERE id = $1 FOR NO KEY UPDATE`, [id]);
    if (!row) throw new Error(`payment ${id} is gone`);
    return row;
  }

  async update(
    tx: Tx,
    id: string,
    change: {
      status?: PaymentStatus;
      providerRef?: string;
      captured?: number;
      refunded?: number;
      authorized?: number;
      captureBefore?: Date | null;
      review?: 'open' | 'accepted' | 'rejected';
      error?: { code: string | null; message: string | null } | null;
    },
  ): Promise<void> {
    await tx.query(
      `UPDATE payments SET status = coalesce($2, status), provider_ref = coalesce(provider_ref, $3), captured = coalesce($4, captured),
         refunded = coalesce($5, refunded), authorized = coalesce($9, authorized), review = coalesce($10, review),
         capture_before = CASE WHEN $11 THEN $12::timestamptz ELSE capture_before END,
         error_code = CASE WHEN $6 THEN $7 ELSE error_code END, error_message = CASE WHEN $6 THEN $8 ELSE error_message END,
         version = version + 1, updated_at = now() WHERE id = $1`,
      [
        id,
        change.status ?? null,
        change.providerRef ?? null,
        change.captured ?? null,
        change.refunded ?? null,
        change.error !== undefined,
        change.error?.code ?? null,
        change.error?.message ?? null,
        change.authorized ?? null,
        change.review ?? null,
        change.captureBefore !== undefined,
        change.captureBefore ?? null,
      ],
    );
  }

  /** Writes down why the provider is asked to cancel a payment, before it is asked. */
  async beginCancellation(db: Queryable, id: string, cancellation: Cancellation): Promise<void> {
    await db.query(`UPDATE payments SET cancellation = $2 WHERE id = $1 AND status <> 'canceled'`, [
      id,
      JSON.stringify(cancellation),
    ]);
  }

  /** The provider has answered. @returns what was asked of it; null when nobody here has asked */
  async endCancellation(db: Queryable, id: string): Promise<Cancellation | null> {
    const [row] = await db.query<{ cancellation: Cancellation }>(
      `UPDATE payments SET cancellation = NULL WHERE id = $1 AND cancellation IS NOT NULL RETURNING old.cancellation`,
      [id],
    );
    return row?.cancellation ?? null;
  }

  /**
   * How often somebody tried to pay: what was sent from here, what failed, or how many failures the provider told of,
   * whichever is more. Failures that follow fast are told one by one, but read as the last of them.
   */
  async countTries(tx: Tx, paymentId: string): Promise<number> {
    const [row] = await tx.query<{ n: number }>(
      `SELECT greatest((SELECT count(*) FROM payment_tries WHERE payment_id = $1),
                       (SELECT count(*) FROM payment_attempts WHERE payment_id = $1 AND outcome = 'failed'),
                       (SELECT count(*) FROM webhook_receipts w JOIN payments p ON p.provider_ref = w.object_ref
                        WHERE p.id = $1 AND w.type IN ('payment_intent.payment_failed', 'v1.payment_intent.payment_failed'))) AS n`,
      [paymentId],
    );
    return row!.n;
  }

  /**
   * Writes a try down before it is sent, under the lock of the payment.
   * @returns false when it is one too many; the same try again is not another
   */
  async beginTry(tx: Tx, paymentId: string, attemptId: string, limit: number): Promise<boolean> {
    await this.lock(tx, paymentId);
    const [same] = await tx.query(`SELECT 1 FROM payment_tries WHERE payment_id = $1 AND attempt_id = $2`, [
      paymentId,
      attemptId,
    ]);
    if (same) return true;
    if ((await this.countTries(tx, paymentId)) >= limit) return false;
    await tx.query(`INSERT INTO payment_tries (payment_id, attempt_id) VALUES ($1, $2)`, [paymentId, attemptId]);
    return true;
  }

  /** Remembers one try to pay. Returns false when it is known already. */
  async recordAttempt(
    tx: Tx,
    paymentId: string,
    attempt: { ref: string; outcome: string; code: string | null; declineCode: string | null; message: string | null },
  ): Promise<boolean> {
    const rows = await tx.query<{ fresh: boolean }>(
      `INSERT INTO payment_attempts AS a (payment_id, provider_ref, outcome, code, decline_code, message) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT ON CONSTRAINT payment_attempts_once DO UPDATE SET outcome = excluded.outcome, code = excluded.code
         WHERE a.outcome = 'pending' AND excluded.outcome <> 'pending'
       RETURNING (xmax = 0) AS fresh`,
      [paymentId, attempt.ref, attempt.outcome, attempt.code, attempt.declineCode, attempt.message],
    );
    return rows.length > 0;
  }
}
