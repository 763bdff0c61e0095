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
    await shop.db.query(`UPDATE jobs SET locked_until = now() WHERE state = 'running'`);
    await shop.db.query(`UPDATE jobs SET dispatched_at = NULL WHERE state IN ('queued', 'running')`);
  };

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
    const form = new FormData();
    form.append('file', new Blob([csv]), 'products.csv');
    const posted = await fetch(`${shop.url}/v1/admin/imports`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${owner}` },
      body: form,
    });
    const dying = start('import.batch_saved:kill');
    await once(dying, 'exit');
    const count = async () =>
      (await shop.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM products WHERE handle LIKE 'p-%'`))[0]!.n;
    const halfway = await count();
    expect(halfway > 0 && halfway < 230).toBe(true);
    await handOver();
    const worker = start();
    expect((await done(posted.headers.get('location')!)).summary).toEqual({
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
    start();
    const { fileUrl } = await done(asked.headers.get('location')!);
    const file = await shop.call<string>('GET', fileUrl, { bearer: owner });
    const handles = file.body
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[0]!);
    expect([handles.length, new Set(handles).size]).toEqual([230, 230]);
  }, 120_000);
});
