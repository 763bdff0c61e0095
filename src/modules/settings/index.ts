export { SettingsModule } from './settings.module.js';
export { ensureSettings } from './ensure-settings.js';
export { ShopContext } from './shop-context.js';
export {
  methodsFor,
  REST_OF_WORLD,
  taxRateFor,
  zoneFor,
  type ShippingMethodSnapshot,
  type ShippingZoneSnapshot,
  type ShippingRateTerms,
  type ShopSnapshot,
  type TaxRateSnapshot,
} from './shop-snapshot.js';
