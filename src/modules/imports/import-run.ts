import { type Db, isCheckViolation, sqlState, type Tx } from '#libs/database';
import { AppError } from '#libs/errors';
import { log } from '#libs/log';
import {
  advance,
  type ImportOptions,
  type ImportState,
  type RejectedRow,
  rejectsOf,
  type Settled,
  storable,
} from './import-state.js';

/** Who imports, and where its progress goes. */
export interface ImportRun {
  /** Makes the stock movements of this run unique. */
  id: string;
  /** `staff:usr_…` or `cli`: who answers for the stock movements. */
  actor: string;
  options: ImportOptions;
  /** Where an interrupted run of the same file stopped. */
  resumeFrom?: ImportState;
  /** Rows of the file, once they are counted, and its header. */
  onCounted?(rows: number, header: readonly string[]): Promise<void> | void;
  /**
   * Saves the progress, and the rows that were left out, in the transaction of the products (of a dry run: in its own).
   * @param doneBefore how many products were behind us before it
   */
  checkpoint?(tx: Tx, state: ImportState, rejects: readonly RejectedRow[], doneBefore: number): Promise<void>;
  /** After each batch, outside of any transaction. */
  onProgress?(state: ImportState): Promise<void> | void;
}

/** Undoes the transaction of a dry run and carries its result out. */
class DryRunDone extends Error {
  constructor(readonly settled: readonly Settled[]) {
    super('dry run');
  }
}

/** How things of a file are saved. */
export interface Saving<T> {
  /** In the transaction of a batch: what became of each. */
  settle(tx: Tx, batch: readonly T[]): Promise<readonly Settled[]>;
  /** What the database, or a rule of the shop, refuses although it could be read. */
  refused(thing: T, reason: string): Settled;
  /** What was settled last holds from now on (of a dry run: would hold). */
  kept?(): void;
}

/**
 * Saves a batch with how far it came, both or neither; of a dry run only what would have become of it. When one of them fails
 * in it, each is saved in a transaction of its own, so that it fails alone.
 */
export async function saveBatch<T>(
  db: Db,
  run: ImportRun,
  state: ImportState,
  batch: readonly T[],
  saving: Saving<T>,
): Promise<ImportState> {
  let isKeeping = false;
  const keep = async (tx: Tx, outcome: readonly Settled[]) => {
    isKeeping = true;
    const settled = outcome.map(storable);
    const next = advance(state, settled);
    await run.checkpoint?.(tx, next, rejectsOf(settled), state.productsDone);
    isKeeping = false;
    return next;
  };
  try {
    const next = await db.transaction(async (tx) => {
      isKeeping = false;
      const settled = await saving.settle(tx, batch);
      if (run.options.dryRun) throw new DryRunDone(settled);
      return keep(tx, settled);
    });
    saving.kept?.();
    return next;
  } catch (error) {
    if (error instanceof DryRunDone) {
      const next = await db.transaction((tx) => keep(tx, error.settled));
      saving.kept?.();
      return next;
    }
    // That the progress cannot be saved is no fault of a row.
    const reason = isKeeping ? null : faultOfContent(error);
    if (reason === null) throw error;
    if (batch.length > 1) {
      let next = state;
      for (const one of batch) next = await saveBatch(db, run, next, [one], saving);
      return next;
    }
    const settled = batch.map((one) => saving.refused(one, reason));
    log.warn('import.row_refused', { importId: run.id, line: settled[0]?.rows[0]?.line, sqlState: sqlState(error) });
    return db.transaction((tx) => keep(tx, settled));
  }
}

/** What is wrong with a row, when its content is at fault; null when the house is. */
function faultOfContent(error: unknown): string | null {
  if (error instanceof AppError && error.kind !== 'internal' && error.kind !== 'unavailable') return error.message;
  if (isCheckViolation(error, 'stock_no_oversell')) return 'its stock would fall below what is promised to orders.';
  // Cardinality, data, constraints, and what is too complex.
  return /^(21|22|23|54000)/.test(sqlState(error) ?? '')
    ? `the database refuses it: ${(error as Error).message}.`
    : null;
}
