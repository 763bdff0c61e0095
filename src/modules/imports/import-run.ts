import type { Db, Tx } from '#libs/database';
import {
  advance,
  type ImportOptions,
  type ImportState,
  type RejectedRow,
  rejectsOf,
  type Settled,
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
  /** Saves the progress, and the rows that were left out, in the transaction of the products (of a dry run: in its own). */
  checkpoint?(tx: Tx, state: ImportState, rejects: readonly RejectedRow[]): Promise<void>;
  /** After each batch, outside of any transaction. */
  onProgress?(state: ImportState): Promise<void> | void;
}

/** Undoes the transaction of a dry run and carries its result out. */
class DryRunDone extends Error {
  constructor(readonly settled: readonly Settled[]) {
    super('dry run');
  }
}

/** Saves a batch with how far it came, both or neither; of a dry run only what would have become of it. */
export async function saveBatch(
  db: Db,
  run: ImportRun,
  state: ImportState,
  settle: (tx: Tx) => Promise<readonly Settled[]>,
): Promise<ImportState> {
  const keep = async (tx: Tx, settled: readonly Settled[]) => {
    const next = advance(state, settled);
    await run.checkpoint?.(tx, next, rejectsOf(settled));
    return next;
  };
  try {
    return await db.transaction(async (tx) => {
      const settled = await settle(tx);
      if (run.options.dryRun) throw new DryRunDone(settled);
      return keep(tx, settled);
    });
  } catch (error) {
    if (!(error instanceof DryRunDone)) throw error;
    return db.transaction((tx) => keep(tx, error.settled));
  }
}
