import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { OrdersRepository } from '../../orders/index.js';

/** Staff have looked at an order that was held back: it may be shipped. Releasing what is not held changes nothing. */
@Injectable()
export class ReleaseHold {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
  ) {}

  /** @throws `not_found` */
  async execute(orderId: string, actor: string, note?: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      if (order.hold === null) return;
      await this.orders.change(
        tx,
        order,
        { hold: null },
        { type: 'order.hold_released', actor, data: { hold: order.hold, ...(note ? { note } : {}) } },
      );
    });
  }
}
