import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import type { JobContext } from '#libs/jobs';
import { runWithContext } from '#libs/log';
import type { Tx } from '#libs/database';
import { saveBatch } from '../../src/modules/imports/import-run.js';
import { initialState, type Settled } from '../../src/modules/imports/import-state.js';
import { ImportsRepository, ImportTakenOver } from '../../src/modules/imports/imports.repository.js';
import { RunImport } from '../../src/modules/imports/run-import.service.js';
import { type Answer, Shop } from '../support/shop.js';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const fixture = (name: string) => readFileSync(join(FIXTURES, name), 'utf8');

let shop: Shop;
let owner: string;

beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
  owner = await shop.staff();
});
afterAll(() => shop?.stop());

function upload(
  content: string | Buffer | null,
  fields: Record<string, string> = {},
  bearer = owner,
  target = shop,
): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (content !== null) form.append('file', new Blob([content as string]), 'products.csv');
  return fetch(`${target.url}/v1/admin/imports`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}` },
    body: form,
  }).then(async (answer) => ({ status: answer.status, headers: answer.headers, body: await answer.json() }));
}

/** Uploads and waits for the end. */
async function importFile(content: string | Buffer, fields: Record<string, string> = {}): Promise<any> {
  const started = await upload(content, fields);
  expect(started.status).toBe(202);
  expect(started.headers.get('location')).toBe(`/v1/admin/imports/${started.body.id}`);
  return shop.until(async () => {
    const { body } = await shop.call('GET', started.headers.get('location')!, { bearer: owner });
    return ['completed', 'failed'].includes(body.status) && body;
  }, 'the import');
}

const page = async (handle: string) => (await shop.call('GET', `/v1/products/${handle}`)).body;
const stockOf = async (handle: string) => {
  const rows = await shop.db.query<{ title: string; on_hand: number }>(
    `SELECT v.title, s.on_hand FROM variants v JOIN products p ON p.id = v.product_id JOIN stock_levels s ON s.variant_id = v.id
     WHERE p.handle = $1 ORDER BY v.position`,
    [handle],
  );
  return Object.fromEntries(rows.map((row) => [row.title, row.on_hand]));
};
const everything = () =>
  shop.db.query(
    `SELECT p.handle, p.version, p.updated_at, v.id, v.version AS variant_version, v.updated_at AS variant_updated_at, r.amount,
       r.updated_at AS price_updated_at, s.on_hand, (SELECT count(*) FROM stock_movements) AS movements,
       (SELECT count(*) FROM product_images) AS images, (SELECT md5(string_agg(detail, '' ORDER BY handle)) FROM product_pages) AS pages
     FROM products p JOIN variants v ON v.product_id = p.id JOIN prices r ON r.variant_id = v.id
     LEFT JOIN stock_levels s ON s.variant_id = v.id ORDER BY v.id`,
  );

const HEADER = 'Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Price';
const simple = (handle: string, quantity: number | string = 5, price = '10') =>
  `${handle},Product ${handle},Title,Default Title,shopify,${quantity},${price}`;
const many = (count: number, prefix: string) =>
  [HEADER, ...Array.from({ length: count }, (_, i) => simple(`${prefix}-${i}`))].join('\n');

describe('a product export', () => {
  it('becomes products with variants, prices, images and stock', async () => {
    const done = await importFile(fixture('products-export.csv'));
    expect(done).toMatchObject({
      status: 'completed',
      failure: null,
      kind: 'products',
      fileName: 'products.csv',
      options: { currency: 'USD', stock: 'keep', dryRun: false },
      rowsRead: 10,
      percent: 100,
      summary: { created: 5, updated: 0, unchanged: 0, failed: 0 },
      errors: [],
    });
    expect(done.warnings).toEqual([
      { line: 7, handle: 'clay-mug', reason: 'Variant Inventory Qty is -3; 0 is taken instead.' },
    ]);

    const mug = await page('clay-mug');
    expect(mug).toMatchObject({
      title: 'Clay Mug',
      vendor: 'Potters Lane',
      productType: 'Mug',
      tags: ['clay', 'kitchen', 'gift'],
      seo: { title: 'Clay mugs', description: 'Mugs by hand' },
      options: [{ name: 'Color', values: ['Blue', 'Green'] }],
      images: [
        { url: 'https://img.example.com/mug-blue.jpg', alt: 'A blue mug' },
        { url: 'https://img.example.com/mug-green.jpg', alt: '' },
        { url: 'https://img.example.com/mug-table.jpg', alt: 'Both on a table' },
      ],
      variants: [
        {
          sku: null,
          price: { amount: 1800, currency: 'USD' },
          compareAt: { amount: 2450 },
          weightGrams: 340,
          available: true,
        },
        { sku: null, price: { amount: 1800, currency: 'USD' }, available: false },
      ],
    });
    expect(mug.descriptionHtml).toContain('<li>holds "enough"</li>');
    expect(mug.descriptionHtml).not.toContain('script');
    expect(mug.variants[1].imageId).toBe(mug.images[1].id);
    expect(await stockOf('clay-mug')).toEqual({ Blue: 12, Green: 0 });
  });

  it('follows tracker and policy: untracked always sells, continue sells on, deny does not', async () => {
    const shirt = await page('linen-shirt');
    expect(shirt.variants.map((v: any) => [v.title, v.sku, v.barcode, v.available])).toEqual([
      ['White / S', 'LS-W-S', '4006381333931', true],
      ['White / M', 'LS-W-M', null, true],
      ['Sand / S', 'LS-S-S', null, true],
    ]);
    expect(await stockOf('linen-shirt')).toEqual({ 'White / S': 0, 'White / M': 4, 'Sand / S': 1 });
    expect(await stockOf('online-course')).toEqual({});
    expect((await page('online-course')).variants[0]).toMatchObject({ available: true, requiresShipping: false });
  });

  it('sells gift cards as such', async () => {
    expect((await page('gift-card')).variants[0]).toMatchObject({ available: true, requiresShipping: false });
    expect(await shop.db.query(`SELECT handle, status FROM products WHERE is_gift_card`)).toEqual([
      { handle: 'gift-card', status: 'active' },
    ]);
  });

  it('keeps what is not published out of the shop', async () => {
    expect((await shop.call('GET', `/v1/products/hidden-lamp`)).status).toBe(404);
    expect(await shop.db.query(`SELECT status FROM products WHERE handle = 'hidden-lamp'`)).toEqual([
      { status: 'draft' },
    ]);
    expect(await stockOf('hidden-lamp')).toEqual({ '': 7 });
  });

  it('changes nothing the second time', async () => {
    const before = await everything();
    const done = await importFile(fixture('products-export.csv'));
    expect(done.summary).toEqual({ created: 0, updated: 0, unchanged: 5, failed: 0 });
    expect(await everything()).toEqual(before);
  });

  it('leaves alone how variants are taxed and shipped, of which the file says nothing', async () => {
    const two = (price: string, size: string) =>
      [HEADER, `shipped,Shipped,Size,L,shopify,5,${price}`, `shipped,,Size,${size},shopify,5,9`].join('\n');
    expect((await importFile(two('10', 'S'))).summary.created).toBe(1);
    await shop.db.query(
      `WITH p AS (INSERT INTO shipping_profiles (id, name) VALUES (gen_random_uuid(), 'Bulky') RETURNING id),
         t AS (INSERT INTO tax_classes (id, name) VALUES (gen_random_uuid(), 'Reduced') RETURNING id)
       UPDATE variants v SET shipping_profile_id = p.id, tax_class_id = t.id FROM p, t, products x
       WHERE x.id = v.product_id AND x.handle = 'shipped'`,
    );
    // One variant is changed, a new one comes in front of the other, which moves.
    expect((await importFile(two('11', 'M'))).summary.updated).toBe(1);
    const rows = await shop.db.query(
      `SELECT v.title, v.position, v.shipping_profile_id IS NOT NULL AS shipped, v.tax_class_id IS NOT NULL AS taxed
       FROM variants v JOIN products p ON p.id = v.product_id WHERE p.handle = 'shipped' ORDER BY v.position`,
    );
    expect(rows).toEqual([
      { title: 'L', position: 0, shipped: true, taxed: true },
      { title: 'M', position: 1, shipped: false, taxed: false },
      { title: 'S', position: 2, shipped: true, taxed: true },
    ]);
  });

  it('is read with the headers of newer exports', async () => {
    const done = await importFile(fixture('products-new-columns.csv'));
    expect(done).toMatchObject({ status: 'completed', errors: [], summary: { created: 3, failed: 0 } });
    expect(await page('trail-bottle')).toMatchObject({
      descriptionHtml: 'Keeps tea hot',
      tags: ['steel', 'trail'],
      variants: [
        { sku: 'TB-05', weightGrams: 454, price: { amount: 3400 }, compareAt: { amount: 3900 } },
        { sku: 'TB-075', weightGrams: 600, price: { amount: 3900 } },
      ],
    });
    const statuses = await shop.db.query(
      `SELECT handle, status FROM products WHERE handle LIKE '%-tent' ORDER BY handle`,
    );
    expect(statuses).toEqual([
      { handle: 'next-tent', status: 'draft' },
      { handle: 'old-tent', status: 'archived' },
    ]);
  });

  it('may be in another currency, beside the prices that are there', async () => {
    const done = await importFile(fixture('products-new-columns.csv'), { currency: 'EUR' });
    expect(done.summary).toMatchObject({ created: 0, updated: 3 });
    const prices = await shop.db.query(
      `SELECT r.currency, r.amount FROM prices r JOIN variants v ON v.id = r.variant_id WHERE v.sku = 'TB-05' ORDER BY 1`,
    );
    expect(prices).toEqual([
      { currency: 'EUR', amount: 3400 },
      { currency: 'USD', amount: 3400 },
    ]);
  });
});

describe('mistakes', () => {
  it('cost only their own product, and are told with line and reason', async () => {
    const done = await importFile(fixture('products-with-mistakes.csv'));
    expect(done).toMatchObject({ status: 'completed', summary: { created: 2, failed: 8 }, errorCount: 14 });
    expect(done.errors.map((e: any) => `${e.line} ${e.handle}: ${e.reason}`)).toEqual(
      [
        '3 dear: Variant Price must be a number with at most 2 decimals and a point, such as 19.99 for USD, not "1,999.00".',
        '4 no-price: Variant Price is empty.',
        '6 twins: the variant red is on line 5 already.',
        '7 null: Handle is empty, so the row belongs to no product.',
        '8 untitled: Title is empty on every row of the product.',
        '9 odd: Variant Price must not be negative, but is "-5".',
        '9 odd: Variant Compare At Price must be a number with at most 2 decimals and a point, such as 19.99 for USD, not "x".',
        '9 odd: Variant Grams must be a number, not "heavy".',
        '9 odd: Variant Inventory Policy must be deny or continue, not "later".',
        '9 odd: Variant Inventory Qty must be a whole number, not "some".',
        '9 odd: Status must be active, draft or archived, not "sold".',
        '9 odd: Published must be TRUE or FALSE, not "maybe".',
        '11 half: Option1 Value (Size) is empty.',
        '12 comma: the row has more fields than the header: a comma is probably not quoted.',
      ].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    );
    expect(done.warnings.map((w: any) => [w.line, w.reason])).toEqual([
      [13, 'Image Src is not an http address; the image is left out.'],
    ]);
    expect((await page('good-one')).variants).toHaveLength(1);
    expect((await page('good-two')).images).toEqual([]);
    const failed = await shop.db.query(
      `SELECT handle FROM products WHERE handle IN ('dear', 'twins', 'odd', 'untitled')`,
    );
    expect(failed).toEqual([]);
  });

  it('are in a file to be mended, with all rows of their products', async () => {
    const started = await upload(fixture('products-with-mistakes.csv'), { dryRun: 'true' });
    const path = started.headers.get('location')!;
    await shop.until(
      async () => (await shop.call('GET', path, { bearer: owner })).body.status === 'completed',
      'the end',
    );
    const file = await shop.call('GET', `${path}/rejects`, { bearer: owner });
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(file.headers.get('content-disposition')).toContain('attachment; filename="left-out-of-products.csv"');
    const rows = parse(file.body, { bom: true, columns: true, relax_column_count: true }) as Record<string, string>[];
    expect(rows.filter((row) => row.Handle === 'twins').map((row) => row.Reason)).toEqual([
      '',
      'the variant red is on line 5 already.',
    ]);
    expect(rows.find((row) => row.Handle === 'dear')).toMatchObject({ 'Variant Price': '1,999.00' });
    const mended = file.body.replace(',"1,999.00"', ',1999.00');
    expect((await importFile(mended, { dryRun: 'true' })).summary).toMatchObject({ created: 1, failed: 7 });
    const clean = await upload([HEADER, simple('no-mistakes')].join('\n'), { dryRun: 'true' });
    expect((await shop.call('GET', `/v1/admin/imports/${clean.body.id}/rejects`, { bearer: owner })).status).toBe(404);
  });

  it('that break the file leave everything as it was, and name the line', async () => {
    const before = await everything();
    const broken = [
      HEADER,
      simple('before-the-break'),
      'broken,"Broken,Title,Default Title,shopify,1,5',
      simple('after'),
    ].join('\n');
    for (const [content, failure] of [
      [broken, /^Line 3: a quotation mark/],
      [
        Buffer.from(`${HEADER}\n${simple('caf\xc3\xa9')}\n${simple('caf\xe9')}`, 'latin1'),
        /^Line 3: the text is not UTF-8/,
      ],
      ['', /^Line 1: the file is empty/],
      [Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), /^Line 1: the text is not UTF-8/],
      ['<html>\n<body>Not Found</body>', /^Line 1: there is no column "Handle" and "Title"/],
    ] as const) {
      const done = await importFile(content);
      expect(done).toMatchObject({
        status: 'failed',
        failure: expect.stringMatching(failure),
        summary: { created: 0, failed: 0 },
      });
    }
    expect(await everything()).toEqual(before);
    expect(await shop.db.query('SELECT FROM import_chunks')).toEqual([]);
  });

  it('of size cost their own product: more variants or images than a product may have, with those that it has', async () => {
    const rows = (handle: string, from: number, to: number, cells: (i: number) => string) =>
      Array.from({ length: to - from }, (_, i) => `${handle},${i === 0 ? handle : ''},${cells(from + i)}`);
    const header = 'Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src';
    const variants = (handle: string, from: number, to: number) => rows(handle, from, to, (i) => `No,${i},10,`);
    const images = (handle: string, from: number, to: number) =>
      rows(handle, from, to, (i) => `${i === from ? 'Title,Default Title,10' : ',,'},https://img.example.com/${i}.jpg`);
    const first = await importFile(
      [header, ...variants('wide', 0, 1_999), ...variants('too-wide', 0, 2_001), ...images('album', 0, 249), ...images('too-thick', 0, 251)].join('\n'), // prettier-ignore
    );
    expect(first.summary).toEqual({ created: 2, updated: 0, unchanged: 0, failed: 2 });
    expect(first.errors).toEqual([
      { line: 4001, handle: 'too-wide', reason: 'a product may have 2000 variants at most.' },
      { line: 4501, handle: 'too-thick', reason: 'a product may have 250 images at most.' },
    ]);
    const more = [header, ...variants('wide', 1_998, 2_001), ...images('album', 248, 252), ...images('slim', 0, 1)];
    const second = await importFile(more.join('\n'));
    expect(second.summary).toEqual({ created: 1, updated: 0, unchanged: 0, failed: 2 });
    expect(second.errors).toEqual([
      { line: 2, handle: 'wide', reason: 'wide: it would have 2001 variants.' },
      { line: 5, handle: 'album', reason: 'album: it would have 252 images.' },
    ]);
    const last = await importFile([header, ...variants('wide', 1_999, 2_000), ...images('album', 249, 250)].join('\n'));
    expect(last.summary).toMatchObject({ updated: 2, failed: 0 });
  });

  it('that only the database can see cost their own product, too', async () => {
    await importFile([HEADER, simple('promised', 3), simple('bystander-a', 3), simple('bystander-b', 3)].join('\n'));
    const { variants } = await page('promised');
    await shop.db.query('UPDATE stock_levels SET reserved = 2 WHERE variant_id = $1', [
      decodeId('variant', variants[0].id),
    ]);
    const file = [HEADER, simple('promised', 1), simple('bystander-a', 9), simple('bystander-b', 3)].join('\n');
    const done = await importFile(file, { stock: 'set' });
    expect(done.summary).toEqual({ created: 0, updated: 1, unchanged: 1, failed: 1 });
    expect(done.errors).toEqual([
      { line: 2, handle: 'promised', reason: 'its stock would fall below what is promised to orders.' },
    ]);
    expect(await stockOf('promised')).toEqual({ '': 3 });
    expect(await stockOf('bystander-a')).toEqual({ '': 9 });
    await shop.db.query('UPDATE stock_levels SET reserved = 0 WHERE variant_id = $1', [
      decodeId('variant', variants[0].id),
    ]);
  });
  it('that only the database can see do not use up the tries of the job, wherever in the file they are', async () => {
    await shop.db.query(`ALTER TABLE products ADD CONSTRAINT no_such_title CHECK (title <> 'Product refused-12')`);
    const done = await importFile(many(40, 'refused'));
    await shop.db.query(`ALTER TABLE products DROP CONSTRAINT no_such_title`);
    expect(done).toMatchObject({ status: 'completed', summary: { created: 39, failed: 1 } });
    expect(done.errors).toMatchObject([{ line: 14, handle: 'refused-12' }]);
  });

  it('with halves of characters cost their own product, and what is behind them is imported', async () => {
    const file = [
      `${HEADER},Attributes`,
      `${simple('half-a')},`,
      `${simple('half-b', 5, `${'x'.repeat(59)}😀yyyy`)},`,
      `${simple('half-c')},"{""\\ud800"":1}"`,
      `${simple('half-d')},"{""roast"":""\\u0000""}"`,
      `${simple('half-e')},`,
    ].join('\n');
    const done = await importFile(file);
    expect(done).toMatchObject({ status: 'completed', summary: { created: 2, failed: 3 } });
    expect(done.errors.map((error: any) => [error.line, error.reason])).toEqual([
      [3, expect.stringContaining('😀…"')],
      [4, expect.stringContaining('cannot be stored')],
      [5, expect.stringContaining('cannot be stored')],
    ]);
  });

  describe('and the progress that tells of them', () => {
    const run = { id: newUuid(), actor: 'cli', options: { currency: 'USD', stock: 'keep' as const, dryRun: false } };
    const row = { line: 2, cells: ['a'], endByte: 9 };
    const failed = (reason: string): Settled => ({
      product: { errors: [], warnings: [{ line: 2, handle: null, reason }] },
      outcome: 'failed',
      errors: [{ line: 2, handle: null, reason }],
      rows: [row],
      rowsRead: 1,
      bytesRead: 9,
    });

    it('can be stored whatever the reason holds', async () => {
      const stored = async (tx: Tx, told: unknown) => void (await tx.query('SELECT $1::jsonb', [JSON.stringify(told)]));
      const state = await saveBatch(
        shop.db,
        { ...run, checkpoint: (tx, next, rejects) => stored(tx, [next, rejects]) },
        initialState(),
        [row],
        { settle: () => Promise.resolve([failed('a \ud800 b \0 c')]), refused: (_, reason) => failed(reason) },
      );
      expect([state.errors, state.warnings].flat().map(({ reason }) => reason)).toEqual(Array(2).fill('a � b � c'));
    });

    it('is no fault of a row when it cannot be saved', async () => {
      const refused: string[] = [];
      let tries = 0;
      const saving = saveBatch(
        shop.db,
        { ...run, checkpoint: async (tx) => void (await tx.query('SELECT 1 / 0')) },
        initialState(),
        [row, row],
        {
          settle: () => {
            tries += 1;
            return Promise.resolve([failed('odd')]);
          },
          refused: (_, reason) => {
            refused.push(reason);
            return failed(reason);
          },
        },
      );
      await expect(saving).rejects.toThrow('division by zero');
      expect([tries, refused]).toEqual([1, []]);
    });
  });
});

