import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/**
 * What holds of each order, line and payment moves from many CHECKs into one for each table, which calls a function:
 * Postgres reads the text of every CHECK anew in each statement, and the body of a function once in each connection
 * (ADR 0030). As in a CHECK, what is unknown (NULL) is no offense.
 */
export class SoundRows1790000000058 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const sound of SOUND) for (const statement of statements(sound)) await patiently(runner, statement);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}

interface Sound {
  table: string;
  name: string;
  /** What holds of row `r`. */
  rules: string[];
  /** The CHECKs that said so. */
  instead: string[];
}

const SOUND: Sound[] = [
  {
    table: 'orders',
    name: 'order_is_sound',
    rules: [
      `r.total = r.subtotal - r.discount_total + r.shipping_total + CASE WHEN r.tax_included THEN 0 ELSE r.tax_total END`,
      `r.subtotal >= 0 AND r.discount_total >= 0 AND r.shipping_total >= 0 AND r.shipping_tax >= 0 AND r.tax_total >= 0`,
      `r.total >= 0 AND r.credit_total >= 0 AND r.credit_total <= r.total`,
      `r.status IN ('pending_payment', 'confirmed', 'completed', 'canceled', 'payment_review')`,
      `(r.placed_at IS NOT NULL OR r.status IN ('pending_payment', 'canceled', 'payment_review'))`,
      `r.payment_status IN ('pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed', 'canceled')`,
      `r.fulfillment_status IN ('unfulfilled', 'partially_fulfilled', 'fulfilled', 'returned')`,
    ],
    instead: [
      'orders_totals_add_up',
      'orders_subtotal_check',
      'orders_discount_total_check',
      'orders_shipping_total_check',
      'orders_shipping_tax_check',
      'orders_tax_total_check',
      'orders_total_check',
      'orders_credit',
      'orders_status_check',
      'orders_placed',
      'orders_payment_status_check',
      'orders_fulfillment_status_check',
    ],
  },
  {
    table: 'order_lines',
    name: 'order_line_is_sound',
    rules: [
      `r.quantity BETWEEN 1 AND 9999`,
      `r.fulfilled_quantity BETWEEN 0 AND r.quantity`,
      `r.restocked_quantity BETWEEN 0 AND r.quantity`,
      `r.unit_price >= 0 AND r.tax_total >= 0 AND r.total >= 0`,
      `r.discount_total >= 0 AND r.discount_total <= r.quantity::bigint * r.unit_price`,
    ],
    instead: [
      'order_lines_quantity_check',
      'order_lines_fulfilled',
      'order_lines_restocked',
      'order_lines_unit_price_check',
      'order_lines_tax_total_check',
      'order_lines_total_check',
      'order_lines_discount_total_check',
      'order_lines_discount',
    ],
  },
  {
    table: 'payments',
    name: 'payment_is_sound',
    rules: [
      `r.amount > 0 AND r.authorized >= 0`,
      `0 <= r.refunded AND r.refunded <= r.captured`,
      `(r.captured <= r.amount OR coalesce(r.review IN ('accepted', 'rejected'), FALSE))`,
      `r.credited >= 0 AND r.credited <= r.captured`,
      `r.status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized', 'succeeded', 'canceled')`,
      `r.provider IN ('stripe', 'manual')`,
      `r.capture_method IN ('automatic', 'manual')`,
      `r.review IN ('open', 'accepted', 'rejected')`,
      `r.cancellation ?& '{reason,actor}'::text[]`,
      `r.key_generation >= 0`,
    ],
    instead: [
      'payments_amount_check',
      'payments_authorized',
      'payments_bounds',
      'payments_credited',
      'payments_status_check',
      'payments_provider_check',
      'payments_capture_method',
      'payments_review',
      'payments_cancellation',
      'payments_key_generation',
    ],
  },
];

/** Rows are read (VALIDATE) while others write; the old CHECKs go when the new one holds of all of them. */
const statements = ({ table, name, rules, instead }: Sound) => [
  `CREATE OR REPLACE FUNCTION ${name}(r ${table}) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
   BEGIN
     RETURN ${rules.join('\n       AND ')};
   END $$`,
  `COMMENT ON FUNCTION ${name} IS 'what holds of each row of ${table}; its CHECK ${table}_sound'`,
  // In one statement: a run that goes on after an interrupted one never leaves the table without both.
  `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${table}_sound,
     ADD CONSTRAINT ${table}_sound CHECK (${name}(${table})) NOT VALID`,
  `ALTER TABLE ${table} VALIDATE CONSTRAINT ${table}_sound`,
  `ALTER TABLE ${table} ${instead.map((old) => `DROP CONSTRAINT IF EXISTS ${old}`).join(', ')}`,
];
