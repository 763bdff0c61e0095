import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db } from '#libs/database';
import { ProductNotFound } from './catalog.errors.js';
import { CURRENCY_SQL } from './listing-sql.js';
import { STOCK_MARK } from './listing-text.js';
import { withFullMediaUrls } from './media-url.js';

/** One letter for each variant in the order of the page: i(n stock), l(ow) or o(ut of stock). */
const STOCK_SQL = `
  (SELECT string_agg(CASE WHEN NOT v.track_inventory THEN 'i'
                          WHEN coalesce(s.free, 0) <= 0 THEN 'o'
                          WHEN v.allow_backorder THEN 'i'
                          WHEN s.free <= (SELECT low_stock_threshold FROM shop_settings) THEN 'l'
                          ELSE 'i' END, '' ORDER BY u.n)
   FROM unnest(p.variant_ids) WITH ORDINALITY AS u (id, n) JOIN variants v ON v.id = u.id
   LEFT JOIN LATERAL (SELECT sum(on_hand::bigint + backorder_limit - reserved) AS free
                      FROM stock_levels WHERE variant_id = v.id) s ON true)`;

const BY_HANDLE = `SELECT p.detail, ${STOCK_SQL} AS stock FROM product_pages p WHERE p.handle = $2 AND p.currency = ${CURRENCY_SQL}`;
const BY_ID = `SELECT p.detail, ${STOCK_SQL} AS stock FROM product_pages p WHERE p.product_id = $2 AND p.currency = ${CURRENCY_SQL}`;

const STATES: Record<string, string> = {
  i: ',"available":true,"stock":"in_stock"',
  l: ',"available":true,"stock":"low_stock"',
  o: ',"available":false,"stock":"out_of_stock"',
};

/** The page of one product: its stored text and the stock of this moment, in one statement. */
@Injectable()
export class ProductPageQuery {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * The body of the answer.
   * @param key a handle, or the uuid of the product
   * @throws ProductNotFound when it is not active or has no price in this currency
   */
  async get(currency: string | null, key: { handle: string } | { id: string }): Promise<string> {
    const [row] =
      'id' in key
        ? await this.db.query<{ detail: string; stock: string }>(BY_ID, [currency, key.id])
        : await this.db.query<{ detail: string; stock: string }>(BY_HANDLE, [currency, key.handle]);
    if (!row) throw ProductNotFound();
    return withFullMediaUrls(mergeStock(row.detail, row.stock), this.config.publicUrl);
  }
}

/** Fills the stock into the marked places of a stored page. */
export function mergeStock(detail: string, stock: string): string {
  const parts = detail.split(STOCK_MARK);
  let body = `${parts[0]},"available":${/[il]/.test(stock)}${parts[1]}`;
  for (let i = 2; i < parts.length; i += 1) body += STATES[stock[i - 2]!] + parts[i]!;
  return body;
}
