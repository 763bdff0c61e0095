import pg from 'pg';
import { decodeId } from '#libs/ids';
import { Shop } from '../support/shop.js';

/** An order that was placed and is paid later, and what its rows look like before each case. */
let shop: Shop;
let db: pg.Client;
let orderId: string;

beforeAll(async () => {
  shop = await Shop.start({ env: { MANUAL_PAYMENTS: '1' } });
  const cart = await shop.cart([{ variantId: await shop.product({ stock: 10, price: 1000 }), quantity: 2 }]);
  const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
  expect(placed.status).toBe(201);
  orderId = decodeId('order', placed.body.order.id)!;
  await shop.quiet();
  db = new pg.Client(shop.database.url);
  await db.connect();
  // Room below each amount, so that a case breaks the one rule that it is about.
  await db.query(
    `UPDATE orders SET subtotal = 2000, discount_total = 100, shipping_total = 500, shipping_tax = 40, tax_total = 200,
       tax_included = FALSE, total = 2600, credit_total = 300 WHERE id = $1`,
    [orderId],
  );
  await db.query(
    `UPDATE order_lines SET quantity = 2, fulfilled_quantity = 0, restocked_quantity = 0, unit_price = 1000,
       discount_total = 100, tax_total = 200, total = 2100 WHERE order_id = $1`,
    [orderId],
  );
  await db.query(
    `UPDATE payments SET amount = 2300, captured = 2300, refunded = 100, credited = 50 WHERE order_id = $1`,
    [orderId],
  );
});
afterAll(async () => {
  await db?.end();
  await shop?.stop();
});

/** What becomes of an update that is taken back: the CHECK that refuses it, or null. */
async function refusalOf(table: string, change: string): Promise<string | null> {
  await db.query('BEGIN');
  try {
    const { rowCount } = await db.query(
      `UPDATE ${table} SET ${change} WHERE ${table === 'orders' ? 'id' : 'order_id'} = $1`,
      [orderId],
    );
    expect(rowCount).toBe(1);
    return null;
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    expect(code).toBe('23514');
    return constraint ?? '';
  } finally {
    await db.query('ROLLBACK');
  }
}

const UNSOUND: Record<string, string[]> = {
  orders: [
    'total = total + 1',
    'total = total - 1',
    'tax_included = TRUE',
    'subtotal = -1, total = 0 - 1 - 100 + 500 + 200',
    'discount_total = -1, total = 2000 + 1 + 500 + 200',
    'shipping_total = -1, total = 2000 - 100 - 1 + 200',
    'shipping_tax = -1',
    'tax_total = -1, total = 2000 - 100 + 500 - 1',
    'discount_total = 2701, total = -1, credit_total = 0',
    'credit_total = -1',
    'credit_total = total + 1',
    `status = 'unknown'`,
    `placed_at = NULL`,
    `placed_at = NULL, status = 'completed'`,
    `payment_status = 'unknown'`,
    `fulfillment_status = 'unknown'`,
  ],
  order_lines: [
    'quantity = 0, discount_total = 0',
    'quantity = 10000',
    'fulfilled_quantity = -1',
    'fulfilled_quantity = quantity + 1',
    'restocked_quantity = -1',
    'restocked_quantity = quantity + 1',
    // No discount, however small, fits below a negative price.
    'unit_price = -1, discount_total = 0',
    'tax_total = -1',
    'total = -1',
    'discount_total = -1',
    'discount_total = 2001',
    'quantity = 9999, unit_price = 1000000, discount_total = 9999000001',
  ],
  payments: [
    'amount = 0, captured = 0, refunded = 0, credited = 0',
    'authorized = -1',
    'refunded = -1',
    'refunded = captured + 1',
    'captured = amount + 1',
    `captured = amount + 1, review = 'open'`,
    'credited = -1',
    'credited = captured + 1',
    `status = 'unknown'`,
    `provider = 'unknown'`,
    `capture_method = 'unknown'`,
    `review = 'unknown'`,
    `cancellation = '{"reason": "asked"}'`,
    `cancellation = '{"actor": "ada"}'`,
    'key_generation = -1',
  ],
};

/** A column and each word that it may hold. */
const words = (column: string, ...all: string[]) => all.map((word) => `${column} = '${word}'`);

const SOUND: Record<string, string[]> = {
  orders: [
    ...words('status', 'pending_payment', 'confirmed', 'completed', 'canceled', 'payment_review'),
    ...words('payment_status', 'pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed', 'canceled'),
    ...words('fulfillment_status', 'unfulfilled', 'partially_fulfilled', 'fulfilled', 'returned'),
    'subtotal = 0, discount_total = 0, shipping_total = 0, shipping_tax = 0, tax_total = 0, credit_total = 0, total = 0',
    'total = total + 1, subtotal = subtotal + 1',
    'tax_included = TRUE, total = 2400',
    'discount_total = 2700, total = 0, credit_total = 0',
    'credit_total = total',
    `placed_at = NULL, status = 'pending_payment'`,
    `placed_at = NULL, status = 'canceled'`,
    `placed_at = NULL, status = 'payment_review'`,
  ],
  order_lines: [
    'unit_price = 0, discount_total = 0, tax_total = 0, total = 0',
    'quantity = 1',
    'quantity = 9999',
    'fulfilled_quantity = quantity, restocked_quantity = quantity',
    'discount_total = 2000, total = 0, tax_total = 0',
    'quantity = 9999, unit_price = 1000000, discount_total = 9999000000',
  ],
  payments: [
    'amount = 1, captured = 0, refunded = 0, credited = 0, authorized = 0, key_generation = 0',
    ...words(
      'status',
      'requires_payment_method',
      'requires_action',
      'processing',
      'authorized',
      'succeeded',
      'canceled',
    ),
    ...words('provider', 'stripe', 'manual'),
    ...words('capture_method', 'automatic', 'manual'),
    ...words('review', 'open', 'accepted', 'rejected'),
    'refunded = captured, credited = captured',
    `captured = amount + 1, review = 'accepted'`,
    `captured = amount + 1, review = 'rejected'`,
    'review = NULL, cancellation = NULL',
    `cancellation = '{"reason": "asked", "actor": "ada"}'`,
  ],
};

describe('rows that Postgres refuses, whoever writes them', () => {
  it.each(Object.entries(UNSOUND).flatMap(([table, all]) => all.map((change) => [table, change] as const)))(
    '%s: %s',
    async (table, change) => {
      expect(await refusalOf(table, change)).toBe(`${table}_sound`);
    },
  );
});

describe('rows on the edge of what is sound', () => {
  it.each(Object.entries(SOUND).flatMap(([table, all]) => all.map((change) => [table, change] as const)))(
    '%s: %s',
    async (table, change) => {
      expect(await refusalOf(table, change)).toBeNull();
    },
  );
});
