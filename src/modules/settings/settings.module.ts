import { Module } from '@nestjs/common';
import { MarketsAdminController } from './markets.admin.controller.js';
import { MarketsController } from './markets.controller.js';
import { Markets } from './markets.service.js';
import { PriceContexts } from './price-contexts.js';
import { SettingsAdminController } from './settings.admin.controller.js';
import { SettingsChanges } from './settings-changes.js';
import { SettingsQuery } from './settings.query.js';
import { SettingsService } from './settings.service.js';
import { ShippingAdminController } from './shipping.admin.controller.js';
import { ShippingProfilesAdminController } from './shipping-profiles.admin.controller.js';
import { ShippingProfiles } from './shipping-profiles.service.js';
import { ShippingService } from './shipping.service.js';
import { ShopContext } from './shop-context.js';
import { TaxClassesAdminController } from './tax-classes.admin.controller.js';
import { TaxClasses } from './tax-classes.service.js';
import { TaxRatesAdminController } from './tax-rates.admin.controller.js';
import { TaxRatesService } from './tax-rates.service.js';

/** What sort of shop this is: its name, currency, taxes and shipping. */
@Module({
  controllers: [
    SettingsAdminController,
    MarketsController,
    MarketsAdminController,
    TaxClassesAdminController,
    TaxRatesAdminController,
    ShippingAdminController,
    ShippingProfilesAdminController,
  ],
  providers: [
    ShopContext,
    PriceContexts,
    Markets,
    TaxClasses,
    SettingsChanges,
    SettingsQuery,
    SettingsService,
    ShippingService,
    ShippingProfiles,
    TaxRatesService,
  ],
  exports: [ShopContext, PriceContexts, SettingsChanges],
})
export class SettingsModule {}
