import { Injectable } from '@nestjs/common';
import type { Queryable } from '#libs/database';
import { encodeId } from '#libs/ids';
import { formatDecimal } from '#libs/money';
import type { ExportBatch, ExportFilter, ExportSource } from './export-kinds.js';

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
const NOBODY = '00000000-0000-0000-0000-000000000000';

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
    const prices = await db.query<PriceOfExport>(
      `SELECT pl.id, pl.name, pl.currency, m.name AS market, g.name AS customer_group, pl.active, pl.starts_at, pl.ends_at,
         e.variant_id, coalesce(e.min_quantity, 0) AS min_quantity, e.amount, p.handle, v.option_values
       FROM ${FROM} LEFT JOIN markets m ON m.id = pl.market_id LEFT JOIN customer_groups g ON g.id = pl.customer_group_id
         LEFT JOIN variants v ON v.id = e.variant_id LEFT JOIN products p ON p.id = v.product_id
       WHERE ${WHICH} AND ($1::uuid IS NULL
         OR (pl.id, coalesce(e.variant_id, '${NOBODY}'), coalesce(e.min_quantity, 0)) > ($1::uuid, $2::uuid, $3::int))
       ORDER BY pl.id, coalesce(e.variant_id, '${NOBODY}'), coalesce(e.min_quantity, 0) LIMIT ${BATCH}`,
      after === null ? [null, null, null] : after.split(' '),
    );
    const last = prices.at(-1);
    if (!last) return null;
    const position = [last.id, last.variant_id ?? NOBODY, last.min_quantity].join(' ');
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
