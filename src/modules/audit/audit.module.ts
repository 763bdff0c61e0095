import { Module } from '@nestjs/common';
import { AuditSeals } from './audit-seals.service.js';
import { AuditAdminController } from './audit.admin.controller.js';
import { AuditSealer } from './audit.jobs.js';
import { AuditQuery } from './audit.query.js';

/** What staff and API keys have changed: to be read, and to be proved. Triggers write it, see the migration of access. */
@Module({
  controllers: [AuditAdminController],
  providers: [AuditQuery, AuditSeals, AuditSealer],
})
export class AuditModule {}
