import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { newUuid } from '#libs/ids';

/** A line that a shopper wants. */
export interface WantedLine {
  variantId: string;
  quantity: number;
}

export interface WantedOrder {
  lines: WantedLine[];
  email: string;
  shippingAddress: Record<string, string>;
}

const LIST = {
  name: 'list',
  text: `SELECT p.id, p.handle, p.title, p.vendor, p.thumbnail, c.title AS category, r.min, r.max
    FROM (SELECT * FROM floor.products ORDER BY created_at DESC, id DESC LIMIT 20 OFFSET $1) p
    JOIN floor.categories c ON c.id = p.category_id
    CROSS JOIN LATERAL (
      SELECT min(pr.amount) AS min, max(pr.amount) AS max
      FROM floor.variants v JOIN floor.prices pr ON pr.variant_id = v.id AND pr.currency = 'USD' WHERE v.product_id = p.id) r
    ORDER BY p.created_at DESC, p.id DESC`,
};

/** A page of 20 products: one statement. */
export async function list(pool: pg.Pool, page: number): Promise<unknown> {
  const { rows } = await pool.query({ ...LIST, values: [(page - 1) * 20] });
  return { data: rows };
}

const DETAIL = {
  name: 'detail',
  text: `SELECT p.id, p.handle, p.title, p.description, p.vendor, p.thumbnail, v.id AS variant_id, v.title AS variant_title, v.sku, s.on_hand AS stock,
      pr.amount, pr.compare_at
    FROM floor.products p JOIN floor.variants v ON v.product_id = p.id
    JOIN floor.prices pr ON pr.variant_id = v.id AND pr.currency = 'USD' JOIN floor.stock s ON s.variant_id = v.id
    WHERE p.handle = $1 ORDER BY v.position`,
};

interface DetailRow {
  id: string;
  handle: string;
  title: string;
  description: string;
  vendor: string;
  thumbnail: string | null;
  variant_id: string;
  variant_title: string;
  sku: string | null;
  stock: number;
  amount: number;
  compare_at: number | null;
}

/** A product with its variants and their prices: one statement. */
export async function detail(pool: pg.Pool, handle: string): Promise<unknown> {
  const { rows } = await pool.query<DetailRow>({ ...DETAIL, values: [handle] });
  const first = rows[0];
  if (!first) throw new Error('no such product');
  return {
    id: first.id,
    handle: first.handle,
    title: first.title,
    description: first.description,
    vendor: first.vendor,
    thumbnail: first.thumbnail,
    variants: rows.map((row) => ({
      id: row.variant_id,
      title: row.variant_title,
      sku: row.sku,
      price: row.amount,
      compareAt: row.compare_at,
      stock: row.stock,
    })),
  };
}

/** Runs prepared statements between BEGIN and COMMIT. */
async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const INSERT_CART = { name: 'cart', text: `INSERT INTO floor.carts (id, token_hash) VALUES ($1, $2)` };
const INSERT_LINES = {
  name: 'cart-lines',
  text: `INSERT INTO floor.cart_lines (id, cart_id, variant_id, quantity) SELECT w.id, $1, w.variant_id, w.quantity
    FROM unnest($2::uuid[], $3::uuid[], $4::int[]) AS w (id, variant_id, quantity)`,
};

async function insertCart(client: pg.PoolClient, lines: readonly WantedLine[]): Promise<{ id: string; token: string }> {
  const id = newUuid();
  const token = randomBytes(24).toString('base64url');
  await client.query({ ...INSERT_CART, values: [id, createHash('sha256').update(token).digest()] });
  await client.query({
    ...INSERT_LINES,
    values: [id, lines.map(() => newUuid()), lines.map((l) => l.variantId), lines.map((l) => l.quantity)],
  });
  return { id, token };
}

/** A cart with one line: BEGIN, two statements, COMMIT. */
export async function cart(pool: pg.Pool, line: WantedLine): Promise<unknown> {
  const made = await inTransaction(pool, (client) => insertCart(client, [line]));
  return { ...made, lines: [line] };
}

const SELECT_PRICES = {
  name: 'prices',
  text: `SELECT v.id, p.title, pr.amount FROM floor.variants v JOIN floor.products p ON p.id = v.product_id
    JOIN floor.prices pr ON pr.variant_id = v.id AND pr.currency = 'USD' WHERE v.id = ANY($1::uuid[])`,
};
const INSERT_ORDER = {
  name: 'order',
  text: `INSERT INTO floor.orders (id, cart_id, email, address, status, total) VALUES ($1, $2, $3, $4, 'confirmed', $5) RETURNING number`,
};
const INSERT_ORDER_LINES = {
  name: 'order-lines',
  text: `INSERT INTO floor.order_lines (id, order_id, variant_id, title, quantity, unit_price) SELECT w.id, $1, w.variant_id, w.title, w.quantity, w.unit_price
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::bigint[]) AS w (id, variant_id, title, quantity, unit_price)`,
};
const INSERT_PAYMENT = {
  name: 'payment',
  text: `INSERT INTO floor.payments (id, order_id, status, amount) VALUES ($1, $2, 'pending', $3)`,
};
const INSERT_EVENT = {
  name: 'outbox',
  text: `INSERT INTO floor.outbox (topic, payload) VALUES ('order.placed', $1)`,
};
const TAKE_STOCK = {
  name: 'stock',
  text: `UPDATE floor.stock s SET on_hand = s.on_hand - w.quantity
    FROM (SELECT x.variant_id, w.quantity
          FROM floor.stock x JOIN unnest($1::uuid[], $2::int[]) AS w (variant_id, quantity) USING (variant_id)
          ORDER BY x.variant_id FOR NO KEY UPDATE OF x) w
    WHERE s.variant_id = w.variant_id AND s.on_hand >= w.quantity`,
};

/** A whole order: BEGIN, eight statements, COMMIT. */
export async function order(pool: pg.Pool, wanted: WantedOrder): Promise<unknown> {
  const variantIds = wanted.lines.map((line) => line.variantId);
  const quantities = wanted.lines.map((line) => line.quantity);
  return inTransaction(pool, async (client) => {
    const made = await insertCart(client, wanted.lines);
    const { rows } = await client.query<{ id: string; title: string; amount: number }>({
      ...SELECT_PRICES,
      values: [variantIds],
    });
    const goods = new Map(rows.map((row) => [row.id, row]));
    const titles = variantIds.map((id) => goods.get(id)!.title);
    const prices = variantIds.map((id) => goods.get(id)!.amount);
    const total = prices.reduce((sum, price, i) => sum + price * quantities[i]!, 0);
    const id = newUuid();
    const inserted = await client.query<{ number: number }>({
      ...INSERT_ORDER,
      values: [id, made.id, wanted.email, wanted.shippingAddress, total],
    });
    const lineIds = variantIds.map(() => newUuid());
    await client.query({ ...INSERT_ORDER_LINES, values: [id, lineIds, variantIds, titles, quantities, prices] });
    await client.query({ ...INSERT_PAYMENT, values: [newUuid(), id, total] });
    await client.query({ ...INSERT_EVENT, values: [{ orderId: id }] });
    const taken = await client.query({ ...TAKE_STOCK, values: [variantIds, quantities] });
    if (taken.rowCount !== variantIds.length) throw new Error('out of stock');
    return { id, number: inserted.rows[0]!.number, token: made.token, status: 'confirmed', total, lines: wanted.lines };
  });
}
