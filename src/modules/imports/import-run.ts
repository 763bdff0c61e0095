import type { Tx } from '#libs/database';
import type { ImportOptions, ImportState, RejectedRow } from './import-state.js';

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
export class DryRunDone extends Error {
  constructor(
    readonly state: ImportState,
    readonly rejects: readonly RejectedRow[],
  ) {
    super('dry run');
  }
}
