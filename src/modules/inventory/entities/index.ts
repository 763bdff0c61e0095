import { Location } from './location.entity.js';
import { StockAlertEntity } from './stock-alert.entity.js';
import { StockLevel } from './stock-level.entity.js';
import { StockMovement } from './stock-movement.entity.js';
import { StockReservation } from './stock-reservation.entity.js';

export const inventoryEntities = [Location, StockAlertEntity, StockLevel, StockMovement, StockReservation];
export { Location, StockAlertEntity, StockLevel, StockMovement, StockReservation };
