import type { Parameters } from './listing-sql.js';

/** One count, as it comes from Postgres. */
export interface CountRow {
  /** `matches` is no facet: how many products were counted. */
  key: string;
  name: string;
  value: string;
  label: string;
  n: number;
}

/** Values of a facet that are shown. */
export const MAX_VALUES = 100;

/** Which facets are counted over one set of products. */
export interface FacetChoice {
  category: boolean;
  vendor: boolean;
  price: boolean;
  options: { only: string } | { except: readonly string[] } | null;
}

/** How much is looked at. */
export interface FacetLimits {
  /** Stops when there are so many. */
  most?: number;
  /** Looks at so many of the pages of the table only. */
  samplePercent?: number;
}

/** Counts over the products that fulfill the conditions, in one statement. */
export function facetsSql(
  conditions: readonly string[],
  choice: FacetChoice,
  { most, samplePercent }: FacetLimits,
  parameters: Parameters,
): string {
  const sample = samplePercent === undefined ? '' : ` TABLESAMPLE SYSTEM (${samplePercent}) REPEATABLE (1)`;
  const limit = most === undefined ? '' : ` LIMIT ${most}`;
  const parts = [`(SELECT 'matches' AS key, '' AS name, '' AS value, '' AS label, count(*)::integer AS n FROM r)`];
  if (choice.category)
    parts.push(`
    (SELECT 'category', '', c.handle, c.title, u.n
     FROM (SELECT u.id, count(*)::integer AS n FROM r CROSS JOIN unnest(r.category_ids) AS u (id) GROUP BY u.id) u
     JOIN categories c ON c.id = u.id ORDER BY u.n DESC, c.title LIMIT ${MAX_VALUES})`);
  if (choice.vendor)
    parts.push(`
    (SELECT 'vendor', '', min(r.vendor), min(r.vendor), count(*)::integer AS n
     FROM r WHERE r.vendor <> '' GROUP BY lower(r.vendor) ORDER BY n DESC, 3 LIMIT ${MAX_VALUES})`);
  if (choice.options) {
    const counted =
      'only' in choice.options
        ? `o.name = ${parameters.add(choice.options.only)}`
        : `o.name <> ALL(${parameters.add(choice.options.except)}::text[])`;
    parts.push(`
    (SELECT 'option.' || o.name, split_part(o.label, '=', 1), o.label, o.label, o.n
     FROM (SELECT split_part(u.text, '=', 1) AS name, u.text, min(u.label) AS label, count(*)::integer AS n
           FROM r CROSS JOIN LATERAL unnest(r.options, r.option_labels) AS u (text, label) GROUP BY u.text) o
     WHERE ${counted} ORDER BY o.name, o.n DESC, 3 LIMIT ${MAX_VALUES * 5})`);
  }
  if (choice.price)
    parts.push(`
    (SELECT 'price', '', b.lower::text, '', count(*)::integer AS n
     FROM r CROSS JOIN LATERAL (SELECT power(10::numeric, length(r.price_min::text) - 1)::bigint AS unit) m
     CROSS JOIN LATERAL (SELECT CASE WHEN r.price_min < 100 THEN 0 ELSE
       m.unit * CASE WHEN r.price_min >= 5 * m.unit THEN 5 WHEN r.price_min >= 2 * m.unit THEN 2 ELSE 1 END END AS lower) b
     GROUP BY b.lower ORDER BY b.lower)`);
  return `
    WITH r AS MATERIALIZED (
      SELECT l.category_ids, l.vendor, l.options, l.option_labels, l.price_min
      FROM product_listings l${sample} WHERE ${conditions.join(' AND ')}${limit})${parts.join(' UNION ALL')}`;
}

/** 100, 200, 500, 1000, …: where the band that begins at `lower` ends. */
export function bandEnd(lower: number): number {
  if (lower === 0) return 99;
  const digits = String(lower);
  const unit = 10 ** (digits.length - 1);
  return (digits.startsWith('1') ? 2 : digits.startsWith('2') ? 5 : 10) * unit - 1;
}
