import { Injectable } from '@nestjs/common';
import { defineJob, HandlesJob, type JobHandler } from '#libs/jobs';
import { AuditSeals } from './audit-seals.service.js';

export const SealAuditJob = defineJob({
  name: 'audit.seal',
  queue: 'maintenance',
  description: 'seals what was written into the audit log since the last seal',
  everyMs: 300_000,
});

/** Seals the audit log every five minutes. */
@HandlesJob(SealAuditJob)
@Injectable()
export class AuditSealer implements JobHandler {
  constructor(private readonly seals: AuditSeals) {}

  async handle(): Promise<void> {
    await this.seals.seal();
  }
}
