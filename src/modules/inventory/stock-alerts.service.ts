import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { newUuid } from '#libs/ids';
import { SELLABLE_SQL } from '../catalog/index.js';
import { VariantAvailable } from './inventory.errors.js';

/** How many variants the address of an account can wait for. More are not written down, and nobody is told. */
const MAX_WAITING = 100;
/**
 * How many another address can. It is not asked first whether it wants to: that question would be a mail to somebody who
 * may not have asked, at once and at the wish of whoever types an address; this way there is one when goods are back, if ever.
 */
const MAX_WAITING_UNKNOWN = 10;

const SAVE_ALERT = `
  INSERT INTO stock_alerts (id, variant_id, email, customer_id)
  SELECT $1, $2, $3, c.id
  FROM (SELECT) x LEFT JOIN customers c ON lower(c.email) = lower($3) AND c.deleted_at IS NULL
  WHERE (SELECT count(*) FROM stock_alerts WHERE lower(email) = lower($3) AND notified_at IS NULL)
    < CASE WHEN c.id IS NULL THEN ${MAX_WAITING_UNKNOWN} ELSE ${MAX_WAITING} END
  ON CONFLICT (variant_id, lower(email)) WHERE notified_at IS NULL DO NOTHING`;

/** Writes down who waits for what is sold out. They get one mail when it can be bought again. */
@Injectable()
export class StockAlerts {
  constructor(private readonly db: Db) {}

  /** @throws not_found for a variant that is not for sale, variant_available when there is no need to wait */
  async add(variantId: string, email: string): Promise<void> {
    const [variant] = await this.db.query<{ available: boolean }>(
      `SELECT ${SELLABLE_SQL} AS available FROM variants v JOIN products p ON p.id = v.product_id
       WHERE v.id = $1 AND v.status = 'active' AND p.status = 'active'`,
      [variantId],
    );
    if (!variant) throw NotFound({ detail: 'There is no such variant for sale.' });
    if (variant.available) throw VariantAvailable();
    await this.db.query(SAVE_ALERT, [newUuid(), variantId, email.trim()]);
  }
}
