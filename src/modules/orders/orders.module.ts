import { Module } from '@nestjs/common';
import { CustomerOrders } from './customer-orders.repository.js';
import { FulfillOrder } from './fulfill-order.service.js';
import { OrdersAdminController } from './orders.admin.controller.js';
import { OrdersController } from './orders.controller.js';
import { OrdersQuery } from './orders.query.js';
import { OrdersRepository } from './orders.repository.js';

/** Orders: what was bought, where it stands, and what was shipped of it. */
@Module({
  controllers: [OrdersController, OrdersAdminController],
  providers: [OrdersRepository, OrdersQuery, FulfillOrder, CustomerOrders],
  exports: [OrdersRepository, OrdersQuery, CustomerOrders, FulfillOrder],
})
export class OrdersModule {}
