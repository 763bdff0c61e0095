import pg from 'pg';
import { BOOK_CHECKS, runBooks } from '../../src/modules/operations/index.js';
import { bundleOf } from '../support/bundles.js';
import { applyCard, giftCard } from '../support/credits.js';
import { Shop } from '../support/shop.js';

/** A corruption that a check must find: what the schema itself would refuse is planted past its constraints. */
interface PlantedFault {
  check: string;
  what: string;
  sql: string[];
  provider?: { charges: Record<string, unknown>[]; events: Record<string, unknown>[] };
  acks?: Record<string, unknown>[];
}

const PAID = `(SELECT id FROM orders WHERE payment_status = 'paid' AND status = 'confirmed' ORDER BY number LIMIT 1)`;
const UNPAID = `(SELECT id FROM orders WHERE status = 'pending_payment' ORDER BY number LIMIT 1)`;
const CANCELED = `(SELECT id FROM orders WHERE status = 'canceled' ORDER BY number LIMIT 1)`;
const A_TRACKED_LINE_OF = (order: string) =>
  `(SELECT id FROM order_lines WHERE order_id = ${order} AND stock_tracked LIMIT 1)`;

const A_PART = `(SELECT r.order_line_id FROM stock_reservations r JOIN order_lines l ON l.order_id = r.order_id AND l.parts IS NOT NULL
  JOIN orders o ON o.id = l.order_id WHERE o.payment_status = 'paid' AND r.order_line_id <> l.id LIMIT 1)`;