describe('stock', () => {
  const file = (...rows: [string, string][]) =>
    [
      HEADER,
      ...rows.map(
        ([size, quantity], i) =>
          `sized,${i === 0 ? 'Sized' : ''},${i === 0 ? 'Size' : ''},${size},shopify,${quantity},9`,
      ),
    ].join('\n');

  it('comes from the file for new variants only, unless told', async () => {
    await importFile(file(['S', '5']));
    await importFile(file(['S', '8'], ['M', '3']));
    expect(await stockOf('sized')).toEqual({ S: 5, M: 3 });
    const set = await importFile(file(['S', '8'], ['M', '']), { stock: 'set' });
    expect(set.summary).toMatchObject({ updated: 1 });
    expect(await stockOf('sized')).toEqual({ S: 8, M: 3 });
    expect((await importFile(file(['S', '8'], ['M', '']), { stock: 'set' })).summary).toMatchObject({ unchanged: 1 });
    const ledger = await shop.db.query(
      `SELECT m.delta, m.kind, m.reason, m.actor LIKE 'staff:usr_%' AS by_staff FROM stock_movements m JOIN variants v ON v.id = m.variant_id
       JOIN products p ON p.id = v.product_id WHERE p.handle = 'sized' AND v.title = 'S' ORDER BY m.created_at, m.id`,
    );
    expect(ledger).toEqual([
      { delta: 5, kind: 'receipt', reason: 'import', by_staff: true },
      { delta: 3, kind: 'adjustment', reason: 'import', by_staff: true },
    ]);
  });
  it('shows on the product at once when it sells out', async () => {
    await importFile(file(['S', '0'], ['M', '0']), { stock: 'set' });
    expect((await page('sized')).variants.map((v: any) => v.available)).toEqual([false, false]);
    const { data } = (await shop.call('GET', '/v1/products?q=sized&inStock=true')).body;
    expect(data.map((card: any) => card.handle)).not.toContain('sized');
  });
});

