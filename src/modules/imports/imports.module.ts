import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { CustomersModule } from '../customers/index.js';
import { InventoryModule } from '../inventory/index.js';
import { SettingsModule } from '../settings/index.js';
import { ImportCustomers } from './import-customers.service.js';
import { ImportPriceLists } from './import-price-lists.service.js';
import { ImportProducts } from './import-products.service.js';
import { ImportsAdminController } from './imports.admin.controller.js';
import { ImportsQuery } from './imports.query.js';
import { ImportsRepository } from './imports.repository.js';
import { DeleteOldImportFilesHandler, RunImportHandler } from './jobs/imports.processor.js';
import { RunImport } from './run-import.service.js';
import { SaveProducts } from './save-products.service.js';
import { StartImport } from './start-import.service.js';

/** Products, customers and price lists from files of other shops. */
@Module({
  imports: [CatalogModule, InventoryModule, SettingsModule, CustomersModule],
  controllers: [ImportsAdminController],
  providers: [
    ImportProducts,
    ImportCustomers,
    ImportPriceLists,
    SaveProducts,
    ImportsRepository,
    ImportsQuery,
    StartImport,
    RunImport,
    RunImportHandler,
    DeleteOldImportFilesHandler,
  ],
  exports: [ImportProducts, ImportCustomers, ImportPriceLists],
})
export class ImportsModule {}
