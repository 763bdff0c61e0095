import { DataSource, type DataSourceOptions } from 'typeorm';
import { entities } from './src/db/entities.js';
import { migrations } from './src/db/migrations/index.js';
import { loadDatabaseUrl } from './src/config/index.js';

/** What may differ between the processes that use the database. */
export interface DatabaseRole {
  /** Shows in pg_stat_activity. */
  applicationName: string;
  poolSize: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  idleInTransactionTimeoutMs: number;
}

const MIGRATION_ROLE: DatabaseRole = {
  applicationName: 'emporium-migrate',
  poolSize: 2,
  statementTimeoutMs: 0,
  lockTimeoutMs: 2_000,
  idleInTransactionTimeoutMs: 60_000,
};

/** TypeORM options for a database: migrations only, never `synchronize`. */
export function ormOptions(url: string, role: DatabaseRole = MIGRATION_ROLE): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTransactionMode: 'each',
    synchronize: false,
    installExtensions: false,
    poolSize: role.poolSize,
    applicationName: role.applicationName,
    connectTimeoutMS: 5_000,
    extra: {
      // The default is for spinning disks: with it, joins of a few rows read whole tables as long as these are small.
      options: '-c random_page_cost=1.1',
      statement_timeout: role.statementTimeoutMs,
      // The server cannot end a statement on a connection that a network has swallowed: then this side gives it up.
      query_timeout: role.statementTimeoutMs === 0 ? 0 : role.statementTimeoutMs + 2_000,
      keepAlive: true,
      // A connection may have decided on bad plans for good while tables grew (docs/adr/0024): a new one decides anew.
      maxLifetimeSeconds: 600,
      lock_timeout: role.lockTimeoutMs,
      idle_in_transaction_session_timeout: role.idleInTransactionTimeoutMs,
    },
  };
}

/** A data source that is not connected yet. */
export function createDataSource(url: string, role?: DatabaseRole): DataSource {
  return new DataSource(ormOptions(url, role));
}

/** For TypeORM's own command line. */
export default createDataSource(loadDatabaseUrl());
