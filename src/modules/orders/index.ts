export { OrdersModule } from './orders.module.js';
export { CustomerOrders } from './customer-orders.repository.js';
export { FulfillOrder } from './fulfill-order.service.js';
export { OrdersQuery } from './orders.query.js';
export {
  newOrder,
  OrdersRepository,
  STOCK_OF_LINE,
  type LockedOrder,
  type OrderChange,
  type TimelineEntry,
  type WrittenWithOrder,
} from './orders.repository.js';
export { OrderResponse, OrderSummaryResponse } from './dto/order.response.js';
export { onHold, OrderNotCancelable, OrderOnHold } from './order.errors.js';
export {
  OrderCanceled,
  OrderFulfilled,
  OrderPaid,
  OrderPlaced,
  OrderReleased,
  OrderUnderReview,
} from './order.events.js';
export { ORDER_TRANSITIONS, type OrderPaymentStatus, type OrderStatus } from './order.state.js';
