/** Statuses of an order, stored and indexed. */
export const ORDER_STATUSES = ['pending_payment', 'confirmed', 'completed', 'canceled', 'payment_review'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Statuses of what an order is owed. */
export const PAYMENT_STATUSES = [
  'pending',
  'authorized',
  'paid',
  'partially_refunded',
  'refunded',
  'failed',
  'canceled',
] as const;
export type OrderPaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** Statuses of what an order delivers. */
export const FULFILLMENT_STATUSES = ['unfulfilled', 'partially_fulfilled', 'fulfilled', 'returned'] as const;
export type FulfillmentStatus = (typeof FULFILLMENT_STATUSES)[number];

/** Why an order is not shipped: somebody has to look at it first, or its hold is being let go at the bank. */
export const ORDER_HOLDS = ['fraud_warning', 'canceling'] as const;
export type OrderHold = (typeof ORDER_HOLDS)[number];

/**
 * Where an order may go from where it is. `null` is before it exists: orders with nothing to pay online begin confirmed.
 * A canceled order comes back only when its money arrived late and its goods could be had again.
 */
export const ORDER_TRANSITIONS: Readonly<Record<OrderStatus | 'null', readonly OrderStatus[]>> = {
  null: ['pending_payment', 'confirmed'],
  pending_payment: ['confirmed', 'canceled', 'payment_review'],
  payment_review: ['confirmed', 'canceled'],
  confirmed: ['completed', 'canceled'],
  completed: [],
  canceled: ['confirmed', 'payment_review'],
};

/** Whether the move is in the table. */
export function mayMove(from: OrderStatus | null, to: OrderStatus): boolean {
  return ORDER_TRANSITIONS[from ?? 'null'].includes(to);
}
