import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { Db } from '#libs/database';
import { createDataSource } from '../../ormconfig.js';
import { NumbersOfAttributes1790000000055 } from '../../src/db/migrations/1790000000055-numbers-of-attributes.js';
import { seeded } from '../support/fuzz/oddities.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';
import { race, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';

const PRODUCTS = 3_500;
const WRITERS = 4;

const random = seeded(SEED);
const int = (n: number) => Math.floor(random() * n);
let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await cloneDatabase();
  db = new Db(await createDataSource(database.url, { applicationName: 'numbers', poolSize: 12, statementTimeoutMs: 60_000, lockTimeoutMs: 10_000, idleInTransactionTimeoutMs: 60_000 }).initialize()); // prettier-ignore
  await db.query(
    `INSERT INTO products (id, handle, title, attributes)
     SELECT ${id('n')}, 'product-' || n, 'Thing ' || n, CASE WHEN n % 3 > 0 THEN jsonb_build_object('weight', n / 4.0, 'roast', 'Dark', 'organic', true) ELSE '{}' END
     FROM generate_series(1, ${PRODUCTS}) n`,
  );
});
afterAll(async () => {
  await db?.dataSource.destroy();
  await database?.drop();
});

const id = (n: string) => `('01920000-0000-7000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;

/** What the table has and the products have not, and the other way round. */
const DIFFERENCES = `
  WITH wanted AS (
    SELECT p.id AS product_id, a.key, a.value::numeric + 5000000000000 AS number
    FROM products p CROSS JOIN jsonb_each(p.attributes) a WHERE jsonb_typeof(a.value) = 'number'),
  known AS (SELECT product_id, split_part(term, '=', 1), split_part(term, '=', 2)::numeric FROM product_numbers)
  (TABLE wanted EXCEPT TABLE known) UNION ALL (TABLE known EXCEPT TABLE wanted)`;
const differences = () => db.query(DIFFERENCES);
const known = () => db.query(`SELECT term, product_id FROM product_numbers ORDER BY term, product_id`);

/** Changes of one product, whose number is a parameter. */
const CHANGES = [
  `UPDATE products SET attributes = attributes || jsonb_build_object('weight', $1::int % 50, 'height', $1::int % 7 - 3) WHERE id = ${id('$1')}`,
  `UPDATE products SET attributes = attributes - 'weight' WHERE id = ${id('$1')}`,
  `UPDATE products SET attributes = '{}' WHERE id = ${id('$1')}`,
  `UPDATE products SET attributes = '{"roast": "Light", "weight": -0.000001, "shoe": 1000000000000}' WHERE id = ${id('$1')}`,
  `UPDATE products SET title = title || '!' WHERE id = ${id('$1')}`,
  `DELETE FROM products WHERE id = ${id('$1')}`,
  `INSERT INTO products (id, handle, title, attributes) VALUES (${id('$1')}, 'product-' || $1::int, 'Thing', '{"weight": 7, "size": "7"}') ON CONFLICT DO NOTHING`,
];
const PLACES = 400;
/** Each writer has products of its own; now and then all that it did is taken back. */
async function write(writer: number): Promise<void> {
  const change = () => db.query(CHANGES[int(CHANGES.length)]!, [1 + int(PLACES) * WRITERS + writer]);
  await db
    .transaction(async (tx) => {
      for (let i = 0; i < 3; i += 1)
        await tx.query(CHANGES[int(CHANGES.length)]!, [1 + int(PLACES) * WRITERS + writer]);
      if (random() < 0.2) throw new Error('taken back');
    })
    .catch((error: Error) => {
      if (error.message !== 'taken back') throw error;
    });
  await change();
}

race(
  'the numbers of products are those of their attributes, whoever changes them',
  async () => {
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = 0; i < 25; i += 1) await write(writer);
      }),
    );
    expect(await differences()).toEqual([]);
    expect((await known()).length).toBeGreaterThan(1_000);
  },
  3,
);

it('sort like numbers, and are in a range as numbers are', async () => {
  const odd = [-1e12, -999_999_999_999.5, -10.5, -10, -9.999999, -1, -0.000001, 0, 0.000001, 0.1, 0.12, 0.2, 1, 9, 10, 99.999999, 100, 1e12]; // prettier-ignore
  const numbers = [...odd, ...Array.from({ length: 300 }, () => (int(4e6) - 2e6) / 10 ** int(7))];
  const rows = await db.query<{ n: number }>(
    `SELECT n::float8 AS n FROM unnest($1::numeric[]) AS u (n) ORDER BY number_term('weight', n) COLLATE "C"`,
    [numbers],
  );
  expect(rows.map(({ n }) => n)).toEqual([...numbers].sort((one, other) => one - other));
  const bounds = [-Infinity, -3e12, -1e12, -10.0000001, -10, -9.9999999, 0, 0.1234567, 99, 1e12, 1e12 + 1, Infinity];
  const inside = await db.query<{ least: number; most: number; asNumbers: number; asTerms: number }>(
    `SELECT a.least::float8 AS least, b.most::float8 AS most, count(*) FILTER (WHERE n BETWEEN a.least AND b.most) AS "asNumbers",
       count(*) FILTER (WHERE number_term('w', n) COLLATE "C" BETWEEN number_term('w', a.least) AND number_term('w', b.most)) AS "asTerms"
     FROM unnest($1::numeric[]) AS u (n) CROSS JOIN unnest($2::numeric[]) AS a (least) CROSS JOIN unnest($2::numeric[]) AS b (most) GROUP BY 1, 2`,
    [numbers, bounds],
  );
  expect(inside.length).toBe(bounds.length ** 2);
  for (const { least, most, asNumbers, asTerms } of inside) expect([least, most, asTerms]).toEqual([least, most, asNumbers]); // prettier-ignore
});

describe('the migration', () => {
  const run = async () => {
    const source = await createDataSource(database.url).initialize();
    const runner = source.createQueryRunner();
    try {
      await new NumbersOfAttributes1790000000055().up(runner);
    } finally {
      await runner.release();
      await source.destroy();
    }
  };
  const undo = async () => {
    for (const name of ['came', 'changed']) await db.query(`DROP TRIGGER products_numbers_${name} ON products`);
    await db.query(`DROP TABLE product_numbers`);
  };

  race(
    'copies the numbers of a full shop beside those who write, and adds nothing when it is run again',
    async () => {
      await undo();
      let isOver = false;
      const writing = Array.from({ length: WRITERS }, async (_, writer) => {
        while (!isOver) await write(writer);
      });
      await run().finally(() => (isOver = true));
      await Promise.all(writing);
      expect(await differences()).toEqual([]);
      const rows = await known();
      await run();
      expect(await known()).toEqual(rows);
    },
    3,
  );

  it(
    'waits for those who began to change products before it, and copies what they said',
    async () => {
      await undo();
      const early = new pg.Client(database.url);
      await early.connect();
      try {
        await db.query(CHANGES[6]!, [1]);
        await early.query('BEGIN');
        await early.query(CHANGES[3]!.replaceAll('$1', '1'));
        const migrated = run();
        const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'products'::regclass
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
      expect(await differences()).toEqual([]);
      expect(
        await db.query(`SELECT FROM product_numbers WHERE term LIKE 'shoe=%' AND product_id = ${id('1')}`),
      ).toEqual([{}]);
    },
    RACE_TIMEOUT_MS,
  );
});
