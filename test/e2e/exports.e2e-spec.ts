import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import type { JobContext } from '#libs/jobs';
import { ExportsRepository, ExportTakenOver } from '../../src/modules/exports/exports.repository.js';
import { RunExport } from '../../src/modules/exports/run-export.service.js';
import type { Queryable } from '#libs/database';
import type { ExportBatch } from '../../src/modules/exports/export-kinds.js';
import { PriceListExport } from '../../src/modules/exports/price-list-export.js';
import { fileOf, finished, importInto } from '../support/files.js';
import { Shop } from '../support/shop.js';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures', name), 'utf8');
const EVIL = `Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Alt Text
evil,'=1+1,"<p>says ""hi"",
twice</p>",'@vendor,'-type,"'+a, b",Größe,'-5,''=5,1.5,https://img.example.com/1.jpg,"'=cmd|' /C calc'!A0"
evil,,,,,,,'+5,'-SKU,2,https://img.example.com/2.jpg,
`;

let shop: Shop;
let other: Shop;
let owner: string;
let others: string;
beforeAll(async () => {
  [shop, other] = await Promise.all([Shop.start({ stripe: false }), Shop.start({ stripe: false })]);
  [owner, others] = await Promise.all([shop.staff(), other.staff()]);
});
afterAll(() => Promise.all([shop?.stop(), other?.stop()]));

/** Rows of each product, whatever the order of the products. */
const byHandle = (csv: string) =>
  (parse(csv, { bom: true, columns: true }) as Record<string, string>[]).sort((a, b) =>
    a.Handle! < b.Handle! ? -1 : a.Handle === b.Handle ? 0 : 1,
  );
const PRODUCTS = { kind: 'products' };
const outcome = (answer: { status: number; body: any }) => [answer.status, answer.body.code];

