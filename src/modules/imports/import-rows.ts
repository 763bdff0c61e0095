import type { Db, Tx } from '#libs/database';
import { Columns, type Sheet } from './csv/columns.js';
import { formatOf } from './csv/csv-format.js';
import { type CsvRow, type ImportSource, readCsvRows } from './csv/csv-rows.js';
import { ImportFileProblem } from './csv/import-file-problem.js';
import type { IssueList } from './csv/issues.js';
import { type ImportRun, saveBatch, type Saving } from './import-run.js';
import { type ImportState, initialState, type ProductOutcome, type Settled } from './import-state.js';

/** What a row says. Without `value` it is left out, and `errors` tells why. */
export interface ReadRow<T> extends Pick<IssueList, 'errors' | 'warnings'> {
  value: T | null;
}

/** A kind of file in which each row is a thing. */
export interface RowKind<Name extends string, T> {
  sheet: Sheet<Name>;
  /** `customers` */
  things: string;
  /** Sees all rows of the file from its first one, also in a run that goes on somewhere. */
  read(columns: Columns<Name>, row: CsvRow): ReadRow<T> | Promise<ReadRow<T>>;
  /** @returns in the order of the values what became of them, or why one was left out */
  save(tx: Tx, values: readonly T[]): Promise<readonly (ProductOutcome | { reason: string })[]>;
  /** A row that was saved, or left out, before this run. */
  behind?(value: T): void;
  /** What was saved last holds from now on (of a dry run: would hold). */
  kept?(): void;
}

/** A row that is read and waits to be saved with others. */
interface Pending<T> {
  read: ReadRow<T>;
  row: CsvRow;
  rowsRead: number;
}

const BATCH = 200;

/**
 * Imports a file of rows, many in one transaction with how far it came. A row with a mistake is left out and told with its
 * line.
 * @throws ImportFileProblem when the file cannot be read to its end; then nothing was imported
 */
export async function importRows<Name extends string, T>(
  db: Db,
  source: ImportSource,
  run: ImportRun,
  kind: RowKind<Name, T>,
): Promise<ImportState> {
  const format = await formatOf(source);
  let columns: Columns<Name> | undefined;
  let rows = 0;
  for await (const row of readCsvRows(source, format)) {
    if (columns) rows += 1;
    else columns = Columns.fromHeader(kind.sheet, row.cells, row.line, format);
  }
  if (!columns || rows === 0) throw new ImportFileProblem(1, `there are no ${kind.things} below the header.`);
  await run.onCounted?.(rows, columns.header);
  let state = run.resumeFrom ?? initialState();
  let [rowsRead, batch]: [number, Pending<T>[]] = [-1, []];
  const saving: Saving<Pending<T>> = {
    settle: (tx, pending) => settled(tx, pending, kind),
    refused,
    kept: () => kind.kept?.(),
  };
  const flush = async () => {
    if (batch.length === 0) return;
    state = await saveBatch(db, run, state, batch, saving);
    await run.onProgress?.(state);
    batch = [];
  };
  for await (const row of readCsvRows(source, format)) {
    rowsRead += 1;
    if (rowsRead === 0) continue;
    const read = await kind.read(columns, row);
    if (rowsRead <= state.productsDone) {
      if (read.value !== null) kind.behind?.(read.value);
      continue;
    }
    batch.push({ read, row, rowsRead });
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return state;
}

async function settled<Name extends string, T>(
  tx: Tx,
  batch: readonly Pending<T>[],
  kind: RowKind<Name, T>,
): Promise<Settled[]> {
  const valid = batch.filter(({ read }) => read.value !== null);
  const saved = await kind.save(
    tx,
    valid.map(({ read }) => read.value!),
  );
  const outcomes = new Map(valid.map((pending, i) => [pending, saved[i]!]));
  return batch.map((pending): Settled => {
    const outcome = outcomes.get(pending) ?? 'failed';
    return typeof outcome === 'string' ? { ...placeOf(pending), outcome } : refused(pending, outcome.reason);
  });
}

const placeOf = <T>({ read, row, rowsRead }: Pending<T>) => ({
  product: read,
  rows: [row],
  rowsRead,
  bytesRead: row.endByte,
});

const refused = <T>(pending: Pending<T>, reason: string): Settled => ({
  ...placeOf(pending),
  outcome: 'failed',
  errors: [{ line: pending.row.line, handle: null, reason }],
});

/** A row that stands for something that stands further up already. */
export function repeated<T>(row: CsvRow, what: string, earlier: number): ReadRow<T> {
  return { value: null, errors: [{ line: row.line, handle: null, reason: `${what} is on line ${earlier} already.` }], warnings: [] }; // prettier-ignore
}