describe('a dry run', () => {
  it('tells what would happen and changes nothing', async () => {
    const content = [HEADER, simple('dry-a'), simple('dry-b', 1, 'x'), simple('sized')].join('\n');
    const before = await everything();
    const dry = await importFile(content, { dryRun: 'true' });
    expect(dry).toMatchObject({ status: 'completed', options: { dryRun: true }, summary: { created: 1, failed: 1 } });
    expect(await everything()).toEqual(before);
    const real = await importFile(content);
    expect([real.summary, real.errors]).toEqual([dry.summary, dry.errors]);
  });
});

describe('an upload', () => {
  it('is refused without a file, with unknown fields or values, and without permission', async () => {
    const codes = (answer: Answer) => [
      answer.status,
      answer.body.code,
      ...(answer.body.errors ?? []).map((e: any) => e.pointer),
    ];
    expect(codes(await upload(null))).toEqual([400, 'validation_failed', '/file']);
    expect(codes(await upload('x', { color: 'red', currency: 'XQQ', stock: 'all', dryRun: 'perhaps', kind: 'orders' }))).toEqual([
      400, 'validation_failed', '/color', '/currency', '/stock', '/dryRun', '/kind',
    ]); // prettier-ignore
    expect(codes(await upload('x', {}, await shop.staff('support')))).toEqual([403, 'forbidden']);
    expect(codes(await upload('x', {}, ''))).toEqual([401, 'unauthenticated']);
    const json = await shop.call('POST', '/v1/admin/imports', { body: {}, bearer: owner });
    expect(codes(json)).toEqual([415, 'unsupported_media_type']);
    expect((await upload(Buffer.alloc(20 * 1024 * 1024 + 1, 0x61))).status).toBe(413);
    expect((await shop.call('GET', '/v1/admin/imports/imp_01h455vb4pex5vsknk084sn02q', { bearer: owner })).status).toBe(
      404,
    );
  });
  it('is listed, newest first', async () => {
    const all = (await shop.call('GET', '/v1/admin/imports?limit=100&include=total', { bearer: owner })).body;
    expect(all.page.total).toBe(all.data.length);
    const first = (await shop.call('GET', '/v1/admin/imports?limit=3', { bearer: owner })).body;
    const second = (await shop.call('GET', `/v1/admin/imports?limit=3&cursor=${first.page.next}`, { bearer: owner }))
      .body;
    expect([...first.data, ...second.data].map((row: any) => row.id)).toEqual(
      all.data.slice(0, 6).map((row: any) => row.id),
    );
  });
});