describe('an export of products', () => {
  it('is what the import reads: again into the same shop, and into another one, without a difference', async () => {
    for (const file of ['products-export.csv', 'products-new-columns.csv'])
      expect((await importInto(shop, owner, fixture(file))).summary.failed).toBe(0);
    await importInto(shop, owner, EVIL);
    const versions = () => shop.db.query(`SELECT id, version, updated_at FROM products ORDER BY id`);
    const before = await versions();
    const first = await fileOf(shop, owner, PRODUCTS);
    const isGift = (await shop.db.query<{ handle: string }>(`SELECT handle FROM products WHERE is_gift_card`))[0];
    expect(isGift).toEqual({ handle: 'gift-card' });
    const again = await importInto(shop, owner, first);
    expect(again).toMatchObject({
      summary: { created: 0, updated: 0, unchanged: before.length, failed: 0 },
      errors: [],
    });
    expect(await versions()).toEqual(before);
    expect(await fileOf(shop, owner, PRODUCTS)).toBe(first);
    const copied = await importInto(other, others, first);
    expect(copied).toMatchObject({ summary: { created: before.length, failed: 0 }, errors: [], warnings: [] });
    expect(byHandle(await fileOf(other, others, PRODUCTS))).toEqual(byHandle(first));
  });

  it('keeps attributes and schedules: again without a difference, and into another shop', async () => {
    const definitions = [
      { key: 'roast', label: 'Roast', type: 'choice', choices: ['Dark', 'Light, "filter"'] },
      { key: 'weight_kg', label: 'Weight', type: 'number' },
      { key: 'organic', label: 'Organic', type: 'boolean' },
      { key: 'note', label: 'Note', type: 'text' },
    ];
    const inHours = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();
    const said = { attributes: { roast: 'Light, "filter"', weight_kg: 0.25, organic: false, note: '=1+1 é' } };
    const sold = { vendor: 'Plans', variants: [{ prices: [{ amount: 100, currency: 'USD' }], trackInventory: false }] };
    const planned = { status: 'draft', publishAt: inHours(2), unpublishAt: inHours(9) };
    const make = async (target: Shop, bearer: string, path: string, body: object) => {
      const answer = await target.call('POST', `/v1/admin/${path}`, { bearer, body });
      expect(answer.status).toBe(201);
      return answer.body;
    };
    for (const definition of definitions) await make(shop, owner, 'attributes', definition);
    const { id } = await make(shop, owner, 'products', { title: 'Planned', ...sold, ...said, ...planned });
    await make(shop, owner, 'products', {
      title: 'Leaving',
      ...sold,
      status: 'active',
      unpublishAt: inHours(5),
    });
    await make(shop, owner, 'products', { title: 'Plain', ...sold });
    const asked = { kind: 'products', filter: { vendor: 'Plans' } };
    const file = await fileOf(shop, owner, asked);
    expect(await importInto(shop, owner, file)).toMatchObject({
      errors: [],
      summary: { unchanged: 3, failed: 0, updated: 0 },
    });
    expect(await fileOf(shop, owner, asked)).toBe(file);

    // A shop that does not know the attributes says so, row by row.
    const unknown = await importInto(other, others, file);
    expect(unknown.summary).toMatchObject({ created: 2, failed: 1 });
    expect(unknown.errors).toEqual([
      {
        line: 2,
        handle: 'planned',
        reason: expect.stringMatching(/\/attributes\/note is no .*; \/attributes\/roast is no attribute of this shop/),
      },
    ]);
    for (const definition of definitions) await make(other, others, 'attributes', definition);
    expect((await importInto(other, others, file)).summary).toMatchObject({ created: 1, unchanged: 2, failed: 0 });
    expect(byHandle(await fileOf(other, others, asked))).toEqual(byHandle(file));
    const timed = await other.db.query(
      `SELECT FROM jobs WHERE name = 'catalog.publish-products' AND next_at > now() + interval '1 hour'`,
    );
    expect(timed).toHaveLength(3);

    // What a file says changes, and what is wrong is told.
    const row = (attributes: string, times: string, status = 'draft') =>
      importInto(shop, owner, `Handle,Title,Vendor,Variant Price,Attributes,Publish At,Unpublish At,Status\nplanned,Planned,Plans,1,${attributes},${times},${status}\n`); // prettier-ignore
    const reason = async (answer: Promise<any>) => (await answer).errors.map((error: any) => error.reason);
    const keep = `${planned.publishAt},${planned.unpublishAt}`;
    expect(await reason(row('oops', keep))).toEqual([expect.stringMatching(/^Attributes must be an object/)]);
    expect(await reason(row('[1]', keep))).toEqual([expect.stringMatching(/^Attributes must be an object/)]);
    expect(await reason(row('"{""roast"": ""Blue""}"', keep))).toEqual([
      '/attributes/roast must be one of Dark, Light, "filter".',
    ]);
    expect(await reason(row('', 'soon,'))).toEqual([expect.stringMatching(/^Publish At must be a time/)]);
    expect(await reason(row('', '2020-01-01T00:00:00Z,'))).toEqual(['/publishAt must be in the future.']);
    expect(await reason(row('', keep, 'active'))).toEqual(['/publishAt goes with the status draft only.']);
    expect(await reason(row('', `,${planned.unpublishAt}`, 'active'))).toEqual([]);
    const read = async () => (await shop.call('GET', `/v1/admin/products/${id}`, { bearer: owner })).body;
    expect(await read()).toMatchObject({ status: 'active', attributes: {}, publishAt: null });
    expect(await reason(row('"{""roast"": ""dark""}"', `${planned.publishAt},`))).toEqual([]);
    expect(await read()).toMatchObject({
      status: 'draft',
      attributes: { roast: 'Dark' },
      publishAt: planned.publishAt,
      unpublishAt: null,
    });
  });

  it('holds prices and stock, and nothing that a spreadsheet would run', async () => {
    const text = await fileOf(shop, owner, PRODUCTS);
    expect(text.startsWith('\ufeffHandle,Title,')).toBe(true);
    const rows = parse(text, { bom: true, columns: true }) as Record<string, string>[];
    expect(
      Object.values(rows).flatMap((row) => Object.values(row).filter((cell) => /^[=+\-@\t\r]/.test(cell))),
    ).toEqual([]);
    const [evil, second] = rows.filter((row) => row.Handle === 'evil');
    expect(evil).toMatchObject({ Title: "'=1+1", Vendor: "'@vendor", 'Option1 Value': "'-5", 'Variant SKU': "''=5" });
    expect(second).toMatchObject({ Title: '', 'Option1 Value': "'+5", 'Variant Price': '2.00', 'Image Position': '2' });
    expect(rows.find((row) => row['Variant SKU'] === 'LS-W-M')).toMatchObject({
      'Variant Inventory Qty': '4',
      'Variant Inventory Policy': 'continue',
      'Variant Price': '59.99',
      'Variant Compare At Price': '75.00',
      Published: '',
    });
  });

  it('knows filters and currencies, refuses what it does not know, and is listed', async () => {
    const drafts = parse(
      await fileOf(shop, owner, { kind: 'products', filter: { status: 'draft', vendor: 'potters LANE' } }),
      {
        bom: true,
        columns: true,
      },
    ) as Record<string, string>[];
    expect([...new Set(drafts.map((row) => row.Handle))].sort()).toEqual(['hidden-lamp']);
    const euros = await fileOf(shop, owner, { kind: 'products', filter: { currency: 'EUR' } });
    expect((parse(euros, { bom: true, columns: true }) as Record<string, string>[])[0]!['Variant Price']).toBe('');
    for (const [body, pointer] of [
      [{ kind: 'orders' }, '/kind'],
      [{ kind: 'products', filter: { currency: 'XQQ' } }, '/filter/currency'],
    ] as const) {
      const answer = await shop.call('POST', '/v1/admin/exports', { bearer: owner, body });
      expect([...outcome(answer), answer.body.errors[0].pointer]).toEqual([400, 'validation_failed', pointer]);
    }
    const list = await shop.call('GET', '/v1/admin/exports?limit=2&include=total', { bearer: owner });
    expect([list.body.data[0].filter, list.body.page.total >= 5]).toEqual([{ currency: 'EUR' }, true]);
  });
});

