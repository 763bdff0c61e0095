import { Market } from './market.entity.js';
import { ShippingMethod } from './shipping-method.entity.js';
import { ShippingProfile } from './shipping-profile.entity.js';
import { ShippingZone } from './shipping-zone.entity.js';
import { ShopSettings } from './shop-settings.entity.js';
import { TaxClass } from './tax-class.entity.js';
import { TaxRate } from './tax-rate.entity.js';

export const settingsEntities = [
  ShopSettings,
  Market,
  TaxClass,
  TaxRate,
  ShippingZone,
  ShippingMethod,
  ShippingProfile,
];
export { Market, ShippingMethod, ShippingProfile, ShippingZone, ShopSettings, TaxClass, TaxRate };
