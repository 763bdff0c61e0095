import { ShippingMethod } from './shipping-method.entity.js';
import { ShippingProfile } from './shipping-profile.entity.js';
import { ShippingZone } from './shipping-zone.entity.js';
import { ShopSettings } from './shop-settings.entity.js';
import { TaxRate } from './tax-rate.entity.js';

export const settingsEntities = [ShopSettings, TaxRate, ShippingZone, ShippingMethod, ShippingProfile];
export { ShippingMethod, ShippingProfile, ShippingZone, ShopSettings, TaxRate };
