import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import type { StaffIdentity } from '../auth/index.js';
import { ShopContext } from '../settings/index.js';
import { assertMayImport } from './import-access.js';
import { RunImportJob } from './imports.jobs.js';
import { ImportsRepository } from './imports.repository.js';
import type { Upload } from './upload.js';

/** Takes an uploaded file in: stores it with the job that will import it, both or neither. */
@Injectable()
export class StartImport {
  constructor(
    private readonly db: Db,
    private readonly imports: ImportsRepository,
    private readonly shop: ShopContext,
  ) {}

  /**
   * @returns uuid of the import
   * @throws forbidden for who may not change such things one by one
   */
  async execute(upload: Upload, staff: StaffIdentity): Promise<string> {
    assertMayImport(upload.fields.kind, upload.fields, staff);
    const { dryRun, stock, currency = (await this.shop.get()).currency } = upload.fields;
    const id = newUuid();
    await this.db.transaction(async (tx) => {
      const options = { currency, stock, dryRun };
      await this.imports.insert(tx, {
        id,
        kind: upload.fields.kind,
        fileName: upload.fileName,
        options,
        bytes: upload.bytes,
        createdBy: staff.id,
      });
      let seq = 0;
      for await (const chunk of upload.open()) {
        await this.imports.addChunk(tx, id, seq, chunk);
        seq += 1;
      }
      await enqueue(tx, RunImportJob, id, { importId: id });
    });
    return id;
  }
}
