import { PaymentCapture } from './payment-capture.entity.js';
import { PaymentCustomer } from './payment-customer.entity.js';
import { Payment } from './payment.entity.js';
import { Refund } from './refund.entity.js';
import { WebhookReceipt } from './webhook-receipt.entity.js';

export const paymentEntities = [Payment, PaymentCapture, PaymentCustomer, Refund, WebhookReceipt];
export { Payment, PaymentCapture, PaymentCustomer, Refund, WebhookReceipt };
