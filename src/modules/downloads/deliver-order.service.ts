import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { AppError } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { log } from '#libs/log';
import { BoughtGiftCards } from '../credits/index.js';
import { FulfillOrder, OrdersRepository } from '../orders/index.js';
import { OrderNotDeliverable } from './downloads.errors.js';
import { DownloadsRepository } from './downloads.repository.js';

/** Gives the buyer of a paid order its files and gift cards; an order of nothing else is fulfilled by it. */
@Injectable()
export class DeliverOrder {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
    private readonly downloads: DownloadsRepository,
    private readonly giftCards: BoughtGiftCards,
    private readonly fulfillOrder: FulfillOrder,
  ) {}

  /** After the payment. Does nothing the second time. */
  async whenPaid(orderId: string): Promise<void> {
    if (!(await this.downloads.hasAny(orderId))) return;
    while (await this.give(orderId));
    await this.fulfill(orderId);
  }

  /** @returns whether there may be more to give: many gift cards are made in several transactions */
  private give(orderId: string): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      await this.orders.lockOrder(tx, orderId);
      await this.downloads.grant(tx, orderId, false);
      const hasMore = await this.giftCards.issue(tx, orderId);
      failpoint('commit.gift_cards');
      return hasMore;
    });
  }

  /**
   * By staff: all files of the order, also those that came to its variants later, with new links, and the buyer hears of it.
   * @throws order_not_deliverable
   */
  async anew(orderId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const { status, payment_status: paymentStatus } = await this.orders.lockOrder(tx, orderId);
      const given = await this.downloads.grant(tx, orderId, true);
      if (given === 0) throw OrderNotDeliverable({ data: { orderStatus: status, paymentStatus } });
    });
    await this.fulfill(orderId);
  }

  private async fulfill(orderId: string): Promise<void> {
    if (!(await this.downloads.isDelivered(orderId))) return;
    try {
      await this.fulfillOrder.execute(orderId, {}, 'system');
    } catch (error) {
      // It was canceled, held or fulfilled at this very moment: that holds.
      if (!(error instanceof AppError) || error.kind !== 'conflict') throw error;
      log.info('downloads.not_fulfilled', { orderId, code: error.code });
    }
  }
}
