export { InventoryModule } from './inventory.module.js';
export { StockLedger, type StockRequest } from './stock-ledger.service.js';
export { OutOfStock } from './inventory.errors.js';
export { LowStockReached } from './inventory.events.js';
