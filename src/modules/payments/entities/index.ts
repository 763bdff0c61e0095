import { Payment } from './payment.entity.js';
import { Refund } from './refund.entity.js';
import { WebhookReceipt } from './webhook-receipt.entity.js';

export const paymentEntities = [Payment, Refund, WebhookReceipt];
export { Payment, Refund, WebhookReceipt };