const FAULTS: PlantedFault[] = [
  {
    check: 'S1',
    what: 'on-hand stock changed past the ledger',
    sql: [`UPDATE stock_levels SET on_hand = on_hand + 1 WHERE on_hand > 0`],
  },
  { check: 'S1', what: 'a movement without its level', sql: [`DELETE FROM stock_movements WHERE kind = 'receipt'`] },
  {
    check: 'S2',
    what: 'reserved more than is held',
    sql: [`UPDATE stock_levels SET reserved = reserved + 1 WHERE on_hand > 1`],
  },
  { check: 'S2', what: 'a hold that is gone', sql: [`DELETE FROM stock_reservations WHERE state = 'held'`] },
  {
    check: 'S3',
    what: 'reserved more than there is',
    sql: [
      `ALTER TABLE stock_levels DROP CONSTRAINT stock_no_oversell`,
      `UPDATE stock_levels SET reserved = on_hand + backorder_limit + 1`,
    ],
  },
  {
    check: 'S4',
    what: 'a paid order that took nothing',
    sql: [`DELETE FROM stock_movements WHERE order_line_id = ${A_TRACKED_LINE_OF(PAID)}`],
  },
  {
    check: 'S4',
    what: 'an unpaid order that sold',
    sql: [
      `INSERT INTO stock_movements (id, variant_id, location_id, kind, delta, order_line_id, dedupe_key)
       SELECT gen_random_uuid(), variant_id, location_id, 'sale', -quantity, order_line_id, 'planted:' || id FROM stock_reservations WHERE order_id = ${UNPAID}`,
    ],
  },
  {
    check: 'S5',
    what: 'a paid order that only holds',
    sql: [`UPDATE stock_reservations SET state = 'held' WHERE order_id = ${PAID}`],
  },
  {
    check: 'S5',
    what: 'a canceled order that holds',
    sql: [`UPDATE stock_reservations SET state = 'held' WHERE order_id = ${CANCELED}`],
  },
  {
    check: 'S6',
    what: 'a hold past its time',
    sql: [`UPDATE orders SET expires_at = now() - interval '1 h' WHERE id = ${UNPAID}`],
  },
  {
    check: 'S4',
    what: 'a part of a bundle that was sold and did not leave the shelf',
    sql: [`DELETE FROM stock_movements WHERE order_line_id = ${A_PART}`],
  },
  {
    check: 'S7',
    what: 'less reserved than the line wants',
    sql: [`UPDATE stock_reservations SET quantity = quantity - 1 WHERE order_line_id = ${A_TRACKED_LINE_OF(PAID)}`],
  },
  {
    check: 'S7',
    what: 'another variant reserved than the part of the bundle is',
    sql: [
      `UPDATE stock_reservations SET variant_id = (SELECT variant_id FROM bundle_parts LIMIT 1) WHERE order_line_id = ${A_PART}`,
    ],
  },
  {
    check: 'S7',
    what: 'a movement for a line that there is not',
    sql: [`UPDATE stock_movements SET order_line_id = gen_random_uuid() WHERE order_line_id = ${A_PART}`],
  },
  {
    check: 'B1',
    what: 'a part whose stock does not know of its bundle',
    sql: [`UPDATE stock_levels SET bundle_quantity = 0`],
  },
  {
    check: 'B1',
    what: 'a bundle that takes more than the stock of the part knows',
    sql: [`UPDATE bundle_parts SET quantity = quantity + 1`],
  },
  {
    check: 'B2',
    what: 'a bundle that lists show as sold out',
    sql: [
      `UPDATE product_listings SET available = false WHERE product_id IN (SELECT product_id FROM variants WHERE is_bundle)`,
    ],
  },
  {
    check: 'F1',
    what: 'a product that was changed past the counts of facets',
    sql: [`UPDATE product_listings SET vendor = 'Planted' WHERE vendor = 'Acme'`],
  },
  {
    check: 'F1',
    what: 'a product that is counted as available and is not',
    sql: [`UPDATE facet_counts SET available = available + 1 WHERE kind = 'price' AND available > 0`],
  },
  {
    check: 'F1',
    what: 'a count that is gone',
    sql: [`DELETE FROM facet_counts WHERE kind = 'vendor'`],
  },
  {
    check: 'F2',
    what: 'counts that nobody folds',
    sql: [
      `INSERT INTO facet_counts (currency, kind, text, label, listed, available)
       SELECT 'USD', 'vendor', 'planted', 'Planted', CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END, 0 FROM generate_series(1, 500002) n`,
    ],
  },
  {
    check: 'F3',
    what: 'a number that no filter finds',
    sql: [
      `ALTER TABLE products DISABLE TRIGGER products_numbers_changed`,
      `UPDATE products SET attributes = '{"planted": 7.5}' WHERE id = (SELECT id FROM products LIMIT 1)`,
    ],
  },
  {
    check: 'F3',
    what: 'a number that its product has not',
    sql: [
      `INSERT INTO product_numbers (term, product_id) SELECT number_term('planted', 7.5), id FROM products LIMIT 1`,
    ],
  },
  {
    check: 'F4',
    what: 'a short row that is not as its listing',
    sql: [`UPDATE product_facets SET price_min = price_min + 1`],
  },
  {
    check: 'F4',
    what: 'a listing that was changed past its short row',
    sql: [`UPDATE product_listings SET options = options || '{planted=1}'`],
  },
  {
    check: 'F4',
    what: 'a listing without its short row',
    sql: [`DELETE FROM product_facets WHERE product_id = (SELECT product_id FROM product_facets LIMIT 1)`],
  },
  {
    check: 'F4',
    what: 'a short row without its listing',
    sql: [`DELETE FROM product_listings WHERE product_id = (SELECT product_id FROM product_listings LIMIT 1)`],
  },
  {
    check: 'O1',
    what: 'two orders of one cart',
    sql: [
      `ALTER TABLE orders DROP CONSTRAINT orders_one_per_cart`,
      `UPDATE orders SET cart_id = (SELECT cart_id FROM orders ORDER BY number LIMIT 1)`,
    ],
  },
  {
    check: 'O2',
    what: 'a total that does not add up',
    sql: [
      `ALTER TABLE orders DROP CONSTRAINT orders_sound`,
      `UPDATE orders SET total = total + 1 WHERE id = ${UNPAID}`,
    ],
  },
  {
    check: 'O2',
    what: 'a line that costs something else',
    sql: [`UPDATE order_lines SET unit_price = unit_price + 1, total = total + quantity WHERE order_id = ${PAID}`],
  },
  {
    check: 'P1',
    what: 'a promotion that counts more than orders use',
    sql: [`INSERT INTO promotion_limits (promotion_id, max_uses, uses) VALUES (gen_random_uuid(), 5, 1)`],
  },
  {
    check: 'P1',
    what: 'a code that counts less than orders use',
    sql: [
      `INSERT INTO promotion_codes (id, promotion_id, code, max_uses) VALUES ('01920000-0000-7000-8000-0000000000c0', gen_random_uuid(), 'PLANTED', 5)`,
      `INSERT INTO promotion_uses (order_id, promotion_id, code_id, amount, currency)
       VALUES (${PAID}, gen_random_uuid(), '01920000-0000-7000-8000-0000000000c0', 1, 'USD')`,
    ],
  },
  {
    check: 'P1',
    what: 'a customer who is counted less than they used',
    sql: [
      `INSERT INTO promotion_limits (promotion_id, max_uses_per_customer) VALUES ('01920000-0000-7000-8000-0000000000c1', 5)`,
      `INSERT INTO promotion_uses (order_id, promotion_id, amount, currency, customer_keys)
       VALUES (${PAID}, '01920000-0000-7000-8000-0000000000c1', 1, 'USD', '{x}')`,
    ],
  },
  {
    check: 'P2',
    what: 'a discount that is not the sum of its parts',
    sql: [`UPDATE order_lines SET discounts = '[{"promotionId": "x", "amount": 1}]' WHERE order_id = ${PAID}`],
  },
  {
    check: 'P2',
    what: 'an unpaid order that ended and uses a promotion',
    sql: [
      `INSERT INTO promotion_uses (order_id, promotion_id, amount, currency) VALUES (${CANCELED}, gen_random_uuid(), 1, 'USD')`,
    ],
  },
  {
    check: 'O3',
    what: 'a status without history',
    sql: [`UPDATE orders SET status = 'payment_review' WHERE id = ${UNPAID}`],
  },
  {
    check: 'O3',
    what: 'a move that the table does not know',
    sql: [
      `INSERT INTO order_events (order_id, type, from_status, to_status) VALUES (${PAID}, 'planted', 'confirmed', 'pending_payment')`,
      `UPDATE orders SET status = 'pending_payment' WHERE id = ${PAID}`,
    ],
  },
  {
    check: 'O4',
    what: 'an order of another currency than its cart',
    sql: [`UPDATE carts SET currency = 'EUR' WHERE id = (SELECT cart_id FROM orders WHERE id = ${PAID})`],
  },
  {
    check: 'O5',
    what: 'an order that waits for ever',
    sql: [`UPDATE orders SET expires_at = NULL WHERE id = ${UNPAID}`],
  },
  {
    check: 'M1',
    what: 'paid without the money',
    sql: [`UPDATE payments SET captured = captured - 1, refunded = 0 WHERE order_id = ${PAID}`],
  },
  {
    check: 'M1',
    what: 'captured and still pending',
    sql: [`UPDATE orders SET payment_status = 'pending' WHERE id = ${PAID}`],
  },
  {
    check: 'M2',
    what: 'a canceled order that keeps money',
    sql: [`UPDATE payments SET captured = amount, status = 'succeeded' WHERE order_id = ${CANCELED}`],
  },
  {
    check: 'M3',
    what: 'refunded without a refund',
    sql: [`UPDATE payments SET refunded = 1 WHERE order_id = ${PAID}`],
  },
  {
    check: 'M4',
    what: 'a charge that we do not know',
    sql: [],
    provider: {
      charges: [{ ref: 'pi_planted', orderId: 'ord_x', captured: 5, refunded: 0, currency: 'USD' }],
      events: [],
    },
  },
  {
    check: 'M5',
    what: 'an order that is charged twice',
    sql: [],
    provider: {
      charges: [1, 2].map((n) => ({
        ref: `pi_planted_${n}`,
        orderId: 'ord_x',
        captured: 5,
        refunded: 0,
        currency: 'USD',
      })),
      events: [],
    },
  },
  {
    check: 'M6',
    what: 'an entry without its other side',
    sql: [`DELETE FROM ledger_entries WHERE account = 'customer_payments'`],
  },
  {
    check: 'M6',
    what: 'a transaction without entries',
    sql: [`INSERT INTO ledger_transactions (id, fact, kind) VALUES (gen_random_uuid(), 'planted', 'capture')`],
  },
  {
    check: 'M7',
    what: 'a capture of another amount',
    sql: [`UPDATE ledger_entries SET amount = amount - 1 WHERE account = 'customer_payments'`],
  },
  {
    check: 'M8',
    what: 'a capture that was not entered',
    sql: [`UPDATE ledger_transactions SET fact = 'planted:' || fact WHERE kind = 'capture'`],
  },
  {
    check: 'M9',
    what: 'a fee of another amount',
    sql: [`UPDATE ledger_entries SET amount = amount + 1 WHERE account = 'provider_balance:stripe'`],
  },
  ...(
    [
      ['a line of the provider that is missing', `DELETE FROM provider_transactions WHERE type = 'charge'`],
      ['a line with another amount', `UPDATE provider_transactions SET amount = amount + 1`],
      ['a line with another fee', `UPDATE provider_transactions SET fee = fee + 1 WHERE fee <> 0`],
      ['a line in another currency', `UPDATE provider_transactions SET currency = 'EUR'`],
      [
        'a line of another payment',
        `UPDATE provider_transactions SET payment_id = (SELECT id FROM payments WHERE provider_ref IS NULL LIMIT 1)`,
      ],
    ] as const
  ).map(([what, sql]) => ({ check: 'M12', what, sql: [sql] })),
  {
    check: 'M10',
    what: 'money that went back as store credit without a refund',
    sql: [`UPDATE payments SET credited = 1 WHERE order_id = ${PAID}`],
  },
  {
    check: 'M11',
    what: 'an account that says more than was entered',
    sql: [`UPDATE ledger_totals SET amount = amount + 1`, `UPDATE ledger_unfolded SET amount = amount + 1`],
  },
  {
    check: 'M11',
    what: 'an entry that was not added up',
    sql: [
      `INSERT INTO ledger_entries (id, transaction_id, account, currency, amount) SELECT gen_random_uuid(), id, 'refunds', 'USD', 1 FROM ledger_transactions LIMIT 1`,
    ],
  },
  {
    check: 'K1',
    what: 'a gift card that was filled past its transactions',
    sql: [`UPDATE gift_cards SET balance = balance + 1`],
  },
  {
    check: 'K2',
    what: 'credit that the ledger does not owe',
    sql: [`UPDATE ledger_entries SET amount = amount + 1 WHERE account = 'gift_cards'`],
  },
  {
    check: 'K3',
    what: 'a spend that was not entered',
    sql: [`UPDATE ledger_transactions SET fact = 'planted:' || fact WHERE kind = 'credit_spend'`],
  },
  {
    check: 'K4',
    what: 'an order that took less than it says',
    sql: [`UPDATE order_credits SET amount = amount + 1`],
  },
  {
    check: 'K4',
    what: 'an order that ended and keeps its credit',
    sql: [`UPDATE order_credits SET state = 'spent' WHERE order_id = ${CANCELED}`],
  },
  {
    check: 'K4',
    what: 'a gift card that was paid back without the order',
    sql: [`UPDATE credit_transactions SET kind = 'refund' WHERE kind = 'return'`],
  },
  {
    check: 'K5',
    what: 'a gift card that was paid and never made',
    sql: [`UPDATE order_lines SET is_gift_card = true WHERE order_id = ${PAID}`],
  },
  {
    check: 'K5',
    what: 'a card of something that is no gift card',
    sql: [
      `UPDATE gift_cards SET order_id = ${PAID}, piece = 1, order_line_id = (SELECT id FROM order_lines WHERE order_id = ${PAID} LIMIT 1)
       WHERE id = (SELECT id FROM gift_cards LIMIT 1)`,
    ],
  },
  {
    check: 'C1',
    what: 'money of a hold without a capture',
    sql: [`UPDATE payments SET capture_method = 'manual' WHERE order_id = ${PAID}`],
  },
  {
    check: 'C2',
    what: 'a hold that was captured, of an order that still waits for it',
    sql: [`UPDATE orders SET payment_status = 'authorized' WHERE id = ${PAID}`],
  },
  {
    check: 'C2',
    what: 'a paid order whose money is only held',
    sql: [`UPDATE payments SET status = 'authorized' WHERE order_id = ${PAID}`],
  },
  {
    check: 'C4',
    what: 'a hold that nobody lets go',
    sql: [
      `UPDATE payments SET status = 'authorized' WHERE order_id = ${PAID}`,
      `UPDATE orders SET status = 'canceled' WHERE id = ${PAID}`,
    ],
  },
  {
    check: 'C4',
    what: 'a hold that was to be let go, of an order that goes on',
    sql: [
      `UPDATE payments SET status = 'authorized' WHERE order_id = ${PAID}`,
      `INSERT INTO jobs (id, queue, name, dedupe_key, payload, max_attempts, state)
       SELECT gen_random_uuid(), 'payments', 'payments.release-hold', 'planted', jsonb_build_object('paymentId', id), 15, 'dead'
       FROM payments WHERE order_id = ${PAID}`,
    ],
  },
  {
    check: 'C3',
    what: 'a capture that nobody finished',
    sql: [
      `INSERT INTO payment_captures (id, payment_id, order_id, status, amount, currency, updated_at)
       SELECT gen_random_uuid(), id, order_id, 'pending', 1, currency, now() - interval '1 h' FROM payments WHERE order_id = ${PAID}`,
    ],
  },
  {
    check: 'E1',
    what: 'an event that never came',
    sql: [],
    provider: { charges: [], events: [{ eventId: 'evt_planted', type: 'charge.succeeded' }] },
  },
  {
    check: 'E2',
    what: 'an event that nobody worked on',
    sql: [`UPDATE webhook_receipts SET processed_at = NULL, received_at = now() - interval '1 h'`],
  },
  {
    check: 'E3',
    what: 'an outbox row that waits',
    sql: [`UPDATE outbox SET published_at = NULL, created_at = now() - interval '1 h'`],
  },
  {
    check: 'E4',
    what: 'a placed order that nobody heard of',
    sql: [`DELETE FROM outbox WHERE topic = 'order.placed' AND aggregate_id = ${PAID}`],
  },
  {
    check: 'E4',
    what: 'a paid order that nobody heard of',
    sql: [`DELETE FROM outbox WHERE topic = 'order.paid' AND aggregate_id = ${PAID}`],
  },
  {
    check: 'E5',
    what: 'a job that was lost',
    sql: [
      `UPDATE outbox SET published_at = now() - interval '1 h'`,
      `DELETE FROM jobs WHERE name = 'notifications.order-confirmation'`,
    ],
  },
  {
    check: 'E5',
    what: 'a job that is stuck',
    sql: [
      `UPDATE outbox SET published_at = now() - interval '1 h'`,
      `UPDATE jobs SET state = 'queued', next_at = now() - interval '1 h' WHERE name = 'notifications.order-confirmation'`,
    ],
  },
  {
    check: 'R1',
    what: 'an order that was promised and is gone',
    sql: [],
    acks: [{ requestId: 'r', idempotencyKey: 'k', httpStatus: 201, orderNumber: 999_999 }],
  },
  {
    check: 'R2',
    what: 'one key, two orders',
    sql: [],
    acks: [1, 2].map((n) => ({ requestId: `r${n}`, idempotencyKey: 'k', httpStatus: 201, orderNumber: 1000 + n })),
  },
  {
    check: 'R3',
    what: 'a key that never ends',
    sql: [
      `INSERT INTO idempotency_keys (scope, key, fingerprint, locked_at, created_at) VALUES ('s', 'planted', '', now() - interval '1 h', now() - interval '1 h')`,
    ],
  },
  {
    check: 'R4',
    what: 'a server error that a client saw',
    sql: [],
    acks: [{ requestId: 'r', idempotencyKey: 'k', httpStatus: 500, orderNumber: null }],
  },
  {
    check: 'A1',
    what: 'a live token in a revoked family',
    sql: [
      `INSERT INTO users (id, email, password_hash, role) VALUES ('01920000-0000-7000-8000-0000000000d1', 'planted@example.com', 'x', 'viewer')`,
      `INSERT INTO refresh_tokens (id, user_id, family_id, token_hash, revoked_at, expires_at)
       SELECT gen_random_uuid(), '01920000-0000-7000-8000-0000000000d1', '01920000-0000-7000-8000-0000000000d2', decode(h, 'hex'), r, now() + interval '1 d'
       FROM (VALUES ('aa', now()), ('bb', NULL::timestamptz)) AS v(h, r)`,
    ],
  },
  {
    check: 'D1',
    what: 'a constraint that was not validated',
    sql: [`ALTER TABLE carts ADD CONSTRAINT planted CHECK (version > 0) NOT VALID`],
  },
];

