import { decodeId } from '#libs/ids';
import { Shop } from '../support/shop.js';

interface Entry {
  actor: string;
  action: string;
  record_type: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

describe('what the shop itself does to orders', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.start();
  });
  afterAll(() => shop?.stop());
  afterEach(() => shop.settleUp());

  const entriesOf = (orderId: string) =>
    shop.db.query<Entry>(
      `SELECT actor, action, record_type, before, after FROM audit_log
       WHERE record_id = $1 OR record_id IN (SELECT id::text FROM payments WHERE order_id = $1::uuid)
       ORDER BY id`,
      [decodeId('order', orderId)],
    );

  it('is in the audit log with the job that did it, and what shoppers bring about as the storefront’s', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await shop.checkout(cart, { paymentMethod: 'stripe' });
    const { id } = placed.body.order;
    const before = await entriesOf(id);
    expect(before.filter(({ record_type, action }) => record_type === 'orders' && action === 'insert')).toEqual([]);
    const canceled = await shop.call('POST', `/v1/orders/${id}/cancel`, { token: cart.token, body: {} });
    expect([200, 202]).toContain(canceled.status);
    await shop.until(async () => {
      const [order] = await shop.db.query<{ status: string }>(`SELECT status FROM orders WHERE id = $1`, [
        decodeId('order', id),
      ]);
      return order!.status === 'canceled';
    }, 'the cancellation');
    const changes = (await entriesOf(id)).filter(({ record_type }) => record_type === 'orders');
    const last = changes.findLast(({ after }) => after?.status === 'canceled')!;
    expect(last.before!.status).toBe('pending_payment');
    expect(last.actor).toMatch(/^(storefront|system:[a-z.-]+)$/);
    expect(changes.every(({ action }) => action === 'update')).toBe(true);
    expect(JSON.stringify(changes)).not.toMatch(/Main Street|Lovelace/);
  });

  it('a webhook that settles a payment: order and payment, by the job, in its transaction', async () => {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await shop.checkout(cart, { paymentMethod: 'stripe' });
    const { id } = placed.body.order;
    await shop.confirm(placed.body.payment.clientSecret);
    await shop.until(async () => {
      const [order] = await shop.db.query<{ status: string }>(`SELECT status FROM orders WHERE id = $1`, [
        decodeId('order', id),
      ]);
      return order!.status === 'confirmed';
    }, 'the payment');
    const entries = await entriesOf(id);
    for (const record of ['orders', 'payments']) {
      const settled = entries.findLast((entry) => entry.record_type === record && entry.actor.startsWith('system:'));
      expect([record, settled?.actor]).toEqual([record, expect.stringMatching(/^system:payments\./)]);
    }
    // One transaction did both.
    const xids = await shop.db.query(
      `SELECT xid FROM audit_log WHERE after ->> 'status' = 'confirmed' AND record_id = $1
       INTERSECT SELECT xid FROM audit_log WHERE record_type = 'payments' AND actor LIKE 'system:%'`,
      [decodeId('order', id)],
    );
    expect(xids).toHaveLength(1);
  });
});
