import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Db } from '#libs/database';
import { createDataSource } from '../../ormconfig.js';
import { AppModule } from '../app.module.js';
import type { Config } from '../config/index.js';
import { migrations } from '../db/migrations/index.js';
import { CommandFailure } from './command.js';

const GOODBYE_MS = 2_000;

/** Lends the database without the shop around it. No statement is timed. */
export async function withDatabase<T>(config: Config, use: (db: Db) => Promise<T>): Promise<T> {
  const dataSource = createDataSource(config.databaseUrl, {
    applicationName: 'emporium-cli',
    poolSize: 2,
    statementTimeoutMs: 0,
    lockTimeoutMs: 5_000,
    idleInTransactionTimeoutMs: 0,
  });
  await dataSource.initialize();
  try {
    return await use(new Db(dataSource));
  } finally {
    await dataSource.destroy();
  }
}

/** Lends the shop, without HTTP and without running jobs. */
export async function withShop<T>(config: Config, use: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  await withDatabase(config, assertMigrated);
  const app = await NestFactory.createApplicationContext(AppModule.register(config, 'cli'), {
    logger: false,
    abortOnError: false,
  });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** The migrations that ran in this database, in their order. */
export async function migrationsOf(db: Db): Promise<string[]> {
  const [table] = await db.query<{ name: string | null }>(`SELECT to_regclass('public.migrations')::text AS name`);
  if (!table?.name) return [];
  const rows = await db.query<{ name: string }>('SELECT name FROM migrations ORDER BY id');
  return rows.map((row) => row.name);
}

/** @throws CommandFailure when the schema is not the one of this version */
export async function assertMigrated(db: Db): Promise<void> {
  const done = new Set(await migrationsOf(db));
  if (migrations.every((migration) => done.has(migration.name))) return;
  throw new CommandFailure('The database is not migrated to this version. Run: npm run shop -- migrate');
}

/** @throws CommandFailure when an API, a worker or another command uses the database */
export async function assertUnused(db: Db): Promise<void> {
  let users: { application_name: string }[] = [];
  // Postgres takes a moment to see that a process is gone: whoever has just stopped the shop need not try twice.
  for (const giveUpAt = Date.now() + GOODBYE_MS; ; await sleep(50)) {
    users = await db.query(
      `SELECT DISTINCT application_name FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'emporium-%' AND application_name <> 'emporium-cli'`,
    );
    if (users.length === 0) return;
    if (Date.now() > giveUpAt) break;
  }
  const names = users.map((user) => user.application_name.replace('emporium-', '')).join(' and ');
  throw new CommandFailure(`The shop is running (${names}). Stop it first.`);
}