describe('an export of price lists', () => {
  const LISTS = { kind: 'price_lists' };
  const everything = (target: Shop) =>
    target.db.query(
      `SELECT pl.name, pl.currency, pl.active, pl.starts_at, pl.ends_at, m.name AS market, g.name AS customer_group, p.handle, v.option_key, e.min_quantity, e.amount
       FROM price_lists pl LEFT JOIN price_list_entries e ON e.price_list_id = pl.id LEFT JOIN variants v ON v.id = e.variant_id
       LEFT JOIN products p ON p.id = v.product_id LEFT JOIN markets m ON m.id = pl.market_id LEFT JOIN customer_groups g ON g.id = pl.customer_group_id
       ORDER BY pl.name, p.handle, v.option_key, e.min_quantity`,
    );
  const placesIn = async (target: Shop) => {
    await target.db.query(`INSERT INTO customer_groups (id, name) VALUES ($1, 'Trade, "big"')`, [newUuid()]);
    await target.db.query(
      `INSERT INTO markets (id, name, countries, currency, prices_include_tax) VALUES ($1, 'Japan', '{JP}', 'JPY', true)`,
      [newUuid()],
    );
  };

  it('is what the import reads: again without a difference, and into another shop', async () => {
    await placesIn(shop);
    await importInto(
      shop,
      owner,
      'Handle,Title,Option1 Name,Option1 Value,Variant Price\ntee,Tee,Size,S,20\ntee,,,M,20\ncap,Cap,,,9',
    );
    const csv = [
      'Price List;Currency;Market;Customer Group;Starts At;Ends At;Active;Handle;Option1 Value;Min Quantity;Price',
      "'=Sale;USD;;;2026-01-01T00:00:00Z;2099-01-01T00:00:00Z;;tee;S;;15,50",
      "'=Sale;USD;;;2026-01-01T00:00:00Z;2099-01-01T00:00:00Z;;tee;M;10;14",
      'Trade;usd;;"Trade, ""big""";;;no;cap;Default Title;;0',
      'Tokyo;JPY;japan;;;;;cap;;2;1500',
      'Empty;EUR;;;;;;;;;',
    ].join('\n');
    expect(await importInto(shop, owner, csv, 'price_lists')).toMatchObject({
      kind: 'price_lists',
      summary: { created: 5, updated: 0, unchanged: 0, failed: 0 },
      errors: [],
    });
    const rows = await everything(shop);
    expect(rows).toMatchObject([
      { name: '=Sale', currency: 'USD', active: true, handle: 'tee', option_key: 'm', min_quantity: 10, amount: 1400 },
      { name: '=Sale', option_key: 's', min_quantity: 1, amount: 1550 },
      { name: 'Empty', currency: 'EUR', handle: null },
      { name: 'Tokyo', market: 'Japan', currency: 'JPY', amount: 1500 },
      { name: 'Trade', customer_group: 'Trade, "big"', active: false, handle: 'cap', option_key: '', amount: 0 },
    ]);
    // Shoppers see the sale at once.
    expect((await shop.call('GET', '/v1/products/tee')).body.variants[0].price).toEqual({
      amount: 1550,
      currency: 'USD',
    });
    const versions = () => shop.db.query(`SELECT id, version, updated_at FROM price_lists ORDER BY id`);
    const before = await versions();
    const file = await fileOf(shop, owner, LISTS);
    expect(file).toContain("'=Sale");
    const summary = { created: 0, updated: 0, unchanged: 5, failed: 0 };
    expect(await importInto(shop, owner, file, 'price_lists')).toMatchObject({ summary, errors: [] });
    expect(await importInto(shop, owner, csv, 'price_lists')).toMatchObject({ summary, errors: [] });
    expect(await versions()).toEqual(before);
    expect(await fileOf(shop, owner, LISTS)).toBe(file);

    await placesIn(other);
    await importInto(other, others, await fileOf(shop, owner, PRODUCTS));
    expect((await importInto(other, others, file, 'price_lists')).summary).toEqual({
      ...summary,
      created: 5,
      unchanged: 0,
    });
    expect(await everything(other)).toEqual(rows);
    expect((await importInto(other, others, file, 'price_lists')).summary).toEqual(summary);
  });

  it('comes from files with mistakes, which cost their own rows only', async () => {
    const csv = [
      'Price List ID,Price List,Currency,Market,Customer Group,Starts At,Ends At,Active,Handle,Option1 Value,Min Quantity,Price',
      ',New,USD,,,,,,tee,S,,12',
      ',New,USD,,,,,,tee,S,1,13',
      ',New,USD,,,,,no,tee,M,1,13',
      ',,USD,,,,,,tee,S,,12',
      ',New,USD,,,,,,tee,S,0,12',
      ',New,USD,,,,,,tee,S,2,',
      ',New,USD,,,,,,tee,S,2,1.999',
      ',New,USD,,,,,,tee,XL,2,1',
      ',Far,USD,Atlantis,,,,,tee,S,,1',
      ',Club,USD,,Nobody,,,,tee,S,,1',
      ',When,USD,,,tomorrow,,,tee,S,,1',
      ',When,USD,,,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z,,tee,S,,1',
      'prod_1,Odd,USD,,,,,,tee,S,,1',
      ',Odd,XXQ,,,,,,tee,S,,1',
    ].join('\n');
    const done = await importInto(shop, owner, csv, 'price_lists');
    expect(done.summary).toEqual({ created: 1, updated: 0, unchanged: 0, failed: 13 });
    expect(
      done.errors.map((error: any) => [error.line, error.reason]).sort(([a]: [number], [b]: [number]) => a - b),
    ).toEqual([
      [3, 'the price is on line 2 already.'],
      [4, 'the price list "New" is another one on line 2, which holds.'],
      [5, 'Price List is empty.'],
      [6, 'Min Quantity must be from 1 to 9999.'],
      [7, 'Price is empty.'],
      [8, expect.stringMatching('^Price must be a number')],
      [9, 'there is no variant XL of a product "tee".'],
      [10, 'there is no market "Atlantis".'],
      [11, 'there is no customer group "Nobody".'],
      [12, 'Starts At must be a time such as 2026-11-01T00:00:00Z.'],
      [13, 'Ends At must be after Starts At.'],
      [14, 'Price List ID must be an id that begins with plist_, or empty.'],
      [15, 'Currency must be an ISO 4217 currency code such as USD.'],
    ]);
    expect(await shop.db.query(`SELECT 1 FROM price_lists WHERE name IN ('Far', 'Club', 'When', 'Odd')`)).toEqual([]);
    const rejects = await shop.call<string>('GET', `/v1/admin/imports/${done.id}/rejects`, { bearer: owner });
    expect(rejects.body.trim().split('\n')).toHaveLength(14);
    const form = new FormData();
    form.append('kind', 'prices');
    form.append('file', new Blob([csv]), 'x.csv');
    const wrong = await fetch(`${shop.url}/v1/admin/imports`, { method: 'POST', headers: { Authorization: `Bearer ${owner}` }, body: form }); // prettier-ignore
    expect([wrong.status, ((await wrong.json()) as any).errors[0].pointer]).toEqual([400, '/kind']);
  });

  it('takes a price once, however it is written, and lets one row that is refused stop no other', async () => {
    const id = newUuid();
    await shop.db.query(`INSERT INTO price_lists (id, name, currency) VALUES ($1, 'Once', 'USD')`, [id]);
    await shop.db.query(`ALTER TABLE price_list_entries ADD CONSTRAINT no_such_price CHECK (amount <> 66600)`);
    const csv = [
      'Price List ID,Price List,Currency,Handle,Option1 Value,Min Quantity,Price',
      ',Once,USD,tee,S,,12',
      ',Once,USD,tee,s,1,13',
      `${encodeId('priceList', id)},Once,USD,tee,S,,14`,
      ',Once,USD,tee,M,,666',
      ...Array.from({ length: 12 }, (_, i) => `,Once,USD,cap,,${i + 1},${20 - i}`),
    ].join('\n');
    const done = await importInto(shop, owner, csv, 'price_lists');
    await shop.db.query(`ALTER TABLE price_list_entries DROP CONSTRAINT no_such_price`);
    expect(done).toMatchObject({ status: 'completed', summary: { created: 13, updated: 0, failed: 3 } });
    expect(done.errors.map((error: any) => [error.line, error.reason])).toEqual([
      [3, 'the price is on line 2 already.'],
      [4, 'the price list "Once" has no id on line 2, which holds.'],
      [5, expect.stringMatching('^the database refuses it: .*"no_such_price"')],
    ]);
    const prices = await shop.db.query(`SELECT amount FROM price_list_entries WHERE price_list_id = $1`, [id]);
    expect(prices).toHaveLength(13);
    expect(prices).toContainEqual({ amount: 1200 });
    await shop.db.query(`DELETE FROM price_lists WHERE id = $1`, [id]);
  });

  it('keeps lists of one name apart by their ids, and says so where it cannot', async () => {
    const [one, two] = [newUuid(), newUuid()];
    await shop.db.query(
      `INSERT INTO price_lists (id, name, currency) VALUES ($1, 'Twin', 'USD'), ($2, 'Twin', 'USD')`,
      [one, two],
    );
    const file = (await fileOf(shop, owner, LISTS)).split('\n').filter((line, i) => i === 0 || line.includes('Twin')).join('\n'); // prettier-ignore
    expect((await importInto(shop, owner, file, 'price_lists')).summary).toMatchObject({ unchanged: 2, failed: 0 });
    const copied = await importInto(other, others, file, 'price_lists');
    expect([copied.summary.created, copied.errors.map((error: any) => error.reason)]).toEqual([
      1,
      ['"Twin" is the name of several price lists of the file.'],
    ]);
    const byName = 'Price List,Handle,Price\nTwin,tee,1';
    expect((await importInto(shop, owner, byName, 'price_lists')).errors[0].reason).toBe(
      '"Twin" is the name of several price lists in USD.',
    );
  });

  it('takes a list and its prices from where they stand first, however far apart the rows are', async () => {
    const [first, far, alone] = [newUuid(), newUuid(), newUuid()];
    await shop.db.query(
      `INSERT INTO price_lists (id, name, currency) VALUES ($1, 'First', 'USD'), ($2, 'Far', 'USD'), ($3, 'Alone', 'USD')`,
      [first, far, alone],
    );
    await shop.db.query(`ALTER TABLE price_list_entries ADD CONSTRAINT no_such_price CHECK (amount <> 66600)`);
    const elsewhere = () => encodeId('priceList', newUuid());
    const csv = [
      'Price List ID,Price List,Currency,Handle,Min Quantity,Price',
      `${encodeId('priceList', first)},First,USD,cap,,12`,
      `${encodeId('priceList', first)},Second,USD,cap,2,11`,
      // Ids of another shop, then those of this one: both mean the same list here.
      `${elsewhere()},Far,USD,cap,,10`,
      ...Array.from({ length: 210 }, (_, i) => `${encodeId('priceList', first)},First,USD,cap,${i + 10},5`),
      `${encodeId('priceList', far)},Far,USD,cap,,9`,
      // The batch is saved row by row.
      `${encodeId('priceList', first)},First,USD,cap,9000,666`,
      `${elsewhere()},Alone,USD,cap,,8`,
      `${encodeId('priceList', alone)},Alone,USD,cap,,7`,
    ].join('\n');
    const refusals = [
      [3, 'the price list "Second" is another one on line 2, which holds.'],
      [215, 'the price list "Far" stands further up already, under another id or name.'],
      [218, 'the price list "Alone" stands further up already, under another id or name.'],
    ];
    const form = new FormData();
    form.append('kind', 'price_lists');
    form.append('dryRun', 'true');
    form.append('file', new Blob([csv]), 'x.csv');
    const dry: any = await fetch(`${shop.url}/v1/admin/imports`, { method: 'POST', headers: { Authorization: `Bearer ${owner}` }, body: form }).then((answer) => answer.json()); // prettier-ignore
    const tried = await shop.until(async () => {
      const { body } = await shop.call('GET', `/v1/admin/imports/${dry.id}`, { bearer: owner });
      return body.status === 'completed' && body;
    }, 'the dry run');
    const done = await importInto(shop, owner, csv, 'price_lists');
    await shop.db.query(`ALTER TABLE price_list_entries DROP CONSTRAINT no_such_price`);
    for (const told of [tried, done])
      expect(told.errors.map((error: any) => [error.line, error.reason]).filter(([line]: [number]) => line !== 216)).toEqual(refusals); // prettier-ignore
    expect(done.errors).toHaveLength(4);
    const prices = await shop.db.query(
      `SELECT pl.name, e.amount FROM price_lists pl JOIN price_list_entries e ON e.price_list_id = pl.id
       WHERE pl.id = ANY($1::uuid[]) AND e.min_quantity < 10 ORDER BY pl.name, e.min_quantity`,
      [[first, far, alone]],
    );
    expect(prices.map(({ name, amount }: any) => [name, amount])).toEqual([
      ['Alone', 800],
      ['Far', 1000],
      ['First', 1200],
    ]);
    await shop.db.query(`DELETE FROM price_lists WHERE id = ANY($1::uuid[])`, [[first, far, alone]]);
  });
});

