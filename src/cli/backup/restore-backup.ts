import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Db, Queryable } from '#libs/database';
import { CommandFailure } from '../command.js';
import { migrationsOf } from '../resources.js';
import { BackupReader } from './backup-reader.js';
import {
  type BackupEntry,
  type BackupHeader,
  type BackupSummary,
  type EndEntry,
  type FileEntry,
  FORMAT_VERSION,
  quoted,
  type SequenceEntry,
  type TableEntry,
} from './format.js';
import { tablesInOrder } from './tables.js';
import { FOLDERS } from './write-backup.js';

/** Where data that somebody would miss shows. */
const TELLTALES = ['products', 'orders', 'carts', 'users'];

/**
 * Makes the database and the uploaded files what they were when the backup was made: everything or nothing. All
 * constraints hold while it runs; only the triggers that write rows of their own are silent, as their rows are in the backup.
 * @param options.force replaces a shop that has data
 * @throws CommandFailure when the backup is damaged, of another version, or would replace data
 */
export async function restoreBackup(
  db: Db,
  dataDir: string,
  file: string,
  options: { force: boolean },
): Promise<BackupSummary> {
  const reader = new BackupReader(file);
  const staging = join(dataDir, `restore-${randomBytes(4).toString('hex')}`);
  try {
    const header = await reader.entry<Partial<BackupHeader>>();
    await checkHeader(db, header);
    const { end, files } = await db.withClient((client) => restoreRows(client, reader, staging, options.force));
    for (const path of files) await moveInto(join(staging, path), join(dataDir, path));
    await db.query('ANALYZE');
    return { createdAt: header.createdAt!, rows: end.rows, files: files.length };
  } finally {
    await reader.close();
    await rm(staging, { recursive: true, force: true });
  }
}

async function checkHeader(db: Db, header: Partial<BackupHeader>): Promise<void> {
  if (header.emporiumBackup !== FORMAT_VERSION || !Array.isArray(header.migrations)) {
    throw new CommandFailure('This is not a backup of this version of Emporium.');
  }
  const here = await migrationsOf(db);
  const missing = header.migrations.filter((name) => !here.includes(name));
  const newer = here.filter((name) => !header.migrations!.includes(name));
  if (missing.length + newer.length === 0) return;
  throw new CommandFailure(
    `The backup was made by another version of Emporium; restore it with that one, then migrate. ` +
      [
        missing.length > 0 && `Not here: ${missing.join(', ')}.`,
        newer.length > 0 && `Not in the backup: ${newer.join(', ')}.`,
      ]
        .filter(Boolean)
        .join(' '),
  );
}

interface Restored {
  end: EndEntry;
  files: string[];
  sequences: SequenceEntry[];
}

async function restoreRows(
  client: PoolClient,
  reader: BackupReader,
  staging: string,
  force: boolean,
): Promise<Restored> {
  const queryable: Queryable = {
    query: async <R>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as R[],
  };
  await client.query('BEGIN');
  try {
    const tables = await tablesInOrder(queryable);
    if (!force) await assertEmpty(queryable);
    const names = tables.map((table) => quoted(table.name));
    for (const name of names) await client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
    await client.query(`TRUNCATE ${names.join(', ')}`);
    const restored = await readEntries(client, reader, staging, new Map(tables.map((t) => [t.name, t.columns])));
    for (const name of names) await client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
    await assertCounts(queryable, restored.end);
    // Last, as a sequence does not come back with a rollback.
    for (const { sequence, value } of restored.sequences) {
      await client.query('SELECT setval($1::regclass, $2)', [quoted(sequence), value]);
    }
    await client.query('COMMIT');
    return restored;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function assertEmpty(db: Queryable): Promise<void> {
  for (const table of TELLTALES) {
    if ((await db.query(`SELECT FROM ${quoted(table)} LIMIT 1`)).length > 0) {
      throw new CommandFailure(`The shop has ${table} already. Say --force to replace everything with the backup.`);
    }
  }
}

async function readEntries(
  client: PoolClient,
  reader: BackupReader,
  staging: string,
  tables: Map<string, string[]>,
): Promise<Restored> {
  const files: string[] = [];
  const sequences: SequenceEntry[] = [];
  for (;;) {
    const entry = await reader.entry<BackupEntry>();
    if ('table' in entry) {
      await copyRows(client, reader, entry, tables);
    } else if ('sequence' in entry) {
      sequences.push(entry);
    } else if ('file' in entry) {
      await stage(reader, staging, entry);
      files.push(entry.file);
    } else {
      return { end: entry, files, sequences };
    }
  }
}

async function copyRows(
  client: PoolClient,
  reader: BackupReader,
  { table, columns }: TableEntry,
  tables: Map<string, string[]>,
): Promise<void> {
  const known = tables.get(table);
  if (!known || columns.some((column) => !known.includes(column))) {
    throw new CommandFailure(`The backup has a table ${table} that does not fit this database.`);
  }
  const into = client.query(copyFrom(`COPY ${quoted(table)} (${columns.map(quoted).join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(reader.rows(), { objectMode: false }), into);
}

/** Files wait beside their place until the rows are committed. */
async function stage(reader: BackupReader, staging: string, { file, bytes }: FileEntry): Promise<void> {
  if (!FOLDERS.some((folder) => file.startsWith(`${folder}/`)) || file.split('/').includes('..')) {
    throw new CommandFailure(`The backup has a file in a strange place: ${file}.`);
  }
  const path = join(staging, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, await reader.bytes(bytes));
}

async function assertCounts(db: Queryable, end: EndEntry): Promise<void> {
  for (const [table, expected] of Object.entries(end.rows)) {
    const [row] = await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${quoted(table)}`);
    if (row!.count !== expected) {
      throw new CommandFailure(`${table} has ${row!.count} rows instead of ${expected}; nothing was restored.`);
    }
  }
}

async function moveInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}
