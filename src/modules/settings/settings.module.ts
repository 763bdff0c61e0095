import { Module } from '@nestjs/common';
import { SettingsAdminController } from './settings.admin.controller.js';
import { SettingsChanges } from './settings-changes.js';
import { SettingsQuery } from './settings.query.js';
import { SettingsService } from './settings.service.js';
import { ShippingAdminController } from './shipping.admin.controller.js';
import { ShippingProfilesAdminController } from './shipping-profiles.admin.controller.js';
import { ShippingProfiles } from './shipping-profiles.service.js';
import { ShippingService } from './shipping.service.js';
import { ShopContext } from './shop-context.js';
import { TaxRatesAdminController } from './tax-rates.admin.controller.js';
import { TaxRatesService } from './tax-rates.service.js';

/** What sort of shop this is: its name, currency, taxes and shipping. */
@Module({
  controllers: [
    SettingsAdminController,
    TaxRatesAdminController,
    ShippingAdminController,
    ShippingProfilesAdminController,
  ],
  providers: [
    ShopContext,
    SettingsChanges,
    SettingsQuery,
    SettingsService,
    ShippingService,
    ShippingProfiles,
    TaxRatesService,
  ],
  exports: [ShopContext, SettingsChanges],
})
export class SettingsModule {}
