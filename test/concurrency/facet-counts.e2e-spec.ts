import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Db, type Queryable } from '#libs/database';
import { createDataSource } from '../../ormconfig.js';
import { FacetCounts1790000000049 } from '../../src/db/migrations/1790000000049-facet-counts.js';
import { FacetCounts } from '../../src/modules/catalog/facet-counts/facet-counts.service.js';
import { countedLive, countedWhole, differences } from '../support/facet-counts.js';
import { seeded } from '../support/fuzz/oddities.js';
import { race, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

const PRODUCTS = 400;
const WRITERS = 4;

const random = seeded(SEED);
let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await cloneDatabase();
  db = new Db(await createDataSource(database.url, { applicationName: 'facets', poolSize: 12, statementTimeoutMs: 60_000, lockTimeoutMs: 10_000, idleInTransactionTimeoutMs: 60_000 }).initialize()); // prettier-ignore
  await db.query(
    `INSERT INTO products (id, handle, title, status) SELECT ${id('n')}, 'product-' || n, 'Thing ' || n, 'active' FROM generate_series(1, ${PRODUCTS}) n`,
  );
  await list(db, 1, PRODUCTS);
});
afterAll(async () => {
  await db?.dataSource.destroy();
  await database?.drop();
});

const id = (n: string) => `('01920000-0000-7000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
const between = (from: number, to: number) => `product_id BETWEEN ${id(String(from))} AND ${id(String(to))}`;

/** Rows of the read model with values that come from their number. */
function list(on: Queryable, from: number, to: number): Promise<unknown> {
  return on.query(
    `INSERT INTO product_listings (product_id, currency, handle, title, sort_title, vendor, product_type, category_ids, collection_ids,
       options, option_labels, attributes, attribute_labels, price_min, price_max, available, created_at, search, card)
     SELECT p.id, c.currency, p.handle, p.title, lower(p.title), (ARRAY['Acme', 'ACME', 'Holm', ''])[1 + n % 4], 'Type ' || n % 3,
       ARRAY[${id('n % 7')}, ${id('7 + n % 3')}], ARRAY[${id('n % 5')}], ARRAY['color=c' || n % 6], ARRAY['Color=C' || n % 6],
       ARRAY['roast=r' || n % 3], ARRAY['roast=R' || n % 3], n * 37, n * 37, n % 2 > 0, now(), '', '{}'
     FROM (SELECT p.*, right(p.id::text, 12)::int AS n FROM products p) p CROSS JOIN (VALUES ('USD'), ('EUR')) AS c (currency)
     WHERE n BETWEEN ${from} AND ${to} ON CONFLICT (product_id, currency) DO UPDATE SET vendor = excluded.vendor, available = excluded.available`,
  );
}

const CHANGES: ((from: number, to: number) => string)[] = [
  (from, to) => `UPDATE product_listings SET vendor = (ARRAY['Acme', 'acme', 'Nord', ''])[1 + floor(random() * 4)::int] WHERE ${between(from, to)}`,
  (from, to) => `UPDATE product_listings SET available = NOT available WHERE ${between(from, to)}`,
  (from, to) => `UPDATE product_listings SET price_min = price_min * 3 / 2 + 1 WHERE ${between(from, to)}`,
  (from, to) => `UPDATE product_listings SET collection_ids = CASE WHEN random() < 0.5 THEN '{}' ELSE ARRAY[${id('3')}] END WHERE ${between(from, to)}`,
  (from, to) => `UPDATE product_listings SET popularity = popularity + 1 WHERE ${between(from, to)}`,
  (from, to) => `DELETE FROM product_listings WHERE ${between(from, to)}`,
]; // prettier-ignore

/** Each in its own part of the products, so that they never wait for rows: what they share is only the summary. */
async function write(part: number, statements: number): Promise<void> {
  const size = PRODUCTS / WRITERS;
  for (let i = 0; i < statements; i += 1) {
    const from = 1 + part * size + Math.floor(random() * size);
    const to = Math.min((part + 1) * size, from + Math.floor(random() * 30));
    const change = CHANGES[Math.floor(random() * CHANGES.length)]!;
    const isUndone = random() < 0.2;
    await db
      .transaction(async (tx) => {
        await tx.query(change(from, to));
        if (random() < 0.5) await list(tx, from, to);
        if (isUndone) throw new Error('not this time');
      })
      .catch((error: unknown) => {
        if (!isUndone) throw error;
      });
  }
}

/** Looks again and again at the summary and at the listings in one statement. */
async function look(isOver: () => boolean): Promise<number> {
  for (let looks = 0; ; looks += 1) {
    expect(await differences(db)).toEqual([]);
    if (isOver()) return looks;
  }
}

race('the summary is exact at each moment, while others write, take back and fold', async () => {
  const counts = new FacetCounts(db);
  let isOver = false;
  const fold = async () => {
    while (!isOver) await counts.fold();
  };
  const others = [look(() => isOver), look(() => isOver), fold(), fold()];
  await Promise.all(Array.from({ length: WRITERS }, (_, part) => write(part, 40))).finally(() => (isOver = true));
  const [looks] = await Promise.all(others);
  expect(looks).toBeGreaterThan(0);
  for (const currency of ['USD', 'EUR'])
    for (const inStock of [false, true])
      expect(await countedWhole(db, currency, inStock)).toEqual(await countedLive(db, currency, inStock));
  await counts.fold();
  expect(await db.query(`SELECT 1 FROM facet_counts GROUP BY currency, kind, text, label HAVING count(*) > 1`)).toEqual(
    [],
  );
  expect(await differences(db)).toEqual([]);
});

/** Who waits for somebody else. */
const WAITING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

/** A transaction beside those of the pool. */
async function aside<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

it('a writer waits neither for a fold nor for another writer, nor does the fold for it', async () => {
  const counts = new FacetCounts(db);
  await list(db, 1, 100);
  await db.query(CHANGES[0]!(1, 100));
  await aside(async (client) => {
    await client.query('BEGIN');
    await client.query(CHANGES[2]!(1, 50));
    await db.query(CHANGES[2]!(51, 100));
    expect(await counts.fold()).toBeGreaterThan(0);
    await client.query('COMMIT');
  });
  expect(await differences(db)).toEqual([]);
});

it('what changes no facet writes nothing', async () => {
  const rows = async () => (await db.query(`SELECT 1 FROM facet_counts`)).length;
  const before = await rows();
  await db.query(
    `UPDATE product_listings SET popularity = popularity + 1, card = card || ' ', price_max = price_max + 1`,
  );
  await db.query(`UPDATE product_listings SET price_min = price_min + 1 WHERE price_min BETWEEN 1000 AND 1900`);
  expect(await rows()).toBe(before);
});

it('is empty when all listings are taken away at once', async () => {
  await list(db, 1, 50);
  await db.query(`TRUNCATE product_listings CASCADE`);
  expect(await db.query(`SELECT 1 FROM facet_counts`)).toEqual([]);
  await list(db, 1, PRODUCTS);
  expect(await differences(db)).toEqual([]);
});

it('two who count anew at the same time add what is missing once', async () => {
  await list(db, 1, PRODUCTS);
  await db.query(`DELETE FROM facet_counts WHERE kind = 'vendor'`);
  expect((await differences(db)).length).toBeGreaterThan(0);
  const recount = `SELECT recount_facets() AS added`;
  await aside(async (first) => {
    await first.query('BEGIN');
    expect(Number((await first.query<{ added: string }>(recount)).rows[0]!.added)).toBeGreaterThan(0);
    let isDone = false;
    const second = db.query(recount).finally(() => (isDone = true));
    while (!isDone && (await db.query(WAITING)).length === 0) await sleep(10);
    await first.query('COMMIT');
    expect(await second).toEqual([{ added: 0 }]);
  });
  expect(await differences(db)).toEqual([]);
  // Who would see the shop as it was before the wait is refused.
  await aside(async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await expect(client.query(recount)).rejects.toThrow('READ COMMITTED');
  });
});

describe('the migration', () => {
  const run = async () => {
    const source = await createDataSource(database.url).initialize();
    const runner = source.createQueryRunner();
    try {
      await new FacetCounts1790000000049().up(runner);
    } finally {
      await runner.release();
      await source.destroy();
    }
  };
  const undo = async () => {
    for (const name of ['came', 'changed', 'went', 'emptied'])
      await db.query(`DROP TRIGGER product_listings_${name} ON product_listings`);
    await db.query(`DROP TABLE facet_counts`);
  };

  race(
    'counts a full shop beside those who write, and adds nothing when it is run again',
    async () => {
      await undo();
      let isOver = false;
      const writing = Array.from({ length: WRITERS }, async (_, part) => {
        while (!isOver) await write(part, 1);
      });
      await run().finally(() => (isOver = true));
      await Promise.all(writing);
      expect(await differences(db)).toEqual([]);
      const rows = await db.query(`SELECT * FROM facet_counts`);
      await run();
      expect(await db.query(`SELECT * FROM facet_counts`)).toEqual(rows);
    },
    3,
  );

  it(
    'waits for those who began to write before it, and counts what they wrote',
    async () => {
      await undo();
      await aside(async (early) => {
        await early.query('BEGIN');
        await early.query(CHANGES[0]!(1, 100));
        const migrated = run();
        while ((await db.query(WAITING)).length === 0) await sleep(10);
        await early.query('COMMIT');
        await migrated;
      });
      expect(await differences(db)).toEqual([]);
      expect((await db.query(`SELECT 1 FROM facet_counts`)).length).toBeGreaterThan(0);
    },
    RACE_TIMEOUT_MS,
  );
});
