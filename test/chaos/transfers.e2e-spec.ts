import { once } from 'node:events';
import { newUuid } from '#libs/ids';
import { Processes } from '../support/processes.js';
import { Shop } from '../support/shop.js';

/** Imports and exports whose worker is killed without warning after the first piece of their work. */
describe('kill -9 of the worker', () => {
  let shop: Shop;
  let processes: Processes;
  let owner: string;
  const start = (failpoints?: string) =>
    processes.start('src/worker.js', {
      DATABASE_URL: shop.database.url,
      STRIPE_SECRET_KEY: 'sk_test_emporium',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_WEBHOOK_SECRET: 'whsec_test_0123456789abcdef',
      STRIPE_API_BASE: shop.stripe.url,
      ...(failpoints ? { FAILPOINTS: failpoints } : {}),
    });
  const done = (path: string) =>
    shop.until(
      async () => {
        const { body } = await shop.call('GET', path, { bearer: owner });
        return body.status === 'completed' && body;
      },
      'the end',
      60_000,
    );
  /** What the dead worker held comes back when its lease is over; the test does not wait that long. */
  const handOver = async () => {
    await shop.db.query(`UPDATE jobs SET locked_until = now() - interval '1 ms' WHERE state = 'running'`);
    await shop.db.query(`UPDATE jobs SET dispatched_at = NULL WHERE state IN ('queued', 'running')`);
  };

  /** @returns where its progress is */
  async function upload(kind: string, csv: string, dryRun = false): Promise<string> {
    const form = new FormData();
    form.append('kind', kind);
    form.append('dryRun', String(dryRun));
    form.append('file', new Blob([csv]), `${kind}.csv`);
    const posted = await fetch(`${shop.url}/v1/admin/imports`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${owner}` },
      body: form,
    });
    expect(posted.status).toBe(202);
    return posted.headers.get('location')!;
  }
  const countOf = async (sql: string) =>
    (await shop.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`))[0]!.n;
  /** A worker that dies after the first batch, and one that goes on. @returns how many there were between, and what it tells */
  async function interrupted(kind: string, csv: string, sql: string): Promise<[halfway: number, summary: unknown]> {
    const path = await upload(kind, csv);
    await once(start('import.batch_saved:kill'), 'exit');
    const halfway = await countOf(sql);
    await handOver();
    const worker = start();
    const { summary } = await done(path);
    await processes.kill(worker);
    return [halfway, summary];
  }
  /** Of a dry run: what it tells. */
  async function tried(kind: string, csv: string): Promise<unknown> {
    const path = await upload(kind, csv, true);
    const worker = start();
    const { summary, options } = await done(path);
    await processes.kill(worker);
    expect(options.dryRun).toBe(true);
    return summary;
  }

  beforeAll(async () => {
    shop = await Shop.start({ env: { JOBS: '0' } });
    processes = new Processes();
    owner = await shop.staff();
  }, 60_000);
  afterAll(async () => {
    await processes?.stop();
    await shop?.stop();
  });

  it('in the middle of an import: it goes on, nothing twice; and of an export of it: the file is whole', async () => {
    const rows = Array.from({ length: 230 }, (_, i) => `p-${i},Product ${i},shopify,${i},5`);
    const csv = ['Handle,Title,Variant Inventory Tracker,Variant Inventory Qty,Variant Price', ...rows].join('\n');
    const posted = await upload('products', csv);
    const dying = start('import.batch_saved:kill');
    await once(dying, 'exit');
    const count = async () =>
      (await shop.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM products WHERE handle LIKE 'p-%'`))[0]!.n;
    const halfway = await count();
    expect(halfway > 0 && halfway < 230).toBe(true);
    await handOver();
    const worker = start();
    expect((await done(posted)).summary).toEqual({
      created: 230,
      updated: 0,
      unchanged: 0,
      failed: 0,
    });
    expect(await count()).toBe(230);
    const [stock] = await shop.db.query<{ n: number; movements: number }>(
      `SELECT sum(on_hand)::int AS n, (SELECT count(*)::int FROM stock_movements) AS movements FROM stock_levels`,
    );
    expect(stock).toEqual({ n: (229 * 230) / 2, movements: 229 });
    await processes.kill(worker);

    const asked = await shop.call('POST', '/v1/admin/exports', {
      bearer: owner,
      body: { kind: 'products' },
      key: newUuid(),
    });
    await once(start('export.piece_saved:kill'), 'exit');
    expect((await shop.call('GET', asked.headers.get('location')!, { bearer: owner })).body.status).toBe('running');
    await handOver();
    const exporting = start();
    const { fileUrl } = await done(asked.headers.get('location')!);
    const file = await shop.call<string>('GET', fileUrl, { bearer: owner });
    const handles = file.body
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0]!);
    expect([handles.length, new Set(handles).size]).toEqual([230, 230]);
    await processes.kill(exporting);
  }, 120_000);

  it('in the middle of customers: it goes on, each once and in their groups; a dry run before changes nothing', async () => {
    await shop.db.query(`INSERT INTO customer_groups (id, name) VALUES ($1, 'Trade'), ($2, 'A, B')`, [
      newUuid(),
      newUuid(),
    ]);
    const rows = Array.from({ length: 450 }, (_, i) => `c${i}@example.com,Cy,"Trade, ""A, B"""`);
    const csv = ['Email,First Name,Customer Groups', ...rows, 'c1@example.com,Twice,', 'x@example.com,,Nobody'].join(
      '\n',
    );
    const all = { created: 450, updated: 0, unchanged: 0, failed: 2 };
    expect(await tried('customers', csv)).toEqual(all);
    expect(await countOf('customers')).toBe(0);
    const [halfway, summary] = await interrupted('customers', csv, 'customers');
    expect([halfway, summary]).toEqual([200, all]);
    expect([await countOf('customers'), await countOf('customer_group_members')]).toEqual([450, 900]);
    expect(await tried('customers', csv)).toEqual({ ...all, created: 0, unchanged: 450 });
  }, 120_000);

  it('in the middle of price lists: it goes on, nothing twice; a dry run before changes nothing; and of their export', async () => {
    const handles = Array.from({ length: 150 }, (_, i) => `p-${i}`);
    const rows = [1, 10, 100].flatMap((pieces) =>
      handles.map((handle) => `Sale,USD,${handle},${pieces},${500 - pieces}.00`),
    );
    const csv = ['Price List,Currency,Handle,Min Quantity,Price', ...rows, 'Sale,USD,p-nobody,1,1.00'].join('\n');
    const all = { created: 450, updated: 0, unchanged: 0, failed: 1 };
    expect(await tried('price_lists', csv)).toEqual(all);
    expect([await countOf('price_lists'), await countOf('price_list_entries')]).toEqual([0, 0]);
    const [halfway, summary] = await interrupted('price_lists', csv, 'price_list_entries');
    expect([halfway, summary]).toEqual([200, all]);
    expect([await countOf('price_lists'), await countOf('price_list_entries')]).toEqual([1, 450]);
    expect(await tried('price_lists', csv)).toEqual({ ...all, created: 0, unchanged: 450 });

    await shop.db.query(
      `INSERT INTO price_list_entries SELECT price_list_id, variant_id, min_quantity + 1, amount FROM price_list_entries`,
    );
    const asked = await shop.call('POST', '/v1/admin/exports', {
      bearer: owner,
      body: { kind: 'price_lists' },
      key: newUuid(),
    });
    await once(start('export.piece_saved:kill'), 'exit');
    await handOver();
    start();
    const { fileUrl } = await done(asked.headers.get('location')!);
    const file = await shop.call<string>('GET', fileUrl, { bearer: owner });
    const lines = file.body.trim().split('\n').slice(1);
    expect([lines.length, new Set(lines).size]).toEqual([900, 900]);
  }, 120_000);
});
