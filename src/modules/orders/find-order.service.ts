import { Injectable } from '@nestjs/common';
import { Db, type Queryable } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { announce } from '#libs/outbox';
import { AccountLinks, LoginThrottle } from '../auth/index.js';
import { OrderLookedUp } from './order.events.js';

/** Lets guests who have lost the token of their cart back to their order, by a link that goes to the address of the order. */
@Injectable()
export class FindOrder {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly links: AccountLinks,
  ) {}

  /**
   * Takes down that somebody looks for an order. The same happens whether there is one or not: the mail's job looks. It is five
   * times an hour for a number and an address together: wrong numbers keep nobody from their order. How many mails an address is
   * sent, the job minds, so that no answer tells of them.
   * @throws rate_limited
   */
  async request(number: string, email: string, address: string): Promise<void> {
    await this.throttle.admitMail(`find_order ${BigInt(number)}`, email, address);
    await this.db.transaction(async (tx) => {
      const linkId = await this.links.create(tx, { purpose: 'find_order', email, profile: { number } });
      announce(tx, {
        definition: OrderLookedUp,
        aggregateType: 'account_link',
        aggregateId: linkId,
        payload: { linkId },
      });
      failpoint('commit.order_looked_up');
    });
  }

  /** Whether a token is that of a link to this order, which still is a guest's and has the address that the link went to. */
  async opens(token: string, orderId: string, db: Queryable = this.db): Promise<boolean> {
    const link = await this.links.find(db, token, ['find_order']);
    if (!link) return false;
    const found = await db.query(
      `SELECT 1 FROM orders WHERE id = $1 AND number = $2 AND lower(email) = lower($3) AND customer_id IS NULL`,
      [orderId, link.profile.number, link.email],
    );
    return found.length > 0;
  }
}
