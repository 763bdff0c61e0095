import { Module } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { CreditsModule } from '../credits/index.js';
import { PromotionsModule } from '../promotions/index.js';
import { SettingsModule } from '../settings/index.js';
import { CartWriter } from './cart-writer.service.js';
import { CartController } from './cart.controller.js';
import { CartService } from './cart.service.js';
import { PromotionPreviewAdminController } from './promotion-preview.admin.controller.js';
import { PromotionPreview } from './promotion-preview.service.js';
import { MergeCarts } from './merge-carts.service.js';
import { ShippingPreviewAdminController } from './shipping-preview.admin.controller.js';
import { ShippingPreview } from './shipping-preview.service.js';
import { HttpTaxService } from './tax/http-tax-service.js';
import { OwnTaxTable } from './tax/own-tax-table.js';
import { TaxQuotes } from './tax/tax-quotes.service.js';
import { TaxService } from './tax/tax-service.js';

/** Carts: what shoppers are about to buy. */
@Module({
  imports: [CreditsModule, PromotionsModule, SettingsModule],
  controllers: [CartController, PromotionPreviewAdminController, ShippingPreviewAdminController],
  providers: [
    {
      provide: TaxService,
      inject: [APP_CONFIG],
      useFactory: ({ taxService: { url } }: Config) => (url === null ? new OwnTaxTable() : new HttpTaxService(url)),
    },
    TaxQuotes,
    CartWriter,
    CartService,
    MergeCarts,
    PromotionPreview,
    ShippingPreview,
  ],
  exports: [TaxQuotes, MergeCarts, CartService],
})
export class CartModule {}
