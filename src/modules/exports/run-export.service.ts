import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import type { JobContext } from '#libs/jobs';
import { log } from '#libs/log';
import { MAX_TRIES } from './exports.jobs.js';
import { ExportsRepository } from './exports.repository.js';
import { WriteExport } from './write-export.service.js';

/** Writes the file of an export in the background; after a crash it goes on behind the last piece that was saved. */
@Injectable()
export class RunExport {
  constructor(
    private readonly db: Db,
    private readonly exports: ExportsRepository,
    private readonly writing: WriteExport,
  ) {}

  /** @param exportId uuid */
  async execute(exportId: string, job: JobContext<unknown>): Promise<void> {
    const row = await this.exports.find(exportId);
    if (!row || row.status === 'completed' || row.status === 'expired') return;
    try {
      const total = await this.writing.count(row.kind, row.filter);
      await this.exports.markRunning(exportId, total);
      let { chunks, done } = row;
      const from = { withHeader: chunks === 0, after: row.position };
      for await (const piece of this.writing.pieces(row.kind, row.filter, from)) {
        await this.exports.append({ id: exportId, chunks }, piece);
        failpoint('export.piece_saved');
        chunks += 1;
        done += piece.count;
        await job.progress({ done, total });
      }
      await this.db.transaction(async (tx) => {
        await this.exports.finish(tx, exportId);
        await job.complete(tx);
      });
      log.info('export.finished', { exportId, done });
    } catch (error) {
      if (job.attempt >= MAX_TRIES) await this.exports.markBroken(exportId);
      throw error;
    }
  }
}
