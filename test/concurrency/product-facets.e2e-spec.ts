import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { Db, type Queryable } from '#libs/database';
import { createDataSource } from '../../ormconfig.js';
import { NarrowFacets1790000000057 } from '../../src/db/migrations/1790000000057-narrow-facets.js';
import { shortRowDifferences } from '../support/facet-counts.js';
import { seeded } from '../support/fuzz/oddities.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';
import { race, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';

/** Each is listed in two currencies: the migration copies them in a few parts. */
const PRODUCTS = 1_600;
const WRITERS = 4;
/** Products that no random writer touches. */
const OTHERS = 100;

const random = seeded(SEED);
const int = (n: number) => Math.floor(random() * n);
let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await cloneDatabase();
  db = new Db(await createDataSource(database.url, { applicationName: 'short-rows', poolSize: 12, statementTimeoutMs: 60_000, lockTimeoutMs: 10_000, idleInTransactionTimeoutMs: 60_000 }).initialize()); // prettier-ignore
  await db.query(
    `INSERT INTO products (id, handle, title, status)
     SELECT ${id('n')}, 'product-' || n, 'Thing ' || n, 'active' FROM generate_series(1, ${PRODUCTS + OTHERS}) n`,
  );
  await list(db, 1, PRODUCTS);
});
afterAll(async () => {
  await db?.dataSource.destroy();
  await database?.drop();
});

