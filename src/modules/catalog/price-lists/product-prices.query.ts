import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { ProductNotFound } from '../catalog.errors.js';
import { offersSql } from './offers-sql.js';
import type { PriceContext } from '../../settings/index.js';

/** What a variant costs somebody: [amount, minQuantity, list id, name of the list], the variant's own without a list. */
export type OwnPrice = [amount: number, minQuantity: number, listId: string | null, name: string | null];

/** A variant with all prices that hold for whoever asks. */
export interface VariantPricesRow {
  variant_id: string;
  regular: number;
  lowest: number | null;
  prices: OwnPrice[];
}

const PRICES = (key: string) => `
  SELECT v.id AS variant_id, greatest(pr.amount, pr.compare_at) AS regular,
         (SELECT coalesce(h.lowest, lowest_price_30_days(v.id, pr.currency)) FROM price_history h
          WHERE h.variant_id = v.id AND h.currency = pr.currency ORDER BY h.id DESC LIMIT 1) AS lowest,
         (SELECT json_agg(json_build_array(o.amount, o.min_quantity, o.id, o.name) ORDER BY o.min_quantity, o.amount, o.id NULLS FIRST)
          FROM (SELECT pr.amount, 1 AS min_quantity, NULL::uuid AS id, NULL AS name
                UNION ALL SELECT e.amount, e.min_quantity, pl.id, pl.name
                ${offersSql({ variant: 'v.id', currency: 'pr.currency', market: '$3', customer: '$4' })}) o) AS prices
  FROM products p JOIN variants v ON v.product_id = p.id AND v.status = 'active'
  JOIN prices pr ON pr.variant_id = v.id AND pr.currency = $2
  WHERE p.${key} = $1 AND p.status = 'active' ORDER BY v.position, v.id`;
const BY_ID = PRICES('id');
const BY_HANDLE = PRICES('handle');

/** All prices of a product that hold for one shopper: for everybody, in their market, for their groups. */
@Injectable()
export class ProductPricesQuery {
  constructor(private readonly db: Db) {}

  /** @throws product_not_found when it is not active or has no price in this currency */
  async of(
    key: { handle: string } | { id: string },
    { currency, marketId }: PriceContext,
    customerId: string | null,
  ): Promise<VariantPricesRow[]> {
    const [sql, value] = 'id' in key ? [BY_ID, key.id] : [BY_HANDLE, key.handle];
    const rows = await this.db.query<VariantPricesRow>(sql, [value, currency, marketId, customerId]);
    if (rows.length === 0) throw ProductNotFound();
    return rows;
  }
}