describe('what goes wrong on the way', () => {
  it('two imports of the same products at once make each product once', async () => {
    const content = many(120, 'twice');
    const [a, b] = await Promise.all([importFile(content), importFile(content)]);
    expect(a.summary.created + b.summary.created).toBe(120);
    expect(a.summary.failed + b.summary.failed).toBe(0);
    const [count] = await shop.db.query<{ n: number; stock: number }>(
      `SELECT count(*)::int AS n, sum(s.on_hand)::int AS stock FROM products p JOIN variants v ON v.product_id = p.id
       JOIN stock_levels s ON s.variant_id = v.id WHERE p.handle LIKE 'twice-%'`,
    );
    expect(count).toEqual({ n: 120, stock: 600 });
  });

  describe('with the job in our hands', () => {
    let quiet: Shop;
    let admin: string;
    const jobOf = (attempt: number, progress: () => Promise<void> = async () => undefined): JobContext => ({
      id: newUuid(), name: 'imports.run', payload: {}, attempt, together: [], complete: async () => undefined, progress,
    }); // prettier-ignore
    const start = async (content: string) => decodeId('import', (await upload(content, {}, admin, quiet)).body.id)!;
    const run = (id: string, job: JobContext) =>
      runWithContext({ jobId: job.id, jobName: job.name }, () =>
        quiet.app.get(RunImport, { strict: false }).execute(id, job),
      );
    const view = async (id: string) =>
      (
        await quiet.db.query<any>(
          `SELECT status, summary->'summary' AS summary, rows_read, failure FROM imports WHERE id = $1`,
          [id],
        )
      )[0];

    beforeAll(async () => {
      quiet = await Shop.start({ stripe: false, env: { JOBS: '0' } });
      admin = await quiet.staff();
    });
    afterAll(() => quiet?.stop());

    it('a crash in the middle loses and repeats nothing', async () => {
      const id = await start(many(130, 'crash'));
      let batches = 0;
      const dying = jobOf(1, async () => {
        batches += 1;
        if (batches === 2) throw new Error('the process dies');
      });
      await expect(run(id, dying)).rejects.toThrow('the process dies');
      expect(await view(id)).toMatchObject({ status: 'running', summary: { created: 100 }, rows_read: 100 });
      await run(id, jobOf(2));
      expect(await view(id)).toMatchObject({
        status: 'completed',
        summary: { created: 130, unchanged: 0 },
        rows_read: 130,
      });
      expect(await quiet.db.query('SELECT FROM import_chunks WHERE import_id = $1', [id])).toEqual([]);
      await run(id, jobOf(3));
      expect(await view(id)).toMatchObject({ summary: { created: 130 } });
    });
    it('a crash in the middle of price lists of one name mixes none, and makes none twice', async () => {
      const list = (name: string) => ({ name, id: newUuid() });
      const [far, alone] = [list('Far'), list('Alone')];
      await run(await start('Handle,Title,Variant Price\ncap,Cap,9'), jobOf(1));
      const lists = (ids: string[]) =>
        quiet.db.query(`INSERT INTO price_lists (id, name, currency) SELECT unnest($1::uuid[]), unnest($2::text[]), 'USD'`, [ids, ['Far', 'Alone']]); // prettier-ignore
      const own = ({ id }: { id: string }) => encodeId('priceList', id);
      const elsewhere = [own(list('')), own(list('')), own(list(''))];
      const csv = [
        'Price List ID,Price List,Currency,Handle,Min Quantity,Price',
        // Ids of another shop, then those of this one: both mean the same list here.
        `${elsewhere[0]},Far,USD,cap,,10`,
        `${elsewhere[1]},Alone,USD,cap,,8`,
        `${elsewhere[2]},New,USD,cap,,4`,
        ...Array.from({ length: 205 }, (_, i) => `${elsewhere[2]},New,USD,cap,${i + 10},3`),
        `${own(far)},Far,USD,cap,2,9`,
        `${own(alone)},Other name,USD,cap,2,7`,
        `${own(list(''))},New,USD,cap,2,2`,
      ].join('\n');
      const told = async (isCrashing: boolean) => {
        await quiet.db.query(`DELETE FROM price_lists`);
        await lists([far.id, alone.id]);
        const id = decodeId('import', (await upload(csv, { kind: 'price_lists' }, admin, quiet)).body.id)!;
        let batches = 0;
        const dying = jobOf(1, async () => {
          batches += 1;
          if (batches === 1) throw new Error('the process dies');
        });
        if (isCrashing) {
          await expect(run(id, dying)).rejects.toThrow('the process dies');
          expect(await view(id)).toMatchObject({ rows_read: 200 });
        }
        await run(id, jobOf(2));
        const [{ errors }] = await quiet.db.query<any>(`SELECT errors FROM imports WHERE id = $1`, [id]); // prettier-ignore
        const prices = await quiet.db.query(
          `SELECT pl.name, e.min_quantity, e.amount FROM price_lists pl LEFT JOIN price_list_entries e ON e.price_list_id = pl.id
           WHERE coalesce(e.min_quantity, 1) < 10 ORDER BY 1, 2`,
        );
        const { summary } = await view(id);
        return { summary, errors: errors.map(({ line, reason }: any) => `${line} ${reason}`), prices };
      };
      const undisturbed = await told(false);
      expect(undisturbed.prices).toMatchObject([{ name: 'Alone' }, { name: 'Far', amount: 1000 }, { name: 'New', amount: 400 }]); // prettier-ignore
      expect(undisturbed.errors).toHaveLength(3);
      expect(await told(true)).toEqual(undisturbed);
    });
    it('two processes at one import do not count twice', async () => {
      const id = await start(many(200, 'race'));
      const ends = await Promise.allSettled([run(id, jobOf(1)), run(id, jobOf(1))]);
      const lost = ends.filter((end) => end.status === 'rejected');
      expect(lost.map((end) => end.reason)).toEqual([expect.any(ImportTakenOver)]);
      expect(await view(id)).toMatchObject({ summary: { created: 200, unchanged: 0, failed: 0 } });
    });
    it('the last try that fails says so, keeps the file, and can be retried', async () => {
      const id = await start(many(60, 'last'));
      const failing = jobOf(5, () => Promise.reject(new Error('no luck')));
      await expect(run(id, failing)).rejects.toThrow('no luck');
      expect(await view(id)).toMatchObject({ status: 'failed', failure: expect.stringContaining('on our side') });
      await run(id, jobOf(6));
      expect(await view(id)).toMatchObject({ status: 'completed', failure: null, summary: { created: 60 } });
    });
    it('files that were never imported go after a week', async () => {
      const id = await start(many(1, 'old'));
      const repository = quiet.app.get(ImportsRepository, { strict: false });
      await repository.deleteOldFiles();
      expect(await quiet.db.query('SELECT FROM import_chunks WHERE import_id = $1', [id])).toHaveLength(1);
      await quiet.db.query(`UPDATE imports SET created_at = now() - interval '8 days' WHERE id = $1`, [id]);
      await repository.deleteOldFiles();
      expect(await quiet.db.query('SELECT FROM import_chunks WHERE import_id = $1', [id])).toEqual([]);
    });
  });
});

