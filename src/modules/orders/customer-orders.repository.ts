import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { encodeId } from '#libs/ids';

/** Stands where the e-mail address of somebody who is gone was. */
const NOBODY = 'deleted@customer.invalid';

/** Gives orders to the accounts of their buyers, and takes the buyer out of them. */
@Injectable()
export class CustomerOrders {
  /**
   * Orders that were placed as a guest with an address that is known to be the customer's become theirs. The index finds them;
   * only capitals of ASCII may differ, so that no other letter is taken for one. @returns how many
   */
  async claim(db: Queryable, customerId: string, email: string): Promise<number> {
    const claimed = await db.query(
      `UPDATE orders SET customer_id = $1 WHERE lower(email) = lower($2) AND lower(email COLLATE "C") = lower($2::text COLLATE "C") AND customer_id IS NULL
       RETURNING 1`,
      [customerId, email],
    );
    return claimed.length;
  }

  /** `ord_…` of the orders that still need an address: unpaid, to be shipped, or under review. */
  async underWay(tx: Tx, customerId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM orders WHERE customer_id = $1 AND status NOT IN ('completed', 'canceled') ORDER BY id`,
      [customerId],
    );
    return rows.map((row) => encodeId('order', row.id));
  }

  /** Takes the person out of their orders and the carts behind them. Amounts, goods and the country for taxes stay. */
  async anonymize(tx: Tx, customerId: string): Promise<void> {
    const place = (column: string) =>
      `CASE WHEN ${column} IS NOT NULL THEN jsonb_build_object('firstName', '', 'lastName', '', 'line1', '', 'city', '',
         'postalCode', '', 'state', ${column} -> 'state', 'country', ${column} -> 'country') END`;
    const set = `shipping_address = ${place('shipping_address')}, billing_address = ${place('billing_address')}, updated_at = now()`;
    await tx.query(`UPDATE orders SET email = '${NOBODY}', ${set}, version = version + 1 WHERE customer_id = $1`, [
      customerId,
    ]);
    // Somebody else may be counted by the same key: they order with the same address as a guest.
    const used = `SELECT u.promotion_id, k.key, count(*) FILTER (WHERE u.released_at IS NULL) AS n
       FROM promotion_uses u JOIN orders o ON o.id = u.order_id CROSS JOIN unnest(u.customer_keys) AS k (key)
       WHERE o.customer_id = $1 GROUP BY 1, 2`;
    await tx.query(
      `UPDATE promotion_customers p SET uses = greatest(p.uses - d.n, 0) FROM (${used}) d
       WHERE p.promotion_id = d.promotion_id AND p.key = d.key`,
      [customerId],
    );
    await tx.query(
      `DELETE FROM promotion_customers p USING (${used}) d
       WHERE p.promotion_id = d.promotion_id AND p.key = d.key AND p.uses = 0`,
      [customerId],
    );
    await tx.query(
      `UPDATE promotion_uses SET customer_keys = '{}' WHERE order_id IN (SELECT id FROM orders WHERE customer_id = $1)`,
      [customerId],
    );
    await tx.query(`DELETE FROM carts WHERE customer_id = $1 AND status = 'open'`, [customerId]);
    // Whom they gave gift cards to.
    await tx.query(
      `UPDATE cart_lines SET recipient_email = NULL WHERE recipient_email IS NOT NULL
         AND cart_id IN (SELECT cart_id FROM orders WHERE customer_id = $1)`,
      [customerId],
    );
    await tx.query(
      `UPDATE carts SET email = NULL, ${set}, version = version + 1
       WHERE id IN (SELECT cart_id FROM orders WHERE customer_id = $1)`,
      [customerId],
    );
  }
}
