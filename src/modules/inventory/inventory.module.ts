import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { AdjustStock } from './adjust-stock.service.js';
import { InventoryAdminController } from './inventory.admin.controller.js';
import { InventoryQuery } from './inventory.query.js';
import { StockAlertsController } from './stock-alerts.controller.js';
import { StockAlerts } from './stock-alerts.service.js';
import { StockLedger } from './stock-ledger.service.js';

/** Stock: levels, reservations and the ledger. */
@Module({
  imports: [CatalogModule],
  controllers: [InventoryAdminController, StockAlertsController],
  providers: [StockLedger, InventoryQuery, AdjustStock, StockAlerts],
  exports: [StockLedger],
})
export class InventoryModule {}
