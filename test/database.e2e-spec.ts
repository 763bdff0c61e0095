import pg from 'pg';
import { migrations } from '../src/db/migrations/index.js';
import { cloneDatabase, emptyDatabase, type TestDatabase } from './support/postgres.js';

async function ask<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('databases of the tests', () => {
  const made: TestDatabase[] = [];
  const keep = async (database: Promise<TestDatabase>) => {
    made.push(await database);
    return database;
  };
  afterAll(async () => {
    for (const database of made) await database.drop();
  });

  it('are migrated copies that do not see each other', async () => {
    const [one, two] = await Promise.all([keep(cloneDatabase()), keep(cloneDatabase())]);
    expect(await ask(one.url, 'SELECT name FROM migrations')).toHaveLength(migrations.length);
    await ask(one.url, 'CREATE TABLE only_here ()');
    expect(await ask(one.url, `SELECT to_regclass('only_here') AS found`)).toEqual([{ found: 'only_here' }]);
    expect(await ask(two.url, `SELECT to_regclass('only_here') AS found`)).toEqual([{ found: null }]);
  });

  it('belong to a role that is no superuser, as in production', async () => {
    const empty = await keep(emptyDatabase());
    expect(await ask(empty.url, 'SELECT usesuper FROM pg_user WHERE usename = current_user')).toEqual([
      { usesuper: false },
    ]);
    expect(await ask(empty.adminUrl, 'SELECT usesuper FROM pg_user WHERE usename = current_user')).toEqual([
      { usesuper: true },
    ]);
  });

  it('sort and fold the same on every machine', async () => {
    const { url } = await keep(emptyDatabase());
    const [row] = await ask<{ upper: string; ordered: string[] }>(
      url,
      `SELECT upper('straße é') AS upper, array_agg(word ORDER BY word) AS ordered FROM unnest(ARRAY['b', 'é', 'A', 'a', 'Z']) AS word`,
    );
    expect(row).toEqual({ upper: 'STRAßE É', ordered: ['A', 'Z', 'a', 'b', 'é'] });
  });
});