/** How many orders a full shop has here, and how long one check may take: one that compares each with each needs minutes. */
const MANY = 10_000;
const PATIENCE = '5s';
/** A column of a copy: the id of the original, told apart. */
const another = (column: string) => `md5(t.${column}::text || n)::uuid`;
const COPIES: Record<string, Record<string, string>> = {
  carts: { id: another('id') },
  orders: { id: another('id'), cart_id: another('cart_id'), number: `t.number + n * 1000` },
  order_lines: { id: another('id'), order_id: another('order_id') },
  order_events: { id: `t.id + n * 1000`, order_id: another('order_id') },
  payments: { id: another('id'), order_id: another('order_id'), provider_ref: `t.provider_ref || n` },
  outbox: { id: `t.id + n * 1000`, event_id: another('event_id'), event_key: `t.event_key || n`, aggregate_id: another('aggregate_id') },
  jobs: { id: another('id'), dedupe_key: `t.dedupe_key || n` },
  stock_movements: { id: another('id'), order_line_id: another('order_line_id'), dedupe_key: `t.dedupe_key || n` },
  stock_reservations: { id: another('id'), order_id: another('order_id'), order_line_id: another('order_line_id') },
  ledger_transactions: { id: another('id'), fact: `t.fact || n`, order_id: another('order_id'), payment_id: another('payment_id') },
  ledger_entries: { id: another('id'), transaction_id: another('transaction_id') },
  provider_transactions: { ref: `t.ref || n`, payment_id: another('payment_id') },
  webhook_receipts: { id: another('id'), event_id: `t.event_id || n` },
  order_credits: { id: another('id'), order_id: another('order_id') },
  credit_transactions: { id: another('id'), order_id: another('order_id') },
}; // prettier-ignore

