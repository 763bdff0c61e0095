import { createWriteStream } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Db, Queryable } from '#libs/database';
import { migrationsOf } from '../resources.js';
import {
  type BackupEntry,
  type BackupHeader,
  type BackupSummary,
  END_OF_ROWS,
  FORMAT_VERSION,
  quoted,
} from './format.js';
import { tablesInOrder } from './tables.js';

/** Folders of DATA_DIR that belong to the shop's data. */
export const FOLDERS = ['media', 'digital'];

/**
 * Writes everything that the shop knows into one file, as of one moment, while the shop goes on selling. The file takes
 * its name when it is complete. Settings and keys of the environment are not in it.
 */
export async function writeBackup(db: Db, dataDir: string, file: string): Promise<BackupSummary> {
  const draft = `${file}.partial`;
  const summary: BackupSummary = { createdAt: new Date().toISOString(), rows: {}, files: 0 };
  const migrations = await migrationsOf(db);
  try {
    await db.withClient(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const content = Readable.from(contentOf(client, dataDir, migrations, summary), { objectMode: false });
      await pipeline(content, createGzip(), createWriteStream(draft, { mode: 0o600 }));
      await client.query('COMMIT');
    });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return summary;
}

const lineOf = (entry: BackupHeader | BackupEntry) => Buffer.from(`${JSON.stringify(entry)}\n`);

async function* contentOf(
  client: PoolClient,
  dataDir: string,
  migrations: string[],
  summary: BackupSummary,
): AsyncGenerator<Buffer> {
  const queryable: Queryable = {
    query: async <R>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as R[],
  };
  yield lineOf({ emporiumBackup: FORMAT_VERSION, createdAt: summary.createdAt, migrations });
  for (const { name, columns } of await tablesInOrder(queryable)) {
    yield lineOf({ table: name, columns });
    const rows = client.query(copyTo(`COPY ${quoted(name)} (${columns.map(quoted).join(', ')}) TO STDOUT`));
    for await (const chunk of rows) yield chunk as Buffer;
    yield Buffer.from(END_OF_ROWS);
    summary.rows[name] = rows.rowCount ?? 0;
  }
  const sequences = await queryable.query<{ sequence: string; value: number }>(
    `SELECT sequencename AS sequence, last_value AS value FROM pg_sequences
     WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename NOT LIKE 'migrations%' ORDER BY sequencename`,
  );
  for (const { sequence, value } of sequences) yield lineOf({ sequence, value });
  for await (const file of filesOf(dataDir)) {
    const bytes = await readFile(join(dataDir, file));
    yield lineOf({ file, bytes: bytes.length });
    yield bytes;
    summary.files += 1;
  }
  yield lineOf({ end: true, rows: summary.rows, files: summary.files });
}

/** Paths below `dataDir`, with slashes. */
async function* filesOf(dataDir: string): AsyncGenerator<string> {
  for (const folder of FOLDERS) {
    const entries = await readdir(join(dataDir, folder), { recursive: true, withFileTypes: true }).catch(ignoreMissing);
    for (const entry of entries) {
      if (entry.isFile())
        yield join(entry.parentPath, entry.name).slice(join(dataDir, '/').length).replaceAll('\\', '/');
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