const id = (n: string) => `('01920000-0000-7000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
const between = (from: number, to: number) => `product_id BETWEEN ${id(String(from))} AND ${id(String(to))}`;

/** Lists products as their number says; those that are listed get another maker and are in stock, or not. */
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

/** Each column that is copied, and another value for it. */
const COPIED: Record<string, string> = {
  available: 'NOT available',
  price_min: 'price_min + 1',
  vendor: `vendor || '!'`,
  product_type: `upper(product_type) || '?'`,
  category_ids: `category_ids || gen_random_uuid()`,
  collection_ids: `CASE WHEN collection_ids = '{}' THEN ARRAY[gen_random_uuid()] ELSE '{}' END`,
  options: `CASE WHEN options = '{}' THEN '{size=m,size=l}' ELSE '{}'::text[] END`,
  attributes: `array_append(attributes, 'weight=' || cardinality(attributes))`,
};
const ALIKE = `popularity = popularity + 1, card = card || ' ', price_max = price_max + 1, title = title || '!', option_labels = '{}', created_at = now()`;

const CHANGES: ((from: number, to: number) => string)[] = [
  ...Object.entries(COPIED).map(
    ([column, value]) =>
      (from: number, to: number) =>
        `UPDATE product_listings SET ${column} = ${value} WHERE ${between(from, to)} AND random() < 0.5`,
  ),
  (from, to) => `UPDATE product_listings SET vendor = vendor, ${ALIKE} WHERE ${between(from, to)}`,
  (from, to) => `DELETE FROM product_listings WHERE ${between(from, to)} AND currency = 'EUR'`,
  (from, to) => `DELETE FROM product_listings WHERE ${between(from, to)}`,
];

/** Each writer has products of its own, so that writers do not wait for each other; now and then all that it did is taken back. */
async function write(writer: number): Promise<void> {
  const size = PRODUCTS / WRITERS;
  const from = 1 + writer * size + int(size);
  const to = Math.min((writer + 1) * size, from + int(20));
  const isUndone = random() < 0.2;
  await db
    .transaction(async (tx) => {
      for (let i = 0; i < 2; i += 1) await tx.query(CHANGES[int(CHANGES.length)]!(from, to));
      if (random() < 0.4) await list(tx, from, to);
      if (isUndone) throw new Error('taken back');
    })
    .catch((error: Error) => {
      if (!isUndone || error.message !== 'taken back') throw error;
    });
}

/** Where the short rows lie: a row that is written anew lies elsewhere. */
const places = (where = 'true') =>
  db.query<{ place: string }>(
    `SELECT product_id, currency, xmin::text || ctid::text AS place FROM product_facets WHERE ${where} ORDER BY product_id, currency`,
  );

race(
  'the short rows are those of the listings at each moment, whoever changes these',
  async () => {
    let isOver = false;
    const look = async () => {
      while (!isOver) expect(await shortRowDifferences(db)).toEqual([]);
    };
    const looking = look();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; i < 25; i += 1) await write(writer);
      }),
    ).finally(() => (isOver = true));
    await looking;
    expect(await shortRowDifferences(db)).toEqual([]);
    expect((await places()).length).toBeGreaterThan(1_000);
  },
  3,
);

it.each(Object.entries(COPIED))(
  '%s is copied, and only the rows that have another one are written',
  async (column, value) => {
    await list(db, 1, 30);
    const before = await places(between(1, 30));
    await db.query(
      `UPDATE product_listings SET ${column} = CASE WHEN ${between(11, 20)} AND currency = 'USD' THEN ${value} ELSE ${column} END, popularity = popularity + 1
     WHERE ${between(1, 30)}`,
    );
    expect(await shortRowDifferences(db)).toEqual([]);
    const after = await places(between(1, 30));
    const written = after.filter(({ place }, i) => place !== before[i]!.place);
    expect([after.length, written.length]).toEqual([60, 10]);
    expect(written).toEqual(await places(`${between(11, 20)} AND currency = 'USD'`));
  },
);

it('what changes no column that is copied writes nothing', async () => {
  const before = await places();
  await db.query(`UPDATE product_listings SET ${ALIKE}`);
  await db.query(`UPDATE product_listings SET vendor = vendor, options = options || '{}', price_min = price_min`);
  await db.query(`UPDATE product_listings SET vendor = 'None' WHERE false`);
  expect(await places()).toEqual(before);
});

it('thousands of rows are written by one statement', async () => {
  await db.query(`DELETE FROM product_listings`);
  expect(await places()).toEqual([]);
  await list(db, 1, PRODUCTS);
  expect(await shortRowDifferences(db)).toEqual([]);
  expect(await places()).toHaveLength(2 * PRODUCTS);
  const changes = Object.entries(COPIED).map(([column, value]) => `${column} = ${value}`);
  await db.query(`UPDATE product_listings SET ${changes.join(', ')}`);
  expect(await shortRowDifferences(db)).toEqual([]);
  // A part is new, a part is changed, a part stays as it is.
  await db.query(`DELETE FROM product_listings WHERE ${between(501, 1_000)}`);
  await list(db, 1, PRODUCTS);
  expect(await shortRowDifferences(db)).toEqual([]);
  expect(await places()).toHaveLength(2 * PRODUCTS);
});

describe('the migration', () => {
  /** @param meanwhile what others do between two of its statements */
  const run = async (meanwhile: () => Promise<void> = () => Promise.resolve()) => {
    const source = await createDataSource(database.url).initialize();
    const runner = source.createQueryRunner();
    const query = runner.query.bind(runner);
    const slowly: QueryRunner = Object.assign(runner, {
      query: async (text: string, values?: unknown[]) => {
        const rows = await (query(text, values) as Promise<unknown>);
        await meanwhile();
        return rows;
      },
    });
    try {
      await new NarrowFacets1790000000057().up(slowly);
    } finally {
      await runner.release();
      await source.destroy();
    }
  };
  const undo = async () => {
    for (const name of ['came', 'changed'])
      await db.query(`DROP TRIGGER IF EXISTS product_listings_facets_${name} ON product_listings`);
    await db.query(`DROP TABLE IF EXISTS product_facets`);
  };

  race(
    'copies a full shop beside those who write, and adds nothing when it is run again',
    async () => {
      await undo();
      let isOver = false;
      const writing = Array.from({ length: WRITERS }, async (_, writer) => {
        while (!isOver) await write(writer);
      });
      await run().finally(() => (isOver = true));
      await Promise.all(writing);
      expect(await shortRowDifferences(db)).toEqual([]);
      const before = await places();
      expect(before.length).toBeGreaterThan(1_000);
      await run();
      expect(await places()).toEqual(before);
    },
    3,
  );

  it(
    'waits for those who began to change listings before it, and copies what they said',
    async () => {
      await list(db, 1, 3);
      await undo();
      const early = new pg.Client(database.url);
      await early.connect();
      try {
        await early.query('BEGIN');
        await early.query(`UPDATE product_listings SET vendor = 'Early' WHERE ${between(1, 1)}`);
        await early.query(`DELETE FROM product_listings WHERE ${between(2, 2)}`);
        const migrated = run();
        const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'product_listings'::regclass
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
        let isOver = false;
        void migrated.finally(() => (isOver = true)).catch(() => undefined);
        while (!isOver && (await db.query(waiting)).length === 0) await sleep(10);
        expect(isOver).toBe(false);
        await early.query('COMMIT');
        await migrated;
      } finally {
        await early.end();
      }
      expect(await shortRowDifferences(db)).toEqual([]);
      expect(await db.query(`SELECT vendor FROM product_facets WHERE ${between(1, 2)}`)).toEqual([
        { vendor: 'Early' },
        { vendor: 'Early' },
      ]);
    },
    RACE_TIMEOUT_MS,
  );

  it(
    'copies what is written between any two of its statements, and goes on where it was interrupted',
    async () => {
      const stopped = new Error('stopped');
      let steps = 0;
      for (let stop = 1, isStopped = true; isStopped; stop += 1) {
        await undo();
        await db.query(`DELETE FROM product_listings WHERE ${between(PRODUCTS + 1, PRODUCTS + OTHERS)}`);
        steps = 0;
        /** Of what is new at each step, a part is gone at the next one, and the rest is changed at all that follow. */
        const step = async () => {
          steps += 1;
          const first = PRODUCTS + OTHERS - 3 * steps;
          await list(db, first, first + 2);
          await db.query(
            `UPDATE product_listings SET price_min = price_min + 1 WHERE ${between(first + 1, PRODUCTS + OTHERS)}`,
          );
          await db.query(`DELETE FROM product_listings WHERE ${between(first + 3, first + 3)}`);
          if (steps === stop) throw stopped;
        };
        const error = await run(step).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error !== null && error !== stopped) throw error;
        isStopped = error !== null;
        if (isStopped) await run();
        expect(await shortRowDifferences(db)).toEqual([]);
      }
      expect(steps).toBeGreaterThan(12);
      expect(3 * steps).toBeLessThan(OTHERS);
    },
    RACE_TIMEOUT_MS,
  );
});
