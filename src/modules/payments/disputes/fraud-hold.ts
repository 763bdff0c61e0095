import type { Tx } from '#libs/database';

/** Whether a warning of fraud holds an order, which nobody has released since, whatever else holds it; its row is locked. */
export async function isHeldForFraud(tx: Tx, orderId: string): Promise<boolean> {
  const [last] = await tx.query<{ type: string }>(
    `SELECT type FROM order_events WHERE order_id = $1
       AND (type = 'order.hold_released' OR (type = 'order.fraud_warning' AND data @> '{"isHeld": true}'))
     ORDER BY id DESC LIMIT 1`,
    [orderId],
  );
  return last?.type === 'order.fraud_warning';
}
