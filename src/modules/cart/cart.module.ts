import { Module } from '@nestjs/common';
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

/** Carts: what shoppers are about to buy. */
@Module({
  imports: [PromotionsModule, SettingsModule],
  controllers: [CartController, PromotionPreviewAdminController, ShippingPreviewAdminController],
  providers: [CartWriter, CartService, MergeCarts, PromotionPreview, ShippingPreview],
  exports: [MergeCarts, CartService],
})
export class CartModule {}
