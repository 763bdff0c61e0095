export { SettingsModule } from './settings.module.js';
export { ensureSettings } from './ensure-settings.js';
export { PriceContexts } from './price-contexts.js';
export { type PriceWish, PriceWishHeaders, priceWishOf } from './price-wish.js';
export { SettingsChanges } from './settings-changes.js';
export { ShopContext } from './shop-context.js';
export {
  marketOf,
  methodsFor,
  priceContextOf,
  REST_OF_WORLD,
  taxRatesFor,
  zoneFor,
  type MarketSnapshot,
  type PriceContext,
  type ActivePromotions,
  type ShippingMethodSnapshot,
  type ShippingZoneSnapshot,
  type ShippingRateTerms,
  type ShopSnapshot,
  type TaxRateSnapshot,
} from './shop-snapshot.js';