it('reads 5,000 rows in seconds', async () => {
  const rows = Array.from({ length: 1_250 }, (_, i) =>
    ['S', 'M', 'L', 'XL'].map((size, v) =>
      v === 0 ? `big-${i},Big ${i},Size,${size},shopify,${i % 9},19.99` : `big-${i},,,${size},shopify,2,19.99`,
    ),
  );
  const startedAt = performance.now();
  const done = await importFile([HEADER, ...rows.flat()].join('\n'));
  expect(done).toMatchObject({ rowsRead: 5_000, summary: { created: 1_250 } });
  expect(performance.now() - startedAt).toBeLessThan(15_000);
}, 60_000);

describe('what a file may do', () => {
  const CUSTOMERS = 'Email,First Name\nfile-a@example.com,Anna\nnot an address,Bob\n';
  /** Somebody with a role of the shop's own making. */
  const withPermissions = async (...permissions: string[]) => {
    const role = await shop.call('POST', '/v1/admin/roles', {
      bearer: owner,
      body: { name: `Files ${newUuid()}`, permissions },
    });
    expect(role.status).toBe(201);
    const bearer = await shop.staff('viewer');
    const { id } = (await shop.call('GET', '/v1/admin/me', { bearer })).body;
    const { headers } = await shop.call('GET', `/v1/admin/users/${id}`, { bearer: owner });
    const changed = await shop.call('PATCH', `/v1/admin/users/${id}`, {
      bearer: owner,
      body: { customRoleId: role.body.id },
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect(changed.status).toBe(200);
    return bearer;
  };

  it('is what its sender may do one by one', async () => {
    const sender = await withPermissions('imports.write');
    const product = 'Handle,Title,Variant Price\nfile-right,Right,1.00\n';
    for (const [content, fields, missing] of [
      [CUSTOMERS, { kind: 'customers' }, 'customers.write'],
      [product, {}, 'catalog.write'],
      [product, { kind: 'price_lists' }, 'catalog.write'],
      [product, { stock: 'set' }, 'catalog.write and inventory.write'],
    ] as const) {
      const refused = await upload(content, fields, sender);
      expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(refused.body.detail).toContain(missing);
    }
    const merchant = await withPermissions('imports.write', 'catalog.write');
    expect((await upload(product, { dryRun: 'true' }, merchant)).status).toBe(202);
    expect((await upload(product, { dryRun: 'true', stock: 'set' }, merchant)).status).toBe(403);

    const { id } = await importFile(CUSTOMERS, { kind: 'customers' });
    for (const path of [`/v1/admin/imports/${id}`, `/v1/admin/imports/${id}/rejects`]) {
      expect((await shop.call('GET', path, { bearer: merchant })).status).toBe(403);
      expect((await shop.call('GET', path, { bearer: owner })).status).toBe(200);
    }
  });

  it('is written down as what it changed, before and after, in the name of its sender', async () => {
    const file = (price: string) => `Handle,Title,Variant Price\nfile-audited,Audited,${price}\n`;
    await importFile(file('10.00'));
    const { id } = await importFile(file('12.50'));
    const me = (await shop.call('GET', '/v1/admin/me', { bearer: owner })).body.id;
    const { data } = (await shop.call('GET', `/v1/admin/audit-log?actor=${id}&recordType=prices`, { bearer: owner }))
      .body;
    expect(data).toMatchObject([
      {
        actor: `import:${id}`,
        onBehalfOf: `staff:${me}`,
        action: 'update',
        before: { amount: 1000 },
        after: { amount: 1250 },
      },
    ]);
    const people = await importFile('Email,First Name\nfile-b@example.com,Cleo\n', { kind: 'customers' });
    const log = await shop.call('GET', `/v1/admin/audit-log?actor=${people.id}`, { bearer: owner });
    expect(log.body.data.map((entry: { recordType: string }) => entry.recordType)).toContain('customers');
    expect(JSON.stringify(log.body)).not.toContain('file-b@example.com');
  });
});
