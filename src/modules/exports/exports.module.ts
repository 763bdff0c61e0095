import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings/index.js';
import { CustomerExport } from './customer-export.js';
import { ExportsAdminController } from './exports.admin.controller.js';
import { ExportsQuery } from './exports.query.js';
import { ExportsRepository } from './exports.repository.js';
import { DeleteExpiredExportsHandler, RunExportHandler } from './jobs/exports.processor.js';
import { PriceListExport } from './price-list-export.js';
import { ProductExport } from './product-export.js';
import { RunExport } from './run-export.service.js';
import { StartExport } from './start-export.service.js';
import { WriteExport } from './write-export.service.js';

/** Files of what the shop has. */
@Module({
  imports: [SettingsModule],
  controllers: [ExportsAdminController],
  providers: [
    ProductExport,
    CustomerExport,
    PriceListExport,
    WriteExport,
    ExportsRepository,
    ExportsQuery,
    StartExport,
    RunExport,
    RunExportHandler,
    DeleteExpiredExportsHandler,
  ],
  exports: [WriteExport],
})
export class ExportsModule {}
