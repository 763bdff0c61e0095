import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { CatalogModule } from '../catalog/index.js';
import { SalesCounter } from './count-sales.job.js';
import { CustomerOrders } from './customer-orders.repository.js';
import { FindOrder } from './find-order.service.js';
import { FulfillOrder } from './fulfill-order.service.js';
import { OrdersAdminController } from './orders.admin.controller.js';
import { OrdersController } from './orders.controller.js';
import { OrdersQuery } from './orders.query.js';
import { OrdersRepository } from './orders.repository.js';

/** Orders: what was bought, where it stands, and what was shipped of it. */
@Module({
  imports: [AuthModule, CatalogModule],
  controllers: [OrdersController, OrdersAdminController],
  providers: [OrdersRepository, OrdersQuery, FindOrder, FulfillOrder, CustomerOrders, SalesCounter],
  exports: [OrdersRepository, OrdersQuery, CustomerOrders, FulfillOrder],
})
export class OrdersModule {}
