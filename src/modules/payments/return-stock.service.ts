import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { StockLedger } from '../inventory/index.js';

/** The order has ended: what was held for it is free, and what had left the shelf for it comes back. Once, however often. */
@Injectable()
export class ReturnStock {
  constructor(private readonly stock: StockLedger) {}

  /** Call it with the order locked, and nothing of it shipped. */
  async execute(tx: Tx, orderId: string, actor: string): Promise<void> {
    await this.stock.release(tx, orderId);
    const lines = await tx.query<{ id: string; quantity: number }>(
      `UPDATE order_lines SET restocked_quantity = quantity FROM (
         SELECT id, quantity - restocked_quantity AS left_over FROM order_lines WHERE order_id = $1 AND stock_tracked) l
       WHERE order_lines.id = l.id AND l.left_over > 0 RETURNING order_lines.id, l.left_over AS quantity`,
      [orderId],
    );
    await this.stock.restock(
      tx,
      lines.map((l) => ({ orderLineId: l.id, quantity: l.quantity })),
      { reason: 'order canceled', actor, dedupeKey: `cancel:${orderId}` },
    );
  }
}
