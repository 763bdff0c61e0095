import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { type CustomerOfFile, SaveCustomers } from '../customers/index.js';
import { Columns } from './csv/columns.js';
import { formatOf } from './csv/csv-format.js';
import { type CsvRow, type ImportSource, readCsvRows } from './csv/csv-rows.js';
import { CUSTOMER_SHEET, customerFromRow, type ReadCustomer } from './csv/customer-from-row.js';
import { ImportFileProblem } from './csv/import-file-problem.js';
import { DryRunDone, type ImportRun } from './import-run.js';
import { advance, type ImportState, initialState, rejectsOf, type Settled } from './import-state.js';

/** A customer that is read and waits to be saved with others. */
interface Pending {
  read: ReadCustomer;
  row: CsvRow;
  rowsRead: number;
}

const BATCH = 200;

/**
 * Imports customers, one a row, found by their e-mail address: what differs is written, the same file twice without effect. A
 * row with a mistake is left out and told with its line.
 */
@Injectable()
export class ImportCustomers {
  constructor(
    private readonly db: Db,
    private readonly saving: SaveCustomers,
  ) {}

  /** @throws ImportFileProblem when the file cannot be read to its end; then nothing was imported */
  async execute(source: ImportSource, run: ImportRun): Promise<ImportState> {
    const format = await formatOf(source);
    let columns: Columns<keyof (typeof CUSTOMER_SHEET)['headers']> | undefined;
    let rows = 0;
    for await (const row of readCsvRows(source, format)) {
      if (columns) rows += 1;
      else columns = Columns.fromHeader(CUSTOMER_SHEET, row.cells, row.line, format);
    }
    if (!columns || rows === 0) throw new ImportFileProblem(1, 'there are no customers below the header.');
    await run.onCounted?.(rows, columns.header);
    let state = run.resumeFrom ?? initialState();
    const seen = new Map<string, number>();
    let [rowsRead, batch]: [number, Pending[]] = [-1, []];
    for await (const row of readCsvRows(source, format)) {
      rowsRead += 1;
      if (rowsRead === 0) continue;
      const read = onlyOnce(await customerFromRow(columns, row), row, seen);
      if (rowsRead <= state.productsDone) continue;
      batch.push({ read, row, rowsRead });
      if (batch.length < BATCH) continue;
      state = await this.save(batch, state, run);
      await run.onProgress?.(state);
      batch = [];
    }
    if (batch.length > 0) {
      state = await this.save(batch, state, run);
      await run.onProgress?.(state);
    }
    return state;
  }

  private async save(batch: readonly Pending[], state: ImportState, run: ImportRun): Promise<ImportState> {
    try {
      return await this.db.transaction(async (tx) => {
        const valid = batch.flatMap(({ read }) => (read.customer ? [read.customer] : []));
        const saved = await this.saving.execute(tx, valid);
        const outcomes = new Map<CustomerOfFile, (typeof saved)[number]>(
          valid.map((customer, i) => [customer, saved[i]!]),
        );
        const settled = batch.map(({ read, row, rowsRead }): Settled => {
          const outcome = read.customer ? outcomes.get(read.customer)! : 'failed';
          const place = { product: read, rows: [row], rowsRead, bytesRead: row.endByte };
          if (outcome !== 'taken') return { ...place, outcome };
          const reason = 'somebody registered with this address at this moment; import the row again.';
          return { ...place, outcome: 'failed', errors: [{ line: row.line, handle: null, reason }] };
        });
        const next = advance(state, settled);
        if (run.options.dryRun) throw new DryRunDone(next, rejectsOf(settled));
        await run.checkpoint?.(tx, next, rejectsOf(settled));
        return next;
      });
    } catch (error) {
      if (!(error instanceof DryRunDone)) throw error;
      const { state: next, rejects } = error;
      await this.db.transaction(async (tx) => run.checkpoint?.(tx, next, rejects));
      return next;
    }
  }
}

/** The first row of an address holds. */
function onlyOnce(read: ReadCustomer, row: CsvRow, seen: Map<string, number>): ReadCustomer {
  if (!read.customer) return read;
  const key = read.customer.email.trim().toLowerCase();
  const earlier = seen.get(key);
  seen.set(key, earlier ?? row.line);
  if (earlier === undefined) return read;
  const reason = `the customer is on line ${earlier} already.`;
  return { ...read, customer: null, errors: [{ line: row.line, handle: null, reason }] };
}
