/** Tries to pay one order, on the server and in browsers: nobody has more cards, except who tests stolen ones. */
export const MAX_TRIES = 20;

/** Whether an order was paid, by a payment or with credit, whatever went back since. */
export const hasBeenPaid = (order: { payment_status: string }): boolean =>
  ['paid', 'partially_refunded', 'refunded'].includes(order.payment_status);

/** Why an order ends, and who ends it. */
export interface Cancellation {
  reason: 'customer' | 'staff' | 'expired' | 'too_many_attempts';
  actor: string;
  note?: string;
}

/** Whether somebody wants the order to end: not so when its time is over, which a card that is held in time speaks against. */
export const isWish = ({ reason }: Cancellation): boolean => reason === 'customer' || reason === 'staff';
