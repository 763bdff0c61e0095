import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { type Ahead, Db, type Tx } from '#libs/database';
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

  describe('whose columns have become others', () => {
    const COUNT = 4;
    let pool: DataSource;
    let busy: Db;
    beforeAll(async () => {
      pool = await new DataSource({ type: 'postgres', url: database.url, extra: { max: COUNT } }).initialize();
      busy = new Db(pool);
    });
    afterAll(() => pool.destroy());
    beforeEach(() => db.query(`CREATE TABLE box (size int, label text)`));
    afterEach(() => db.query(`DROP TABLE box`));

    const [seen, put] = [`SELECT * FROM box ORDER BY size`, `INSERT INTO box VALUES ($1, $2) RETURNING *`];
    /** More statements of the table than a transaction has tries. */
    const MANY = Array.from({ length: 8 }, (_, i) => `SELECT *, ${i} AS turn FROM box ORDER BY size`);

    /** All connections know all statements. @returns the processes of Postgres that serve them */
    async function everyConnectionKnows(): Promise<number[]> {
      let here = 0;
      let allAreHere!: () => void;
      const meeting = new Promise<void>((resolve) => (allAreHere = resolve));
      return Promise.all(
        Array.from({ length: COUNT }, () =>
          busy.transaction(async (tx) => {
            if ((here += 1) === COUNT) allAreHere();
            await meeting;
            await tx.query(put, [0, 'zero']);
            for (const text of [seen, ...MANY]) await tx.query(text);
            await tx.query('DELETE FROM box');
            return (await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]!.pid;
          }),
        ),
      );
    }
    const change = () => db.query(`ALTER TABLE box ADD weight bigint DEFAULT 3`);
    const ROW = { size: 1, label: 'one', weight: 3 };

    it('are read by what they are now, on every connection at once', async () => {
      expect(new Set(await everyConnectionKnows()).size).toBe(COUNT);
      await db.query(put, [1, 'one']);
      await change();
      const answers = await Promise.all(Array.from({ length: 4 * COUNT }, () => busy.query(seen)));
      expect(answers).toEqual(Array.from({ length: 4 * COUNT }, () => [ROW]));
    });

    it('are read in transactions, whatever many of them there are, and a connection that refused is closed', async () => {
      const before = await everyConnectionKnows();
      await db.query(put, [1, 'one']);
      await change();
      const tries: number[] = [];
      const pids = await Promise.all(
        Array.from({ length: COUNT }, () =>
          busy.transaction(async (tx) => {
            const [{ pid } = { pid: 0 }] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
            tries.push(pid);
            for (const text of [seen, ...MANY]) expect(await tx.query(text)).toMatchObject([ROW]);
            return pid;
          }),
        ),
      );
      const refused = tries.filter((pid) => !pids.includes(pid));
      expect(refused.length).toBeGreaterThan(0);
      expect(before).toEqual(expect.arrayContaining(refused));
      const alive = () => db.query(`SELECT pid FROM pg_stat_activity WHERE pid = ANY($1)`, [refused]);
      // A process of Postgres hears of it a moment later.
      for (let waited = 0; waited < 5_000 && (await alive()).length > 0; waited += 20) await sleep(20);
      expect(await alive()).toEqual([]);
    });

    it('are no reason to give up a transaction that waits for another statement first', async () => {
      await everyConnectionKnows();
      await db.query(put, [1, 'one']);
      await change();
      const rows = await busy.transaction(async (tx) => {
        const early = tx.query(seen);
        early.catch(() => undefined);
        await tx.query('SELECT 1');
        return early;
      });
      expect(rows).toEqual([ROW]);
    });

    it('are written once, and read after that, in one trip', async () => {
      await everyConnectionKnows();
      await change();
      const read = await busy.inOneTrip(
        (one) => one.query(put, [1, 'one']),
        (one) => one.query(seen),
      );
      expect(read).toEqual([ROW]);
    });
  });

  it('go over connections that were made in one burst and end at different times', async () => {
    const LONGEST = 500;
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const extra = { max: 6, maxLifetimeSeconds: LONGEST };
    const pool = await new DataSource({ type: 'postgres', url: database.url, extra }).initialize();
    try {
      const bursting = new Db(pool);
      timers.mockClear();
      await Promise.all(Array.from({ length: extra.max }, () => bursting.query('SELECT pg_sleep(0.05)')));
      const ends = timers.mock.calls.map(([, after]) => after!).filter((after) => after > 0.5 * LONGEST * 1000);
      // One was there before.
      expect(new Set(ends).size).toBe(extra.max - 1);
      for (const end of ends) {
        expect(end).toBeGreaterThanOrEqual(0.8 * LONGEST * 1000);
        expect(end).toBeLessThanOrEqual(LONGEST * 1000);
      }
    } finally {
      timers.mockRestore();
      await pool.destroy();
    }
  });

  describe('that are quick and sent at the same moment', () => {
    const backend = `SELECT pg_backend_pid() AS backend, $1::int AS number`;
    type Seen = { backend: number; number: number };
    const send = async (count: number) => {
      const connect = jest.spyOn((db as unknown as { pool: pg.Pool }).pool, 'connect');
      const answers = Array.from({ length: count }, (_, i) => db.quick.query<Seen>(backend, [i]));
      const rows = (await Promise.all(answers)).flat();
      const connections = connect.mock.calls.length;
      connect.mockRestore();
      return { connections, rows };
    };

    it('share a connection, and each gets its own answer', async () => {
      const { connections, rows } = await send(8);
      expect(connections).toBe(1);
      expect(new Set(rows.map((row) => row.backend)).size).toBe(1);
      expect(rows.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    it('are not more than eight on one', async () => {
      const { connections, rows } = await send(17);
      expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 17 }, (_, i) => i));
      expect(connections).toBe(3);
    });

    it('fail alone, and tell who sent them', async () => {
      async function sender() {
        return await db.quick.query(`SELECT 6 / $1::int AS part`, [0]);
      }
      const answers = await Promise.allSettled([db.quick.query(backend, [1]), sender(), db.quick.query(backend, [3])]);
      expect(answers).toMatchObject([
        { value: [{ number: 1 }] },
        { reason: { code: '22012', stack: expect.stringContaining('sender') as string } },
        { value: [{ number: 3 }] },
      ]);
    });

    it('that lose their connection with another are sent once more over one of their own', async () => {
      const ends = `SELECT pg_terminate_backend(pg_backend_pid()) AS over WHERE $1::int > 0`;
      const fatal = db.quick.query(ends, [2]);
      const others = [db.quick.query(backend, [1]), db.quick.query(backend, [3])];
      await expect(fatal).rejects.toMatchObject({ code: '57P01' });
      await expect(Promise.all(others)).resolves.toMatchObject([[{ number: 1 }], [{ number: 3 }]]);
    });

    describe('beside a table that is locked', () => {
      let pool: DataSource;
      let busy: Db;
      beforeAll(async () => {
        await db.query(`CREATE TABLE shelf (size int)`);
        const extra = { max: 12, lock_timeout: 2_500, statement_timeout: 3_000, query_timeout: 4_000 };
        pool = await new DataSource({ type: 'postgres', url: database.url, extra }).initialize();
        busy = new Db(pool);
      });
      afterAll(() => pool.destroy());
      const seen = `SELECT * FROM shelf`;
      const locked = (work: () => Promise<void>) =>
        db.transaction(async (tx) => {
          await tx.query(`LOCK TABLE shelf`);
          await work();
        });

      it('wait for no longer than a second for those of the table', async () => {
        await locked(async () => {
          const before = performance.now();
          const stuck = Promise.allSettled([busy.quick.query(seen), busy.quick.query(seen)]);
          await expect(busy.quick.query(backend, [1])).resolves.toMatchObject([{ number: 1 }]);
          expect(performance.now() - before).toBeLessThan(2_400);
          // Of the same text: the first was to prepare it. Each hears of its lock, none of the other's.
          expect(await stuck).toMatchObject([{ reason: { code: '55P03' } }, { reason: { code: '55P03' } }]);
        });
        await expect(busy.quick.query(seen)).resolves.toEqual([]);
      });

      it('are not the ones of whom a lost connection is given to the next', async () => {
        await locked(async () => {
          const stuck = Promise.allSettled(Array.from({ length: 8 }, () => busy.quick.query(seen)));
          const next = Array.from({ length: 12 }, async (_, i) => {
            await sleep(i * 250);
            return busy.quick.query(backend, [i]);
          });
          await expect(Promise.all(next)).resolves.toHaveLength(12);
          await stuck;
        });
      });
    });

    it('all fail when no connection can be had', async () => {
      const connect = jest.spyOn((db as unknown as { pool: { connect(): Promise<unknown> } }).pool, 'connect');
      connect.mockRejectedValueOnce(new Error('too many'));
      const answers = await Promise.allSettled([db.quick.query(backend, [1]), db.quick.query(backend, [2])]);
      expect(answers).toMatchObject([{ reason: { message: 'too many' } }, { reason: { message: 'too many' } }]);
    });

    it('are not refused when a table has changed', async () => {
      await db.query(`CREATE TABLE bag (size int)`);
      const seen = `SELECT * FROM bag`;
      // On every connection that there may be.
      await Promise.all(Array.from({ length: 16 }, () => db.quick.query(seen)));
      await db.query(`INSERT INTO bag VALUES (1)`);
      await db.query(`ALTER TABLE bag ADD label text`);
      const answers = await Promise.all(Array.from({ length: 16 }, () => db.quick.query(seen)));
      expect(answers).toEqual(Array.from({ length: 16 }, () => [{ size: 1, label: null }]));
    });
  });

  describe('that go ahead of a transaction', () => {
    let tries = 0;
    const step = (accept: Ahead['accept'] = () => undefined, place: Ahead['place'] = 'before'): Ahead => ({
      text: `INSERT INTO step VALUES ($1, 'ahead') RETURNING number`,
      values: [(tries += 1)],
      place,
      accept,
    });
    const steps = async () =>
      (await db.query<{ name: string }>(`SELECT name FROM step ORDER BY name`)).map((s) => s.name);
    const follow = (tx: Tx) => tx.query(`INSERT INTO step VALUES (0, 'behind')`);
    beforeEach(() => db.query(`CREATE TABLE step (number int, name text)`));
    afterEach(() => db.query(`DROP TABLE step`));

    it('leave with it in one packet, and are there for others before it ends', async () => {
      const sent = jest.spyOn(Socket.prototype as unknown as { _writev(): void }, '_writev');
      try {
        await db.query('SELECT 1');
        sent.mockClear();
        let seen: unknown[] = [];
        await db.transaction(async (tx) => {
          await follow(tx);
          expect(sent).toHaveBeenCalledTimes(1);
          seen = await steps();
        }, step());
        expect(seen).toEqual(['ahead']);
        expect(await steps()).toEqual(['ahead', 'behind']);
      } finally {
        sent.mockRestore();
      }
    });

    it('stay when it fails, and are not sent again when it is tried again', async () => {
      let runs = 0;
      const failing = db.transaction(async (tx) => {
        await follow(tx);
        runs += 1;
        if (runs === 1) await tx.query(`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`);
        throw new Error('no');
      }, step());
      await expect(failing).rejects.toThrow('no');
      expect([runs, await steps()]).toEqual([2, ['ahead']]);
    });

    it('end it when they are not accepted, once, whatever it asks for, waits for or has sent', async () => {
      const refusing = () => step(() => { throw new Error('not you'); }); // prettier-ignore
      let got = 0;
      const works: ((tx: Tx) => Promise<unknown>)[] = [
        async (tx) => {
          await follow(tx);
          got += 1;
        },
        async () => undefined,
        async (tx) => void follow(tx).catch(() => undefined),
        (tx) => tx.query(`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`),
        (tx) => tx.manager.query(`INSERT INTO step VALUES (0, 'behind')`),
      ];
      for (const work of works) await expect(db.transaction(work, refusing())).rejects.toThrow('not you');
      expect([got, await steps()]).toEqual([0, works.map(() => 'ahead')]);
    });

    it('or are its first statement: undone with it, sent again with it, and the end of it where they are not accepted', async () => {
      const sent = jest.spyOn(Socket.prototype as unknown as { _writev(): void }, '_writev');
      try {
        let runs = 0;
        let accepted = 0;
        const within = step(() => void (accepted += 1), 'within');
        await db.query('SELECT 1');
        sent.mockClear();
        await db.transaction(async (tx) => {
          runs += 1;
          await follow(tx);
          if (runs > 1) return;
          expect(sent).toHaveBeenCalledTimes(1);
          expect(await steps()).toEqual([]);
          await tx.query(`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`);
        }, within);
        expect([runs, accepted, await steps()]).toEqual([2, 2, ['ahead', 'behind']]);
      } finally {
        sent.mockRestore();
      }
      await db.query(`DELETE FROM step`);
      const refusing = step(() => { throw new Error('not you'); }, 'within'); // prettier-ignore
      for (const work of [follow, async () => undefined])
        await expect(db.transaction(work, refusing)).rejects.toThrow('not you');
      expect(await steps()).toEqual([]);
    });

    it('that fail themselves let nothing of it happen', async () => {
      const broken = { ...step(), text: `INSERT INTO step VALUES ($1 / 0, 'ahead') RETURNING number` };
      await expect(db.transaction(follow, broken)).rejects.toMatchObject({ code: '22012' });
      expect(await steps()).toEqual([]);
    });

    it('are accepted though the table behind them has changed', async () => {
      for (let i = 0; i < 4; i += 1) await db.transaction(async (tx) => tx.query(`SELECT * FROM step`), step());
      await db.query(`ALTER TABLE step ADD label text`);
      let accepted = 0;
      const ahead = step(() => void (accepted += 1));
      const rows = await db.transaction(async (tx) => tx.query(`SELECT * FROM step`), ahead);
      expect([accepted, rows.length]).toEqual([1, 5]);
    });
  });

  it('that fail tell who sent them', async () => {
    async function sender() {
      await db.transaction((tx) => tx.query('SELECT 1 / $1::int', [0]));
    }
    await expect(sender()).rejects.toMatchObject({ code: '22012', stack: expect.stringContaining('sender') as string });
    await expect(db.query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
  });
});