describe('tax classes of variants', () => {
  it('stand in the file by their names; a file without the column leaves them', async () => {
    await shop.db.query(`INSERT INTO tax_classes (id, name) VALUES ($1, 'Books')`, [newUuid()]);
    const classOf = () =>
      shop.db.query(
        `SELECT c.name FROM products p JOIN variants v ON v.product_id = p.id LEFT JOIN tax_classes c ON c.id = v.tax_class_id WHERE p.handle = 'novel'`,
      );
    const csv = (head: string, cell: string) => `Handle,Title,Variant Price${head}\nnovel,Novel,9.00${cell}`;
    const column = ',Variant Tax Class';
    expect((await importInto(shop, owner, csv(column, ',books'))).summary).toMatchObject({ created: 1 });
    expect(await classOf()).toEqual([{ name: 'Books' }]);
    expect((await importInto(shop, owner, csv('', ''))).summary).toMatchObject({ unchanged: 1 });
    expect((await importInto(shop, owner, csv(column, ',Atlas'))).errors[0].reason).toBe(
      'there is no tax class "Atlas".',
    );
    expect(await fileOf(shop, owner, PRODUCTS)).toMatch(/novel,Novel,.*,Books,/);
    expect((await importInto(shop, owner, csv(column, ','))).summary).toMatchObject({ updated: 1 });
    expect(await classOf()).toEqual([{ name: null }]);
  });
});

