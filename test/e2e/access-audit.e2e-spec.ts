import { decodeId, encodeId, newUuid } from '#libs/ids';
import { publicIdOf } from '../../src/modules/audit/audit.query.js';
import { AuditSeals } from '../../src/modules/audit/audit-seals.service.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let owner: string;
let ownerId: string;
beforeAll(async () => {
  shop = await Shop.start({ env: { JOBS: '0' } });
  owner = await shop.staff('owner');
  ownerId = (await shop.call('GET', '/v1/admin/me', { bearer: owner })).body.id;
});
afterAll(async () => {
  await shop?.stop();
});

const log = async (query = '') => (await shop.call('GET', `/v1/admin/audit-log?${query}`, { bearer: owner })).body;
const check = async () => (await shop.call('GET', '/v1/admin/audit-log/check', { bearer: owner })).body;
const rename = async (name: string, bearer = owner) => {
  const read = await shop.call('GET', '/v1/admin/settings', { bearer: owner });
  return shop.call('PATCH', '/v1/admin/settings', {
    bearer,
    body: { name },
    headers: { 'If-Match': read.headers.get('etag')!, 'X-Request-Id': `rename-${name.length}` },
  });
};

describe('the audit log', () => {
  it('knows the public ids of all that it tells of', async () => {
    const tables = await shop.db.query<{ name: string }>(
      `SELECT DISTINCT c.relname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
       JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname LIKE 'audit_%' ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThan(30);
    const id = newUuid();
    const without = tables.map(({ name }) => name).filter((name) => publicIdOf(name, id) === id);
    // The settings are one, words of options are one dictionary for each language, and links in mails have no public id.
    expect(without).toEqual(['account_links', 'option_translations', 'shop_settings']);
  });

  it('finds by a product what was changed of its translations and of what is shown beside it', async () => {
    const variants = [await shop.product({ stock: 1 }), await shop.product({ stock: 1 })];
    const ids = await Promise.all(
      variants.map(async (variant) => {
        const [row] = await shop.db.query<{ product_id: string }>(`SELECT product_id FROM variants WHERE id = $1`, [
          decodeId('variant', variant),
        ]);
        return encodeId('product', row!.product_id);
      }),
    );
    const put = async (path: string, body: object) =>
      (await shop.call('PUT', path, { bearer: owner, body, headers: { 'If-Match': '*' } })).status;
    expect(await put(`/v1/admin/products/${ids[0]}/translations/de`, { title: 'Becher' })).toBeLessThan(300);
    expect(await put(`/v1/admin/products/${ids[0]}/related`, { productIds: [ids[1]] })).toBeLessThan(300);
    const { data } = await log(`recordId=${ids[0]}`);
    expect(data.map((entry: { recordType: string }) => entry.recordType)).toEqual(
      expect.arrayContaining(['product_translations', 'product_relations']),
    );
    expect(data.every((entry: { recordId: string }) => entry.recordId === ids[0])).toBe(true);
  });

  it('says who changed what, from where, before and after', async () => {
    const [before] = await shop.db.query<{ name: string }>(`SELECT name FROM shop_settings`);
    expect((await rename('Corner Shop')).status).toBe(200);
    const { data } = await log('recordType=shop_settings');
    expect(data).toEqual([
      {
        id: expect.any(Number),
        actor: `staff:${ownerId}`,
        onBehalfOf: null,
        requestId: 'rename-11',
        address: '127.0.0.1',
        action: 'update',
        recordType: 'shop_settings',
        recordId: '1',
        before: { name: before!.name },
        after: { name: 'Corner Shop' },
        createdAt: expect.stringMatching(/\.\d{3}Z$/),
      },
    ]);
    expect((await log(`actor=${ownerId}&requestId=rename-11&action=update`)).data).toHaveLength(1);
    expect((await log('action=delete&recordType=shop_settings')).data).toEqual([]);
    expect((await log('createdAt[gte]=2999-01-01')).data).toEqual([]);
    expect((await shop.call('GET', '/v1/admin/audit-log?who=me', { bearer: owner })).status).toBe(400);
  });

  it('is written with the change or not at all, and not for reads, refusals, shoppers and jobs', async () => {
    const count = async () => (await shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM audit_log`))[0]!.n;
    const variantId = await shop.product({ stock: 5 });
    const n = await count();
    await shop.call('GET', '/v1/admin/settings', { bearer: owner });
    const stale = await shop.call('PATCH', '/v1/admin/settings', {
      bearer: owner,
      body: { name: 'Never' },
      headers: { 'If-Match': '"999"' },
    });
    expect(stale.status).toBe(412);
    expect((await rename('Nobody', await shop.staff('viewer'))).status).toBe(403);
    const placed = await shop.checkout(await shop.cart([{ variantId, quantity: 1 }]), { paymentMethod: 'manual' });
    expect(placed.status).toBe(201);
    expect(await count()).toBe(n);
    await expect(
      shop.db.transaction(async (tx) => {
        await tx.query(`SELECT set_config('emporium.actor', 'staff:test', true)`);
        await tx.query(`UPDATE shop_settings SET name = 'Gone again'`);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await count()).toBe(n);
    // The connection that told of an actor tells nobody of them afterwards.
    await Promise.all(
      Array.from({ length: 30 }, () =>
        shop.db.query(`UPDATE shop_settings SET low_stock_threshold = low_stock_threshold + 1`),
      ),
    );
    expect(await count()).toBe(n);
  });

  it('covers products, stock, orders, staff and keys, without secrets and without data of customers', async () => {
    const canary = 'velvet otter lantern quartz canary';
    const made = await shop.call('POST', '/v1/admin/users', {
      bearer: owner,
      body: { email: 'robin@example.com', name: 'Robin', password: canary, role: 'support' },
    });
    const key = await shop.call('POST', '/v1/admin/api-keys', {
      bearer: owner,
      body: { name: 'Stock', scopes: ['inventory.read', 'inventory.write', 'orders.read', 'orders.write'] },
    });
    const variantId = await shop.product({ stock: 5 });
    const placed = await shop.checkout(await shop.cart([{ variantId, quantity: 1 }]), { paymentMethod: 'manual' });
    const adjusted = await shop.call('POST', '/v1/admin/stock-adjustments', {
      bearer: key.body.key,
      key: 'adjust-1',
      body: { variantId, delta: 3, reason: 'counted' },
    });
    expect(adjusted.status).toBe(201);
    const canceled = await shop.call('POST', `/v1/admin/orders/${placed.body.order.id}/cancel`, {
      bearer: owner,
      body: {},
    });
    expect(canceled.status).toBe(200);

    expect((await log(`recordId=${made.body.id}`)).data[0]).toMatchObject({
      action: 'insert',
      recordType: 'users',
      recordId: made.body.id,
      before: null,
      after: { email: 'robin@example.com', role: 'support', password_hash: '[redacted]' },
    });
    expect((await log(`recordId=${key.body.id}`)).data[0].after).toMatchObject({ secret_hash: '[redacted]' });
    expect((await log(`actor=${key.body.id}&recordType=stock_movements`)).data[0]).toMatchObject({
      actor: `key:${key.body.id}`,
      onBehalfOf: `staff:${ownerId}`,
      after: { delta: 3, reason: 'counted' },
    });
    expect((await log(`recordId=${placed.body.order.id}`)).data[0]).toMatchObject({
      actor: `staff:${ownerId}`,
      before: { status: 'confirmed' },
      after: { status: 'canceled', cancel_reason: 'staff' },
    });
    const [all] = await shop.db.query<{ text: string }>(`SELECT json_agg(a)::text AS text FROM audit_log a`);
    for (const secret of [canary, 'argon2', key.body.key.slice(-43), 'ada@example.com', 'Lovelace', '1 Main Street'])
      expect([secret, all!.text.includes(secret)]).toEqual([secret, false]);
  });

  it('says what was set going: another try of a job, codes by the hundred, a sign-out of a customer', async () => {
    const job = newUuid();
    await shop.db.query(
      `INSERT INTO jobs (id, queue, name, dedupe_key, payload, state) VALUES ($1, 'maintenance', 'nobody.knows', $2, '{"secret": "x"}', 'dead')`,
      [job, job],
    );
    await shop.call('POST', `/v1/admin/jobs/${encodeId('job', job)}/retry`, { bearer: owner });
    const [retried] = (await log('recordType=jobs')).data;
    expect(retried).toMatchObject({ action: 'update', recordId: encodeId('job', job), before: { state: 'dead' } });
    expect(JSON.stringify(retried)).not.toContain('secret');

    const action = { type: 'percent_off_order', ratePpm: 100_000 };
    const promotion = await shop.call('POST', '/v1/admin/promotions', {
      bearer: owner,
      body: { name: 'Codes', method: 'code', action },
    });
    await shop.call('POST', `/v1/admin/promotions/${promotion.body.id}/codes/generate`, {
      bearer: owner,
      body: { count: 150, prefix: 'VIP-', maxUses: 1 },
    });
    const codes = (await log('recordType=promotion_codes')).data;
    expect(codes.map((entry: any) => entry.after.generated)).toEqual([150]);

    const customer = newUuid();
    await shop.db.query(`INSERT INTO customers (id, email) VALUES ($1, 'out@example.com')`, [customer]);
    await shop.call('DELETE', `/v1/admin/customers/${encodeId('customer', customer)}/sessions`, { bearer: owner });
    const [signedOut] = (await log('recordType=customers')).data;
    expect(signedOut).toMatchObject({ action: 'update', recordId: encodeId('customer', customer) });
  });

  it('is paged, and only for those who may read it', async () => {
    const page = await log('limit=2&include=total');
    expect([page.data.length, page.page.total > 2]).toEqual([2, true]);
    const next = await log(`limit=2&cursor=${page.page.next}`);
    expect(next.data[0].id).toBeLessThan(page.data[1].id);
    for (const path of ['/v1/admin/audit-log', '/v1/admin/audit-log/check'])
      expect((await shop.call('GET', path, { bearer: await shop.staff('viewer') })).status).toBe(403);
  });

  it('is changed by nobody, not even in the database', async () => {
    for (const sql of [`UPDATE audit_log SET actor = 'x'`, `DELETE FROM audit_log`, `TRUNCATE audit_log`])
      await expect(shop.db.query(sql)).rejects.toThrow('audit_log is append-only');
    await sealAll((await check()).openEntries);
    for (const sql of [`UPDATE audit_seals SET entries = 0`, `DELETE FROM audit_seals`, `TRUNCATE audit_seals`])
      await expect(shop.db.query(sql)).rejects.toThrow('audit_seals is append-only');
  });
});

/** Seals until so many entries are under seals: transactions of other databases of the cluster may keep a seal waiting. */
async function sealAll(entries: number): Promise<void> {
  let sealed = 0;
  await shop.until(
    async () => (sealed += await shop.app.get(AuditSeals, { strict: false }).seal()) >= entries,
    `${entries} entries to be sealed`,
  );
  expect(sealed).toBe(entries);
}

describe('the seals of the audit log', () => {
  const seal = () => shop.app.get(AuditSeals, { strict: false }).seal();
  /** What the owner of the tables can do. */
  const behindItsBack = (sql: string) =>
    shop.db.transaction(async (tx) => {
      for (const table of ['audit_log', 'audit_seals'])
        await tx.query(`ALTER TABLE ${table} DISABLE TRIGGER ${table}_append_only`);
      await tx.query(sql);
      for (const table of ['audit_log', 'audit_seals'])
        await tx.query(`ALTER TABLE ${table} ENABLE TRIGGER ${table}_append_only`);
    });

  it('hold while nobody touches what is under them', async () => {
    await rename('Corner Shop and more');
    const open = await check();
    expect(open).toMatchObject({ isIntact: true, openEntries: 1, broken: [] });
    await sealAll(1);
    expect(await seal()).toBe(0);
    expect(await check()).toMatchObject({ isIntact: true, seals: open.seals + 1, openEntries: 0 });
  });

  it('leave out what is not committed yet, and take it in later, whatever its number', async () => {
    let commit = () => {};
    const slow = shop.db.transaction(async (tx) => {
      await tx.query(`SELECT set_config('emporium.actor', 'staff:slow', true)`);
      await tx.query(`UPDATE users SET name = 'Slow' WHERE id = $1`, [decodeId('user', ownerId)]);
      await new Promise<void>((resolve) => (commit = resolve));
    });
    await shop.until(async () => {
      const rows = await shop.db.query(
        `SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`,
      );
      return rows.length > 0;
    }, 'a transaction that takes its time');
    try {
      const tax = await shop.call('POST', '/v1/admin/tax-rates', {
        bearer: owner,
        body: { name: 'VAT', country: 'FR', ratePpm: 200_000, shipping: true },
      });
      expect(tax.status).toBe(201);
      expect(await seal()).toBe(0);
    } finally {
      commit();
      await slow;
    }
    await sealAll(2);
    expect(await check()).toMatchObject({ isIntact: true, openEntries: 0 });
  });

  it('break when an entry is changed, taken away or added, or a seal is', async () => {
    const [row] = await shop.db.query<{ id: number; actor: string; xid: string }>(
      `SELECT id, actor, xid::text FROM audit_log ORDER BY id LIMIT 1`,
    );
    await behindItsBack(`UPDATE audit_log SET actor = 'staff:somebody else' WHERE id = ${row!.id}`);
    const changed = await check();
    expect([changed.isIntact, changed.broken[0].detail]).toEqual([false, expect.stringContaining('does not fit')]);
    await behindItsBack(`UPDATE audit_log SET actor = '${row!.actor}' WHERE id = ${row!.id}`);
    expect((await check()).isIntact).toBe(true);

    await behindItsBack(
      `INSERT INTO audit_log (xid, actor, action, record_type) VALUES ('${row!.xid}'::xid8, 'staff:x', 'insert', 'users')`,
    );
    expect((await check()).broken[0].detail).toMatch(/made of \d+ entries, there are \d+/);
    await behindItsBack(`DELETE FROM audit_log WHERE actor = 'staff:x'`);
    expect((await check()).isIntact).toBe(true);

    // The newest seal and all that is under it are gone: the chain is whole, but ends with another seal than the log told of.
    await rename('Shop of which nobody shall know');
    await sealAll(1);
    const told = (await check()).lastSeal;
    await behindItsBack(
      `WITH last AS (DELETE FROM audit_seals WHERE id = (SELECT max(id) FROM audit_seals) RETURNING from_xid, to_xid)
       DELETE FROM audit_log a USING last WHERE a.xid >= last.from_xid AND a.xid < last.to_xid`,
    );
    const cut = await check();
    expect([cut.isIntact, cut.lastSeal.sealId]).toEqual([true, told.sealId - 1]);
    expect(cut.lastSeal.seal).not.toBe(told.seal);

    await behindItsBack(`DELETE FROM audit_seals WHERE id = (SELECT min(id) FROM audit_seals)`);
    expect((await check()).isIntact).toBe(false);
  });
});

describe('the seals after a move to another cluster', () => {
  const seal = () => shop.app.get(AuditSeals, { strict: false }).seal();
  /** As after a logical restore elsewhere: the rows are the same, the cluster is another one. */
  const moveTo = (cluster: string) =>
    shop.db.query(
      `CREATE OR REPLACE FUNCTION audit_cluster() RETURNS text LANGUAGE sql STABLE RETURN '${cluster}'::text`,
    );

  it('go on: what was left unsealed gets a seal of its own, and the new numbers mean nothing in the old ones', async () => {
    const broken = (await check()).broken.length;
    await rename('Before the move');
    await moveTo('7000000000000000001');
    await rename('After the move');
    expect((await check()).openEntries).toBe(2);
    await sealAll(2);
    const seals = await shop.db.query<{ cluster: string; from_xid: string; entries: number }>(
      `SELECT cluster, from_xid::text, entries FROM audit_seals ORDER BY id DESC LIMIT 2`,
    );
    // The numbers of the new cluster begin at 0 and overlap those of the old one.
    expect(seals[0]).toEqual({ cluster: '7000000000000000001', from_xid: '0', entries: 1 });
    expect(seals[1]).toMatchObject({ entries: 1 });
    expect(seals[1]!.cluster).toMatch(/^\d{15,20}$/);
    await rename('And on');
    await sealAll(1);
    expect(await seal()).toBe(0);
    const after = await check();
    expect(after.openEntries).toBe(0);
    expect(after.broken.length).toBe(broken);
    // A second move, and back again to a cluster where there are seals.
    await moveTo('7000000000000000002');
    await rename('Farther');
    await sealAll(1);
    await moveTo('7000000000000000001');
    await rename('And back');
    await sealAll(1);
    expect((await check()).broken.length).toBe(broken);
  });
});
