import { Injectable } from '@nestjs/common';
import type { Queryable } from '#libs/database';
import { encodeId } from '#libs/ids';
import { formatDecimal } from '#libs/money';
import { type ExportBatch, type ExportFilter, type ExportSource, NO_ID } from './export-kinds.js';

interface PriceOfExport {
  id: string;
  name: string;
  currency: string;
  market: string | null;
  customer_group: string | null;
  active: boolean;
  starts_at: Date | null;
  ends_at: Date | null;
  variant_id: string | null;
  min_quantity: number;
  amount: number | null;
  handle: string | null;
  option_values: string[] | null;
}

const BATCH = 500;
const FROM = `price_lists pl LEFT JOIN price_list_entries e ON e.price_list_id = pl.id`;
const WHICH = `pl.deleted_at IS NULL`;

/**
 * The prices behind a place, by the primary key of their table, and the lists without prices behind it: each looks at no
 * more than it takes, however far the file is.
 */
const BATCH_SQL = `
  WITH prices AS MATERIALIZED (
    SELECT e.price_list_id, e.variant_id, e.min_quantity, e.amount
    FROM price_list_entries e JOIN price_lists pl ON pl.id = e.price_list_id AND ${WHICH}
    WHERE (e.price_list_id, e.variant_id, e.min_quantity) > ($1::uuid, $2::uuid, $3::int)
    ORDER BY e.price_list_id, e.variant_id, e.min_quantity LIMIT ${BATCH}),
  empty AS MATERIALIZED (
    SELECT pl.id, NULL::uuid, 0, NULL::bigint FROM price_lists pl
    WHERE ${WHICH} AND pl.id > $1 AND NOT EXISTS (SELECT FROM price_list_entries e WHERE e.price_list_id = pl.id)
    ORDER BY pl.id LIMIT ${BATCH}),
  batch AS (SELECT * FROM prices UNION ALL SELECT * FROM empty ORDER BY 1, 2 NULLS FIRST, 3 LIMIT ${BATCH})
  SELECT pl.id, pl.name, pl.currency, m.name AS market, g.name AS customer_group, pl.active, pl.starts_at, pl.ends_at,
    b.variant_id, b.min_quantity, b.amount, p.handle, v.option_values
  FROM batch b JOIN price_lists pl ON pl.id = b.price_list_id
    LEFT JOIN markets m ON m.id = pl.market_id LEFT JOIN customer_groups g ON g.id = pl.customer_group_id
    LEFT JOIN variants v ON v.id = b.variant_id LEFT JOIN products p ON p.id = v.product_id
  ORDER BY pl.id, b.variant_id NULLS FIRST, b.min_quantity`;

/** Price lists with their prices, one a row; a list without prices has a row of its own. */
@Injectable()
export class PriceListExport implements ExportSource {
  readonly header = [
    'Price List ID', 'Price List', 'Currency', 'Market', 'Customer Group', 'Starts At', 'Ends At', 'Active', 'Handle',
    'Option1 Value', 'Option2 Value', 'Option3 Value', 'Min Quantity', 'Price',
  ] as const; // prettier-ignore

  async count(db: Queryable): Promise<number> {
    const [row] = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${FROM} WHERE ${WHICH}`);
    return row!.n;
  }

  async batch(db: Queryable, _filter: ExportFilter, after: string | null): Promise<ExportBatch | null> {
    const from = after?.split(' ') ?? [NO_ID, NO_ID, 0];
    const prices = await db.query<PriceOfExport>(BATCH_SQL, from);
    const last = prices.at(-1);
    if (!last) return null;
    const position = [last.id, last.variant_id ?? NO_ID, last.min_quantity].join(' ');
    return { rows: prices.map(rowOf), count: prices.length, position };
  }
}

function rowOf(price: PriceOfExport): ExportBatch['rows'][number] {
  const { currency, amount, option_values: options } = price;
  const values = options?.length === 0 ? ['Default Title'] : options;
  return [
    encodeId('priceList', price.id),
    price.name,
    currency,
    price.market,
    price.customer_group,
    price.starts_at?.toISOString() ?? null,
    price.ends_at?.toISOString() ?? null,
    price.active,
    price.handle,
    ...[0, 1, 2].map((i) => values?.[i] ?? null),
    amount === null ? null : price.min_quantity,
    amount === null ? null : formatDecimal({ amount, currency }),
  ];
}
