import { Module } from '@nestjs/common';
import { CartModule } from '../cart/index.js';
import { CreditsModule } from '../credits/index.js';
import { InventoryModule } from '../inventory/index.js';
import { OrdersModule } from '../orders/index.js';
import { PaymentsModule } from '../payments/index.js';
import { SettingsModule } from '../settings/index.js';
import { CheckoutController } from './checkout.controller.js';
import { Checkout } from './checkout.service.js';
import { PaymentMethodsController } from './payment-methods.controller.js';
import { PlaceOrder } from './place-order.service.js';

/** From cart to order. */
@Module({
  imports: [CreditsModule, CartModule, SettingsModule, InventoryModule, OrdersModule, PaymentsModule],
  controllers: [CheckoutController, PaymentMethodsController],
  providers: [PlaceOrder, Checkout],
})
export class CheckoutModule {}