describe('the books', () => {
  let shop: Shop;
  let admin: pg.Client;
  beforeAll(async () => {
    shop = await Shop.start();
    const variantId = await shop.product({ stock: 50 });
    const untracked = await shop.product({ stock: null });
    const part = await shop.product({ stock: 50 });
    const bundle = await bundleOf(shop, await shop.staff(), [
      { variantId, quantity: 1 },
      { variantId: part, quantity: 2 },
    ]);
    const lines = [
      { variantId, quantity: 2 },
      { variantId: untracked, quantity: 1 },
      { variantId: bundle.variantId, quantity: 1 },
    ];
    const pay = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
    expect((await shop.checkout(await shop.cart(lines), pay)).body.order.paymentStatus).toBe('paid');
    expect((await shop.checkout(await shop.cart(lines), { paymentMethod: 'manual' })).status).toBe(201);
    const canceled = await shop.cart(lines);
    const card = await giftCard(shop, 1500);
    const withCard = await shop.cart(lines);
    await applyCard(shop, withCard, card.code);
    expect((await shop.checkout(withCard, pay)).body.order).toMatchObject({
      paymentStatus: 'paid',
      creditTotal: { amount: 1500 },
    });
    await applyCard(shop, canceled, (await giftCard(shop, 1000)).code);
    const placed = await shop.checkout(canceled, { paymentMethod: 'stripe' });
    expect(
      (await shop.call('POST', `/v1/orders/${placed.body.order.id}/cancel`, { token: canceled.token, body: {} }))
        .status,
    ).toBe(200);
    expect((await shop.checkout(await shop.cart(lines), { paymentMethod: 'stripe' })).body.order.status).toBe(
      'pending_payment',
    );
    await shop.quiet();
    admin = new pg.Client({ connectionString: shop.database.adminUrl });
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.end();
    await shop?.stop();
  });

  it('balance with a healthy order of each kind', async () => {
    await shop.balance([]);
  });

  it('have a planted fault for every check', () => {
    // An open transaction cannot be planted from inside one; it has its own test below.
    expect(new Set([...FAULTS.map((f) => f.check), 'D2'])).toEqual(new Set(BOOK_CHECKS.map((c) => c.id)));
  });

  it.each(FAULTS.map((fault) => [fault.check, fault.what, fault] as const))(
    '%s finds %s',
    async (check, _what, fault) => {
      await admin.query('BEGIN');
      try {
        await admin.query('SET LOCAL session_replication_role = replica');
        for (const statement of fault.sql) await admin.query(statement);
        const db = { query: async (text: string, values?: unknown[]) => (await admin.query(text, values)).rows };
        const healthy = shop.providerBooks();
        const provider = {
          ...healthy,
          charges: [...healthy.charges, ...(fault.provider?.charges ?? [])],
          events: [...healthy.events, ...(fault.provider?.events ?? [])],
        };
        const { violations } = await runBooks(db as never, 0, { provider, acks: fault.acks ?? [] } as never);
        expect(violations.map((v) => v.id)).toContain(check);
      } finally {
        await admin.query('ROLLBACK');
      }
    },
  );

  it('are read in the time that a full shop allows', async () => {
    await admin.query('BEGIN');
    try {
      await admin.query('SET LOCAL session_replication_role = replica');
      for (const [table, columns] of Object.entries(COPIES)) {
        const changes = Object.entries(columns).map(([column, value]) => `'${column}', ${value}`);
        await admin.query(
          `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT r.* FROM ${table} t CROSS JOIN generate_series(1, ${MANY / 5}) n
           CROSS JOIN LATERAL jsonb_populate_record(t, jsonb_build_object(${changes.join(', ')})) r`,
        );
      }
      await admin.query(`SET LOCAL statement_timeout = '${PATIENCE}'`);
      const db = { query: async (text: string, values?: unknown[]) => (await admin.query(text, values)).rows };
      const { run } = await runBooks(db as never, 0, { provider: shop.providerBooks(), acks: [] });
      expect(run).toEqual(BOOK_CHECKS);
    } finally {
      await admin.query('ROLLBACK');
    }
  });

  it('D2 finds a transaction that was left open', async () => {
    const idle = new pg.Client({ connectionString: shop.database.url });
    await idle.connect();
    try {
      await idle.query('BEGIN');
      await idle.query('SELECT 1');
      await shop.until(
        async () => (await runBooks(shop.db, 0)).violations.some((v) => v.id === 'D2'),
        'D2 to fire',
        10_000,
      );
    } finally {
      await idle.end();
    }
  });
});