describe('an export of customers', () => {
  beforeAll(async () => {
    const id = newUuid();
    await shop.db.query(
      `INSERT INTO customers (id, email, first_name, last_name, phone) VALUES ($1, 'ada@example.com', 'Ada', 'Lovelace', '+44 20 1')`,
      [id],
    );
    await shop.db.query(
      `INSERT INTO customer_addresses (id, customer_id, is_default_shipping, address) VALUES ($1, $2, true, $3)`,
      [
        newUuid(),
        id,
        JSON.stringify({
          firstName: 'Ada',
          lastName: 'L',
          line1: '1 Main',
          city: 'London',
          postalCode: 'N1',
          country: 'GB',
        }),
      ],
    );
    await shop.db.query(
      `INSERT INTO customer_group_members (customer_id, group_id) SELECT $1, id FROM customer_groups WHERE name LIKE 'Trade%'`,
      [id],
    );
  });

  it('is what the import of customers reads, in this shop and in another one', async () => {
    const file = await fileOf(shop, owner, { kind: 'customers' });
    expect((await importInto(shop, owner, file, 'customers')).summary).toMatchObject({
      unchanged: 1,
      updated: 0,
      failed: 0,
    });
    expect((await importInto(other, others, file, 'customers')).summary).toMatchObject({ created: 1, failed: 0 });
    expect(await fileOf(shop, owner, { kind: 'customers' })).toBe(file);
    expect(await fileOf(other, others, { kind: 'customers' })).toBe(file);
    const groups = () => other.db.query(`SELECT 1 FROM customer_group_members`);
    expect(await groups()).toHaveLength(1);
    const without = 'Email,First Name,Customer Groups\nada@example.com,Ada,';
    expect((await importInto(other, others, without, 'customers')).summary).toMatchObject({ updated: 1 });
    expect(await groups()).toEqual([]);
    const wrong = 'Email,Customer Groups\nada@example.com,Nobody\n';
    expect((await importInto(other, others, wrong, 'customers')).errors[0].reason).toBe(
      'there is no customer group "Nobody".',
    );
  });

  it('comes from files with mistakes, which cost their own rows only', async () => {
    const csv = [
      'Email;First Name;Last Name;Accepts Email Marketing;Phone;Address1;City;Zip;Country Code',
      "bob@example.com;Bob;'=Cmd;yes;'+49 30 1;;;;",
      'ADA@example.com;Ada;King;no;;12 St James;London;SW1;gb',
      'nobody;No;Body;no;;;;;',
      'eve@example.com;Eve;E;perhaps;;;;;',
      'bob@Example.com;Bob;Again;no;;;;;',
      'zoe@example.com;Zoe;Z;no;;1 Main;;;XX',
    ].join('\n');
    const done = await importInto(other, others, csv, 'customers');
    expect(done).toMatchObject({ kind: 'customers', summary: { created: 1, updated: 1, unchanged: 0, failed: 4 } });
    expect(done.errors.map((error: any) => [error.line, error.reason])).toEqual([
      [4, 'Email must be an email.'],
      [5, 'Accepts Email Marketing must be TRUE or FALSE, not "perhaps".'],
      [6, 'the customer is on line 2 already.'],
      ...['City', 'Zip'].map((name) => [7, expect.stringMatching(`^${name} must be longer`)]),
      [7, expect.stringMatching('^Country Code must be')],
    ]);
    expect(
      await other.db.query(
        `SELECT email, first_name, last_name, phone, accepts_marketing FROM customers ORDER BY email`,
      ),
    ).toEqual([
      { email: 'ada@example.com', first_name: 'Ada', last_name: 'King', phone: null, accepts_marketing: false },
      { email: 'bob@example.com', first_name: 'Bob', last_name: '=Cmd', phone: '+49 30 1', accepts_marketing: true },
    ]);
    const rejects = await other.call<string>('GET', `/v1/admin/imports/${done.id}/rejects`, { bearer: others });
    expect(rejects.body).toContain('Email must be an email.,nobody,No,Body');
    expect((await importInto(other, others, csv, 'customers')).summary).toMatchObject({
      created: 0,
      unchanged: 2,
      failed: 4,
    });
  });

  it('loses no customer because the database refuses another one', async () => {
    await other.db.query(`ALTER TABLE customers ADD CONSTRAINT no_such_name CHECK (first_name <> 'Refused')`);
    const people = Array.from({ length: 12 }, (_, i) => `many-${i}@example.com,${i === 9 ? 'Refused' : 'Kept'}`);
    const done = await importInto(other, others, ['Email,First Name', ...people].join('\n'), 'customers');
    await other.db.query(`ALTER TABLE customers DROP CONSTRAINT no_such_name`);
    expect(done).toMatchObject({ status: 'completed', summary: { created: 11, failed: 1 } });
    expect(done.errors).toEqual([
      expect.objectContaining({
        line: 11,
        reason: expect.stringMatching('^the database refuses it: .*"no_such_name"'),
      }),
    ]);
  });

  it('is for those who may, leaves a trace of who asked and who took it, and is gone after a day', async () => {
    const owners = await finished(shop, owner, { kind: 'customers' });
    const file = await shop.call('GET', owners.fileUrl, { bearer: owner });
    expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename="customers-\d{4}-\d\d-\d\d\.csv"/);
    expect(file.headers.get('cache-control')).toBe('private, no-store');
    expect(parse(file.body, { bom: true, columns: true })).toEqual([
      expect.objectContaining({ Email: 'ada@example.com', Phone: "'+44 20 1", 'Default Address Country Code': 'GB' }),
    ]);
    const audit = await shop.call('GET', `/v1/admin/audit-log?recordId=${owners.id}`, { bearer: owner });
    expect(audit.body.data.map((entry: any) => [entry.action, entry.actor.startsWith('staff:usr_')])).toEqual([
      ['update', true],
      ['insert', true],
    ]);
    const key = await shop.call('POST', '/v1/admin/api-keys', {
      bearer: owner,
      body: { name: 'K', scopes: ['exports.write'] },
    });
    const byKey = { bearer: key.body.key };
    expect(outcome(await shop.call('POST', '/v1/admin/exports', { ...byKey, body: { kind: 'customers' } }))).toEqual([
      403,
      'forbidden',
    ]);
    expect(outcome(await shop.call('GET', owners.fileUrl, byKey))).toEqual([403, 'forbidden']);
    const viewer = await shop.staff('viewer');
    expect(outcome(await shop.call('GET', owners.fileUrl, { bearer: viewer }))).toEqual([403, 'forbidden']);

    await shop.db.query(`UPDATE exports SET expires_at = now() - interval '1 second' WHERE id = $1`, [
      decodeId('export', owners.id),
    ]);
    expect(outcome(await shop.call('GET', owners.fileUrl, { bearer: owner }))).toEqual([410, 'export_expired']);
    await shop.app.get(ExportsRepository, { strict: false }).deleteExpired();
    expect(
      await shop.db.query(`SELECT FROM export_chunks WHERE export_id = $1`, [decodeId('export', owners.id)]),
    ).toEqual([]);
    expect((await shop.call('GET', `/v1/admin/exports/${owners.id}`, { bearer: owner })).body).toMatchObject({
      status: 'expired',
      fileUrl: null,
    });
  });
});

