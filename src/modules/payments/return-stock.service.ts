import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { StockLedger } from '../inventory/index.js';
import type { LockedOrder } from '../orders/index.js';

/** The order has ended: what was held for it is free, and what had left the shelf for it comes back. Once, however often. */
@Injectable()
export class ReturnStock {
  constructor(private readonly stock: StockLedger) {}

  /** What was shipped stays sold. An order may end again after late money had opened it: each time is a return of its own. */
  async execute(
    tx: Tx,
    order: Pick<LockedOrder, 'id' | 'version' | 'fulfillment_status'>,
    actor: string,
  ): Promise<void> {
    await this.stock.release(tx, order.id);
    const lines = await tx.query<{ id: string; quantity: number }>(
      `UPDATE order_lines SET restocked_quantity = restocked_quantity + l.left_over FROM (
         SELECT o.id, o.quantity - o.restocked_quantity - o.fulfilled_quantity AS left_over FROM order_lines o
         WHERE o.order_id = $1 AND EXISTS (
           SELECT FROM stock_reservations r WHERE r.order_id = o.order_id AND r.state = 'committed'
             AND (r.order_line_id = o.id OR o.parts @> jsonb_build_array(jsonb_build_object('id', r.order_line_id))))) l
       WHERE order_lines.id = l.id AND l.left_over > 0 RETURNING order_lines.id, l.left_over AS quantity`,
      [order.id],
    );
    await this.stock.restock(
      tx,
      lines.map((l) => ({ orderLineId: l.id, quantity: l.quantity })),
      {
        reason: 'order canceled',
        actor,
        dedupeKey: `${order.fulfillment_status === 'unfulfilled' ? 'cancel' : 'rest'}:${order.id}:${order.version}`,
      },
    );
    // Should its money come after all, the goods have to be had again.
    await tx.query(
      `UPDATE stock_reservations SET state = 'released', updated_at = now() WHERE order_id = $1 AND state = 'committed'
         AND NOT EXISTS (SELECT FROM order_lines WHERE order_id = $1 AND fulfilled_quantity > 0)`,
      [order.id],
    );
  }
}
