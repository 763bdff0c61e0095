import type { Queryable } from '#libs/database';
import { BOOK_CHECKS, type BookCheck } from './checks.js';

/** The provider's side, as its API tells it. Amounts in ISO minor units. */
export interface ProviderBooks {
  charges: { ref: string; orderId: string; captured: number; refunded: number; currency: string }[];
  events: { eventId: string; type: string }[];
  /** Lines of its ledger, each with the intent (`ref`) that it is about. */
  lines?: { line: string; ref: string; amount: number; fee: number; currency: string }[];
}

/** What clients were answered at checkout. */
export interface ClientAck {
  requestId: string;
  idempotencyKey: string;
  httpStatus: number;
  orderNumber: number | null;
}

/** A check that found something. */
export interface Violation {
  id: string;
  title: string;
  count: number;
  sample: string;
}

const PROVIDER_CTE = `provider_charges AS (
    SELECT ref, "orderId" AS order_id, captured, refunded, currency
    FROM jsonb_to_recordset($1::jsonb->'charges') AS x(ref text, "orderId" text, captured bigint, refunded bigint, currency char(3))),
  provider_events AS (SELECT "eventId" AS event_id, type FROM jsonb_to_recordset($1::jsonb->'events') AS x("eventId" text, type text)),
  provider_lines AS (
    SELECT line, ref, amount, fee, currency
    FROM jsonb_to_recordset($1::jsonb->'lines') AS x(line text, ref text, amount bigint, fee bigint, currency char(3)))`;
const ACKS_CTE = `client_acks AS (
    SELECT "requestId" AS request_id, "idempotencyKey" AS idempotency_key, "httpStatus" AS http_status, "orderNumber" AS order_number
    FROM jsonb_to_recordset($1::jsonb) AS x("requestId" text, "idempotencyKey" text, "httpStatus" int, "orderNumber" bigint))`;

/**
 * Runs the books. No violation means that they balance.
 * @param graceSeconds how long work under way may take before it counts
 */
export async function runBooks(
  db: Queryable,
  graceSeconds: number,
  given: { provider?: ProviderBooks; acks?: ClientAck[] } = {},
): Promise<{ run: BookCheck[]; violations: Violation[] }> {
  const run = BOOK_CHECKS.filter((check) => check.needs === undefined || given[check.needs] !== undefined);
  const violations: Violation[] = [];
  for (const check of run) {
    const rows = await db.query<{ detail: string }>(
      statementOf(check, graceSeconds),
      check.needs ? [JSON.stringify(given[check.needs])] : [],
    );
    if (rows.length > 0)
      violations.push({ id: check.id, title: check.title, count: rows.length, sample: rows[0]!.detail });
  }
  return { run, violations };
}

function statementOf(check: BookCheck, graceSeconds: number): string {
  const sql = check.sql.replaceAll(':grace', String(Math.round(graceSeconds)));
  if (!check.needs) return sql;
  return `WITH ${check.needs === 'provider' ? PROVIDER_CTE : ACKS_CTE} ${sql}`;
}
