import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { Forbidden } from '#libs/errors';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import type { StaffIdentity } from '../auth/index.js';
import { ShopContext } from '../settings/index.js';
import type { CreateExportRequest } from './dto/export.dto.js';
import type { ExportKind } from './export-kinds.js';
import { RunExportJob } from './exports.jobs.js';
import { ExportsRepository } from './exports.repository.js';

/** Asks for a file of what the shop has; who asked is in the log of changes. */
@Injectable()
export class StartExport {
  constructor(
    private readonly db: Db,
    private readonly exports: ExportsRepository,
    private readonly shop: ShopContext,
  ) {}

  /** @returns uuid of the export @throws forbidden for personal data */
  async execute({ kind, filter }: CreateExportRequest, staff: StaffIdentity): Promise<string> {
    assertMayExport(kind, staff);
    const id = newUuid();
    const { currency } = await this.shop.get();
    await this.db.transaction(async (tx) => {
      const wanted = { currency, ...filter };
      await this.exports.insert(tx, { id, kind, filter: wanted, createdBy: staff.id });
      await enqueue(tx, RunExportJob, id, { exportId: id });
    });
    return id;
  }
}

/** Personal data leaves the shop only with those who are trusted with it. @throws forbidden */
export function assertMayExport(kind: ExportKind, staff: StaffIdentity): void {
  if (kind !== 'customers' || staff.permissions.includes('exports.customers')) return;
  throw Forbidden({ detail: 'Files of customers need the permission exports.customers.' });
}
