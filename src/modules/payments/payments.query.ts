import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Page, pageOf } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { PaymentListQuery, WebhookReceiptListQuery } from './dto/payments.request.js';
import type {
  CaptureResponse,
  OrderPaymentDetailResponse,
  PaymentDetailResponse,
  PaymentResponse,
  RefundResponse,
  WebhookReceiptResponse,
} from './dto/payments.response.js';
import type { PaymentRow } from './payments.repository.js';
import { StripeGateway } from './stripe/stripe-gateway.js';

const NEWEST: KeysetColumn[] = [
  { sql: 'p.created_at', type: 'timestamptz', descending: true },
  { sql: 'p.id', type: 'uuid', descending: true },
];
const NEWEST_RECEIPTS: KeysetColumn[] = [
  { sql: 'w.received_at', type: 'timestamptz', descending: true },
  { sql: 'w.id', type: 'uuid', descending: true },
];

interface RefundRow {
  id: string;
  order_id: string;
  payment_id: string | null;
  destination: string;
  status: string;
  amount: number;
  currency: string;
  reason: string;
  restock: boolean;
  provider_ref: string | null;
  failure: string | null;
  created_at: Date;
}

interface CaptureRow {
  id: string;
  order_id: string;
  payment_id: string;
  status: string;
  amount: number;
  currency: string;
  failure: string | null;
  created_at: Date;
}