describe('a large export', () => {
  const LISTS = 10;
  const VARIANTS = 700;
  beforeAll(async () => {
    const rows = Array.from({ length: VARIANTS }, (_, i) => `large,${i === 0 ? 'Large,No' : ','},${i},1`);
    const csv = ['Handle,Title,Option1 Name,Option1 Value,Variant Price', ...rows].join('\n');
    expect((await importInto(other, others, csv)).summary).toMatchObject({ created: 1 });
    await other.db.query(
      `INSERT INTO price_lists (id, name, currency, deleted_at, active) SELECT gen_random_uuid(), 'Large ' || n, 'USD', CASE WHEN n = 3 THEN now() END, n <> 3
       FROM generate_series(1, ${LISTS} + 2) n`,
    );
    await other.db.query(
      `INSERT INTO price_list_entries (price_list_id, variant_id, min_quantity, amount)
       SELECT pl.id, v.id, 1, 100 FROM price_lists pl, variants v JOIN products p ON p.id = v.product_id
       WHERE p.handle = 'large' AND pl.name LIKE 'Large %' AND pl.name NOT IN ('Large 1', 'Large 2')`,
    );
    await other.db.query(`ANALYZE price_lists, price_list_entries, variants`);
  });

  /** Rows that a statement takes from a table, used or thrown away. */
  const rowsRead = (node: any, table: string): number =>
    (node['Relation Name'] === table
      ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      : 0) + (node.Plans ?? []).reduce((sum: number, child: any) => sum + rowsRead(child, table), 0);

  it('of price lists reads each price about once: its time grows with the file', async () => {
    const source = other.app.get(PriceListExport, { strict: false });
    const [{ n }] = (await other.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM price_list_entries`)) as [
      { n: number },
    ];
    let [read, batches, written] = [0, 0, 0];
    const explained: Queryable = {
      query: async <R>(text: string, values?: unknown[]) => {
        const [plan] = await other.db.query<any>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
        read += rowsRead(plan['QUERY PLAN'][0].Plan, 'price_list_entries');
        batches += 1;
        return other.db.query<R>(text, values);
      },
    };
    const names = new Set<unknown>();
    for (let after: string | null = null; ;) {
      const batch: ExportBatch | null = await source.batch(explained, { currency: 'USD' }, after);
      if (!batch) break;
      written += batch.count;
      for (const row of batch.rows) names.add(row[1]);
      after = batch.position;
    }
    expect(written).toBe(await source.count(other.db));
    expect(batches).toBe(Math.ceil(written / 500) + 1);
    expect([names.has('Large 1'), names.has('Large 3')]).toEqual([true, false]);
    // Beside the prices: a look at each list whether it has any.
    expect(read).toBeLessThan(n + batches * 50);
  });
});

describe('what goes wrong on the way', () => {
  const jobOf = (attempt: number, progress: () => Promise<void> = async () => undefined): JobContext => ({
    id: newUuid(), name: 'exports.run', payload: {}, attempt, together: [], complete: async () => undefined, progress,
  }); // prettier-ignore

  it('a crash in the middle loses and repeats nothing, and two processes do not write one file', async () => {
    const rows = Array.from({ length: 250 }, (_, i) => `many-${i},Product ${i},5`);
    await importInto(other, others, ['Handle,Title,Variant Price', ...rows].join('\n'));
    const whole = await fileOf(other, others, PRODUCTS);
    const id = newUuid();
    await other.db.query(
      `INSERT INTO exports (id, kind, filter, created_by) VALUES ($1, 'products', '{"currency":"USD"}', $1)`,
      [id],
    );
    const run = (job: JobContext) => other.app.get(RunExport, { strict: false }).execute(id, job);
    let pieces = 0;
    const dying = jobOf(1, async () => {
      pieces += 1;
      if (pieces === 2) throw new Error('the process dies');
    });
    await expect(run(dying)).rejects.toThrow('the process dies');
    const ends = await Promise.allSettled([run(jobOf(2)), run(jobOf(2))]);
    const lost = ends.filter((end) => end.status === 'rejected');
    expect(lost.every((end) => end.reason instanceof ExportTakenOver)).toBe(true);
    const [row] = await other.db.query<any>(`SELECT * FROM exports WHERE id = $1`, [id]);
    expect([row.status, row.done, row.total, row.bytes]).toEqual([
      'completed',
      row.total,
      row.done,
      Buffer.byteLength(whole),
    ]);
    const chunks = await other.db.query<{ bytes: Buffer }>(
      `SELECT bytes FROM export_chunks WHERE export_id = $1 ORDER BY seq`,
      [id],
    );
    expect(Buffer.concat(chunks.map((chunk) => chunk.bytes)).toString()).toBe(whole);
  });

  it('a file that is not written yet says so', async () => {
    const id = newUuid();
    await shop.db.query(`INSERT INTO exports (id, kind, status, created_by) VALUES ($1, 'products', 'failed', $1)`, [
      id,
    ]);
    const [{ id: publicId }] = (await shop.call('GET', '/v1/admin/exports?limit=1', { bearer: owner })).body.data;
    expect(outcome(await shop.call('GET', `/v1/admin/exports/${publicId}/file`, { bearer: owner }))).toEqual([
      409,
      'export_not_ready',
    ]);
  });
});
