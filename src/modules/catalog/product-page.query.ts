import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db } from '#libs/database';
import type { PriceContext } from '../settings/index.js';
import { ProductNotFound } from './catalog.errors.js';
import { CURRENCY_SQL } from './listing-sql.js';
import { STOCK_MARKS } from './listing-text.js';
import { withFullMediaUrls } from './media-url.js';
import type { Language } from './translations/content-languages.js';

/** Stands for a bundle of which no part is counted. */
const PLENTY = 1_000_000_000;

/**
 * `2:5,3:0`: what can be sold of the second and third variant of the page; one entry for each location. Of bundles, which
 * have no stock of their own, how many can be made.
 */
const STOCK_SQL = `
  CASE WHEN p.has_bundles THEN
    (SELECT string_agg(u.place || ':' || CASE WHEN v.is_bundle THEN coalesce(bundle_available(v.id), ${PLENTY}) ELSE coalesce((
       SELECT sum(s.on_hand::bigint + s.backorder_limit - s.reserved) FROM stock_levels s WHERE s.variant_id = v.id), 0) END, ',')
     FROM unnest(p.variant_ids) WITH ORDINALITY AS u (id, place) JOIN variants v ON v.id = u.id)
  ELSE
    (SELECT string_agg(array_position(p.variant_ids, s.variant_id) || ':' || (s.on_hand::bigint + s.backorder_limit - s.reserved), ',')
     FROM stock_levels s WHERE s.variant_id = ANY(p.variant_ids))
  END`;
const selectOf = (
  detail: string,
) => `SELECT ${detail}, ${STOCK_SQL} AS stock, shop.low_stock_threshold AS low, shop.prices_include_tax AS tax_included
  FROM product_pages p CROSS JOIN shop_settings shop`;
const byKey = (select: string) => ({
  handle: `${select} WHERE p.handle = $2 AND p.currency = ${CURRENCY_SQL}`,
  id: `${select} WHERE p.product_id = $2 AND p.currency = ${CURRENCY_SQL}`,
});
const ORIGINAL = byKey(selectOf('p.detail'));
/** `$3`: languages, the dearest first. */
const TRANSLATED = byKey(
  selectOf(`coalesce(p.details ->> t.locale, p.detail) AS detail, t.locale`).concat(
    ` LEFT JOIN LATERAL (SELECT w.locale FROM unnest($3::text[]) WITH ORDINALITY AS w (locale, n)
        WHERE p.details ? w.locale ORDER BY w.n LIMIT 1) t ON true`,
  ),
);

interface PageRow {
  detail: string;
  /** null or left out: that of the catalog. */
  locale?: string | null;
  stock: string | null;
  low: number;
  tax_included: boolean;
}

/** The page of one product: its stored text and the stock of this moment, in one statement. */
@Injectable()
export class ProductPageQuery {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * The body of the answer.
   * @param context null for the market of the shop's settings
   * @param key a handle, or the uuid of the product
   * @returns the body and its language
   * @throws ProductNotFound when it is not active or has no price in this currency
   */
  async get(
    context: PriceContext | null,
    key: { handle: string } | { id: string },
    { locales, original }: Language,
  ): Promise<{ body: string; language: string }> {
    const currency = context?.currency ?? null;
    const statements = locales.length === 0 ? ORIGINAL : TRANSLATED;
    const [row] = await this.db.quick.query<PageRow>('id' in key ? statements.id : statements.handle, [
      currency,
      'id' in key ? key.id : key.handle,
      ...(locales.length === 0 ? [] : [locales]),
    ]);
    if (!row) throw ProductNotFound();
    const taxIncluded = context?.taxIncluded ?? row.tax_included;
    const body = withFullMediaUrls(mergeStock(row.detail, row.stock, row.low, taxIncluded), this.config.publicUrl);
    return { body, language: row.locale ?? original };
  }
}

const IN_STOCK = ',"available":true,"stock":"in_stock"';
const LOW_STOCK = ',"available":true,"stock":"low_stock"';
const OUT_OF_STOCK = ',"available":false,"stock":"out_of_stock"';
const ANY_MARK = new RegExp(`([${Object.values(STOCK_MARKS).join('')}])`);

/**
 * Fills the stock, and whether the prices contain the tax, into the marked places of a stored page.
 * @param stock what can be sold, as STOCK_SQL writes it
 * @param low at and below this many the stock is low
 */
export function mergeStock(detail: string, stock: string | null, low: number, taxIncluded = false): string {
  // Text, mark, text, mark, …, text: the first mark is the product's.
  const parts = detail.split(ANY_MARK);
  const free = sumsOf(stock);
  const states: string[] = [];
  for (let i = 3; i < parts.length; i += 2) states.push(stateOf(parts[i]!, free.get(states.length + 1) ?? 0, low));
  const isAvailable = states.some((state) => state !== OUT_OF_STOCK);
  let body = `${parts[0]},"available":${isAvailable},"taxIncluded":${taxIncluded}${parts[2]}`;
  states.forEach((state, i) => (body += state + parts[2 * i + 4]!));
  return body;
}

function sumsOf(stock: string | null): Map<number, number> {
  const sums = new Map<number, number>();
  if (stock === null) return sums;
  for (const entry of stock.split(',')) {
    const colon = entry.indexOf(':');
    const place = Number(entry.slice(0, colon));
    sums.set(place, (sums.get(place) ?? 0) + Number(entry.slice(colon + 1)));
  }
  return sums;
}

function stateOf(mark: string, free: number, low: number): string {
  if (mark === STOCK_MARKS.uncounted) return IN_STOCK;
  if (free <= 0) return OUT_OF_STOCK;
  return mark === STOCK_MARKS.backorder || free > low ? IN_STOCK : LOW_STOCK;
}
