import { Fulfillment, FulfillmentLine } from './fulfillment.entity.js';
import { OrderEvent } from './order-event.entity.js';
import { OrderLine } from './order-line.entity.js';
import { Order } from './order.entity.js';

export const orderEntities = [Order, OrderLine, OrderEvent, Fulfillment, FulfillmentLine];
export { Fulfillment, FulfillmentLine, Order, OrderEvent, OrderLine };
