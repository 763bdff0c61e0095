import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import type { JobContext } from '#libs/jobs';
import { log } from '#libs/log';
import { noteActingPerson } from '../auth/index.js';
import { ImportFileProblem } from './csv/import-file-problem.js';
import { ImportCustomers } from './import-customers.service.js';
import { ImportPriceLists } from './import-price-lists.service.js';
import { ImportProducts } from './import-products.service.js';
import type { ImportKind } from './import-state.js';
import { MAX_TRIES } from './imports.jobs.js';
import { type ImportRow, ImportsRepository } from './imports.repository.js';

/** Imports an uploaded file in the background; after a crash it goes on where the last saved batch ended. */
@Injectable()
export class RunImport {
  private readonly kinds: Readonly<Record<ImportKind, Pick<ImportProducts, 'execute'>>>;

  constructor(
    private readonly db: Db,
    private readonly imports: ImportsRepository,
    importProducts: ImportProducts,
    importCustomers: ImportCustomers,
    importPriceLists: ImportPriceLists,
  ) {
    this.kinds = { products: importProducts, customers: importCustomers, price_lists: importPriceLists };
  }

  /** @param importId uuid */
  async execute(importId: string, job: JobContext<unknown>): Promise<void> {
    const row = await this.imports.find(importId);
    if (!row || row.status === 'completed') return;
    await this.imports.markRunning(importId);
    // What a file changes is written down as if its sender had changed it piece by piece.
    if (row.created_by !== null) {
      const onBehalfOf = `staff:${encodeId('user', row.created_by)}`;
      noteActingPerson({ actor: `import:${encodeId('import', importId)}`, onBehalfOf });
    }
    try {
      const failure = await this.run(row, job);
      await this.db.transaction(async (tx) => {
        await this.imports.finish(tx, importId, { status: failure === null ? 'completed' : 'failed', failure });
        await job.complete(tx);
      });
      log.info('import.finished', { importId, failure });
    } catch (error) {
      if (job.attempt >= MAX_TRIES) {
        await this.imports.markBroken(
          importId,
          'Something went wrong on our side. A retry of its job goes on from here.',
        );
      }
      throw error;
    }
  }

  /** @returns why the file cannot be read, or null when it was read to its end */
  private async run(row: ImportRow, job: JobContext<unknown>): Promise<string | null> {
    let rows = 0;
    try {
      await this.kinds[row.kind].execute(this.imports.sourceOf(row), {
        id: row.id,
        actor: row.created_by === null ? 'system' : `staff:${encodeId('user', row.created_by)}`,
        options: row.options,
        ...(row.state ? { resumeFrom: row.state } : {}),
        onCounted: async (count, header) => {
          rows = count;
          await this.imports.saveHeader(row.id, header);
        },
        checkpoint: async (tx, state, rejects, doneBefore) => {
          await this.imports.saveState(tx, row.id, state, doneBefore);
          await this.imports.addRejects(tx, row.id, rejects);
        },
        onProgress: async (state) => {
          failpoint('import.batch_saved');
          await job.progress({ rowsRead: state.rowsRead, rows });
        },
      });
      return null;
    } catch (error) {
      if (error instanceof ImportFileProblem) return error.message;
      throw error;
    }
  }
}
