import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { createDataSource } from '../../ormconfig.js';

/** A migrated, empty database of one test file. */
export interface TestDatabase {
  /** As the owner of the database, which is no superuser: as in production. */
  url: string;
  /** The same database as superuser, for what an application must not need. */
  adminUrl: string;
  drop(): Promise<void>;
}

const LOCK = 1_162_628_944;
const ROOT = resolve(import.meta.dirname, '../..');

/** A database of its own for a test file: a copy of the migrated template, made in about 20 ms. */
export async function cloneDatabase(): Promise<TestDatabase> {
  return createDatabase('t', async (admin, name) => {
    const template = await ensureTemplate(admin);
    await patiently(() =>
      admin.query(`CREATE DATABASE ${name} OWNER emporium TEMPLATE ${template} STRATEGY FILE_COPY`),
    );
  });
}

/** A database without tables, for tests of the migrations and of the command line. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase('e', async (admin, name) => {
    await patiently(() => admin.query(`CREATE DATABASE ${name} OWNER emporium STRATEGY FILE_COPY`));
  });
}

async function createDatabase(
  prefix: string,
  create: (admin: pg.Client, name: string) => Promise<void>,
): Promise<TestDatabase> {
  const name = `${prefix}_${process.env.JEST_WORKER_ID ?? 0}_${randomBytes(5).toString('hex')}`;
  await asAdmin((admin) => create(admin, name));
  return {
    url: urlOf('TEST_PG_URL', name),
    adminUrl: urlOf('TEST_PG_ADMIN_URL', name),
    drop: async () => {
      await asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** The first worker migrates the template; the others wait for it. Its name changes with the migrations. */
async function ensureTemplate(admin: pg.Client): Promise<string> {
  const template = `template_${migrationsHash()}`;
  const find = async () =>
    (await admin.query('SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate', [template])).rowCount === 1;
  if (await find()) return template;
  await admin.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    if (await find()) return template;
    await admin.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${template} OWNER emporium`);
    const dataSource = await createDataSource(urlOf('TEST_PG_URL', template)).initialize();
    try {
      await dataSource.runMigrations();
    } finally {
      await dataSource.destroy();
    }
    await admin.query(`ALTER DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    return template;
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  }
}

function migrationsHash(): string {
  const hash = createHash('sha256');
  const folder = join(ROOT, 'src/db/migrations');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/** A backend that just disconnected may still be counted as a user of the template. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== '55006' || attempt === 40) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

function urlOf(variable: 'TEST_PG_URL' | 'TEST_PG_ADMIN_URL', database: string): string {
  const base = process.env[variable];
  if (!base) throw new Error(`${variable} is missing: only the e2e project of Jest starts a Postgres`);
  const url = new URL(base);
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(urlOf('TEST_PG_ADMIN_URL', 'postgres'));
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