/** What staff read about payments, refunds and events. */
@Injectable()
export class PaymentsQuery {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
  ) {}

  async list(query: PaymentListQuery): Promise<{ data: PaymentResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('payments', NEWEST, query.cursor, 7);
    const where = `($1::text IS NULL OR p.status = $1) AND ($2::text IS NULL OR p.provider = $2) AND ($3::uuid IS NULL OR p.order_id = $3)
      AND ($4::text IS NULL OR p.review = $4)
      AND ($5::text IS NULL OR p.id IN (
        SELECT id FROM payments WHERE provider_ref = $5 UNION ALL SELECT payment_id FROM payment_attempts WHERE provider_ref = $5
        UNION ALL SELECT payment_id FROM refunds WHERE provider_ref = $5
        UNION ALL SELECT x.id FROM payments x JOIN orders o ON o.id = x.order_id WHERE o.number = $6))`;
    const q = query.q?.trim() || null;
    const number = q !== null && /^#?\d{1,15}$/.test(q) ? Number(q.replace('#', '')) : null;
    const values = [
      query.status ?? null,
      query.provider ?? null,
      query.orderId ?? null,
      query.review ?? null,
      q,
      number,
    ];
    const rows = await this.db.query<PaymentRow>(
      `SELECT p.* FROM payments p WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM payments p WHERE ${where}`, values))[0]!.n
      : undefined;
    const page = pageOf(
      'payments',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.created_at.toISOString(), r.id],
      total,
    );
    return { data: page.rows.map((row) => this.toPayment(row)), page: page.page };
  }

  async get(id: string): Promise<PaymentDetailResponse> {
    const [payment] = await this.db.query<PaymentRow>(`SELECT p.* FROM payments p WHERE p.id = $1`, [id]);
    if (!payment) throw NotFound({ detail: 'There is no such payment.' });
    const [attempts, captures, refunds] = await Promise.all([
      this.db.query<{
        provider_ref: string;
        outcome: string;
        code: string | null;
        decline_code: string | null;
        message: string | null;
        created_at: Date;
      }>(
        `SELECT provider_ref, outcome, code, decline_code, message, created_at FROM payment_attempts WHERE payment_id = $1 ORDER BY id`,
        [id],
      ),
      this.db.query<CaptureRow>(`SELECT * FROM payment_captures WHERE payment_id = $1 ORDER BY created_at, id`, [id]),
      this.db.query<RefundRow>(`SELECT * FROM refunds WHERE payment_id = $1 ORDER BY created_at, id`, [id]),
    ]);
    return {
      ...this.toPayment(payment),
      attempts: attempts.map((a) => ({
        providerRef: a.provider_ref.startsWith('pi_') ? null : a.provider_ref,
        outcome: a.outcome,
        code: a.code,
        declineCode: a.decline_code,
        message: a.message,
        createdAt: a.created_at.toISOString(),
      })),
      captures: captures.map(toCapture),
      refunds: refunds.map((row) => toRefund(row)),
    };
  }

  /** What the shopper of an order may know of its payments, oldest first. */
  async ofOrder(orderId: string): Promise<OrderPaymentDetailResponse[]> {
    const rows = await this.db.query<PaymentRow>(
      `SELECT p.* FROM payments p WHERE p.order_id = $1 ORDER BY p.created_at, p.id`,
      [orderId],
    );
    return rows.map((row) => {
      const { id, provider, status, amount, authorized, captureBefore, captured, refunded, error, createdAt } =
        this.toPayment(row);
      return { id, provider, status, amount, authorized, captureBefore, captured, refunded, error, createdAt };
    });
  }

  async capture(id: string): Promise<CaptureResponse> {
    const [row] = await this.db.query<CaptureRow>(`SELECT * FROM payment_captures WHERE id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such capture.' });
    return toCapture(row);
  }

  async refund(id: string): Promise<RefundResponse> {
    const [row, ...others] = await this.db.query<RefundRow>(
      `SELECT * FROM refunds WHERE id = $1 OR part_of = $1 ORDER BY part_of NULLS FIRST, id`,
      [id],
    );
    if (!row) throw NotFound({ detail: 'There is no such refund.' });
    return toRefund(row, others);
  }

  async receipts(query: WebhookReceiptListQuery): Promise<{ data: WebhookReceiptResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('webhook-receipts', NEWEST_RECEIPTS, query.cursor, 2);
    const where = `($1::text IS NULL OR w.object_ref = $1)`;
    const values = [query.objectRef ?? null];
    const rows = await this.db.query<ReceiptRow>(
      `SELECT w.id, w.event_id, w.type, w.object_ref, w.received_at, w.processed_at, w.outcome FROM webhook_receipts w
       WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM webhook_receipts w WHERE ${where}`, values))[0]!
          .n
      : undefined;
    const page = pageOf(
      'webhook-receipts',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (r) => [r.received_at.toISOString(), r.id],
      total,
    );
    return { data: page.rows.map(toReceipt), page: page.page };
  }

  async receipt(id: string): Promise<WebhookReceiptResponse> {
    const [row] = await this.db.query<ReceiptRow>(
      `SELECT id, event_id, type, object_ref, received_at, processed_at, outcome FROM webhook_receipts WHERE id = $1`,
      [id],
    );
    if (!row) throw NotFound({ detail: 'There is no such receipt.' });
    return toReceipt(row);
  }

  private toPayment(row: PaymentRow): PaymentResponse {
    const money = (amount: number) => ({ amount, currency: row.currency });
    return {
      id: encodeId('payment', row.id),
      orderId: encodeId('order', row.order_id),
      provider: row.provider,
      providerRef: row.provider_ref,
      dashboardUrl:
        row.provider_ref !== null && row.provider === 'stripe' ? this.gateway.dashboardUrl(row.provider_ref) : null,
      review: row.review,
      status: row.status,
      amount: money(row.amount),
      captureMethod: row.capture_method,
      authorized: money(row.authorized),
      captureBefore: row.status === 'authorized' ? (row.capture_before?.toISOString() ?? null) : null,
      captured: money(row.captured),
      refunded: money(row.refunded),
      error: row.error_code ? { code: row.error_code, message: row.error_message ?? '' } : null,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}

interface ReceiptRow {
  id: string;
  event_id: string;
  type: string;
  object_ref: string | null;
  received_at: Date;
  processed_at: Date | null;
  outcome: string | null;
}

function toReceipt(row: ReceiptRow): WebhookReceiptResponse {
  return {
    id: encodeId('webhook', row.id),
    eventId: row.event_id,
    type: row.type,
    objectRef: row.object_ref,
    receivedAt: row.received_at.toISOString(),
    processedAt: row.processed_at?.toISOString() ?? null,
    outcome: row.outcome,
  };
}

function toCapture(row: CaptureRow): CaptureResponse {
  return {
    id: encodeId('capture', row.id),
    orderId: encodeId('order', row.order_id),
    paymentId: encodeId('payment', row.payment_id),
    status: row.status,
    amount: { amount: row.amount, currency: row.currency },
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
  };
}

function toRefund(row: RefundRow, others: readonly RefundRow[] = []): RefundResponse {
  const parts = [row, ...others];
  const money = (amount: number) => ({ amount, currency: row.currency });
  return {
    id: encodeId('refund', row.id),
    orderId: encodeId('order', row.order_id),
    paymentId: row.payment_id && encodeId('payment', row.payment_id),
    status: row.status,
    amount: money(parts.reduce((sum, part) => sum + part.amount, 0)),
    parts: parts.map(({ destination, status, amount }) => ({ destination, status, amount: money(amount) })),
    reason: row.reason,
    restock: row.restock,
    providerRef: row.provider_ref,
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
  };
}
