import { jest } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Db } from '#libs/database';
import { emptyDatabase, type TestDatabase } from './support/postgres.js';

describe('statements', () => {
  let database: TestDatabase;
  let source: DataSource;
  let db: Db;
  beforeAll(async () => {
    database = await emptyDatabase();
    source = await new DataSource({ type: 'postgres', url: database.url, extra: { max: 2 } }).initialize();
    db = new Db(source);
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  const ASKED = `SELECT $1::bigint AS number, $2::jsonb AS content, NULL AS nothing FROM generate_series(1, 2)`;
  const ROW = { number: 7, content: { of: 'a box' }, nothing: null };

  it('answer the same however often and over whatever connection they are sent', async () => {
    const values = [7, { of: 'a box' }];
    for (let i = 0; i < 3; i += 1) expect(await db.query(ASKED, values)).toEqual([ROW, ROW]);
    const inTransaction = await db.transaction((tx) => Promise.all([tx.query(ASKED, values), tx.query(ASKED, values)]));
    expect(inTransaction).toEqual([
      [ROW, ROW],
      [ROW, ROW],
    ]);
  });

  it('let a connection describe their columns once, also those that answer no rows, or fail', async () => {
    const asked = jest.spyOn(
      (pg as unknown as { Connection: { prototype: { describe(): void } } }).Connection.prototype,
      'describe',
    );
    try {
      await db.transaction(async (tx) => {
        await tx.query(`CREATE TEMPORARY TABLE crate (id int PRIMARY KEY) ON COMMIT DROP`);
        const [put, take] = [`INSERT INTO crate VALUES ($1)`, `SELECT id, $1::text AS "by" FROM crate ORDER BY id`];
        for (const id of [1, 2, 3]) {
          expect(await tx.query(put, [id])).toEqual([]);
          expect((await tx.query(take, ['me'])).at(-1)).toEqual({ id, by: 'me' });
        }
        expect(asked).toHaveBeenCalledTimes(3);
        const unsendable = { toPostgres: () => { throw new Error('has no form') } }; // prettier-ignore
        await expect(tx.query(put, [unsendable])).rejects.toThrow('has no form');
        expect(await tx.query(take, ['me'])).toHaveLength(3);
        await tx.query('SAVEPOINT before');
        await expect(tx.query(put, [1])).rejects.toMatchObject({ code: '23505' });
        await tx.query('ROLLBACK TO before');
        expect(await tx.query(put, [4])).toEqual([]);
      });
    } finally {
      asked.mockRestore();
    }
  });

  it('whose columns have become others are read by what they are now', async () => {
    await db.query(`CREATE TABLE box (size int, label text)`);
    await db.query(`INSERT INTO box VALUES (1, '2')`);
    const seen = `SELECT * FROM box`;
    const before = await db.transaction((tx) => tx.query(seen));
    await db.query(
      `ALTER TABLE box ALTER size TYPE text, ALTER label TYPE int USING label::int, ADD weight bigint DEFAULT 3`,
    );
    // The connection that prepared it before refuses, and is closed; the next one prepares it anew.
    await expect(db.query(seen)).rejects.toThrow('cached plan must not change result type');
    expect([before, await db.query(seen)]).toEqual([[{ size: 1, label: '2' }], [{ size: '1', label: 2, weight: 3 }]]);
  });

  it('that fail tell who sent them', async () => {
    async function sender() {
      await db.transaction((tx) => tx.query('SELECT 1 / $1::int', [0]));
    }
    await expect(sender()).rejects.toMatchObject({ code: '22012', stack: expect.stringContaining('sender') as string });
    await expect(db.query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
  });
});
