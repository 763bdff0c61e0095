import type { Parameters } from './listing-sql.js';

/** One count, as it comes from Postgres. */
export interface CountRow {
  /** Of these two are no facets: `matches`, how many products were counted, and `values`, how many sums were read. */
  key: string;
  name: string;
  value: string;
  label: string;
  n: number;
}

/** Values of a facet that are shown. */
export const MAX_VALUES = 100;
/** Rows of one kind: 100 full facets, as many as a shop has attributes. Options may have any number of names. */
const MAX_ROWS = MAX_VALUES * 100;

/** Which facets are counted over one set of products: one, or all but some; by their keys, `vendor` or `option.color`. */
export type FacetChoice = { only: string } | { except: readonly string[] };

/** How much is looked at. */
export interface FacetLimits {
  /** Counts nothing but the matches when there are more. */
  most?: number;
  /** That so many have been found is told by an index, in its order; left out where the index has none. */
  order?: string;
  /** Looks at so many of the pages of the table only. */
  samplePercent?: number;
}

/** Whether a facet that every shop has is counted. */
export const isChosen = (choice: FacetChoice, key: string) =>
  'only' in choice ? choice.only === key : !choice.except.includes(key);

/** SQL that is true for the names of options, or keys of attributes, that are chosen; null: none is. */
export function chosenNames(
  choice: FacetChoice,
  kind: 'option.' | 'attribute.',
  name: string,
  parameters: Parameters,
): string | null {
  const named = (keys: readonly string[]) =>
    keys.flatMap((key) => (key.startsWith(kind) ? [key.slice(kind.length)] : []));
  if ('except' in choice) {
    const others = named(choice.except);
    return others.length === 0 ? 'TRUE' : `${name} <> ALL(${parameters.add(others)}::text[])`;
  }
  const [only] = named([choice.only]);
  return only === undefined ? null : `${name} = ${parameters.add(only)}`;
}

const byText = (key: string, column: string) => `
    (SELECT '${key}', '', min(r.${column}), min(r.${column}), count(*)::integer AS n
     FROM r WHERE r.${column} <> '' GROUP BY lower(r.${column}) ORDER BY n DESC, 3 LIMIT ${MAX_VALUES})`;

/**
 * SQL: of each option, or attribute, the values that most products have; how many others have does not matter.
 * @param rows SQL with the columns `key`, `name`, `label` and `n`
 * @param order columns of it: one facet after the other
 */
export const mostCommon = (kind: 'option' | 'attribute', rows: string, order: string) => `
    (SELECT '${kind}.' || v.key AS key, v.name, v.label AS value, v.label, v.n
     FROM (SELECT v.*, row_number() OVER (PARTITION BY ${order} ORDER BY v.n DESC, v.label) AS place FROM (${rows}) v) v
     WHERE v.place <= ${MAX_VALUES} ORDER BY ${order}, v.n DESC, v.label LIMIT ${MAX_ROWS})`;

/** Counts over the products that fulfill the conditions, in one statement. */
export function facetsSql(
  conditions: readonly string[],
  choice: FacetChoice,
  { most, order, samplePercent }: FacetLimits,
  parameters: Parameters,
): string {
  const sample = samplePercent === undefined ? '' : ` TABLESAMPLE SYSTEM (${samplePercent}) REPEATABLE (1)`;
  const limit = most === undefined ? '' : `${order === undefined ? '' : ` ORDER BY ${order}`} LIMIT ${most + 1}`;
  const parts = [`(SELECT 'matches' AS key, '' AS name, '' AS value, '' AS label, n FROM m)`];
  if (isChosen(choice, 'category'))
    parts.push(`
    (SELECT 'category', '', c.handle, c.title, u.n
     FROM (SELECT u.id, count(*)::integer AS n FROM r CROSS JOIN unnest(r.category_ids) AS u (id) GROUP BY u.id) u
     JOIN categories c ON c.id = u.id ORDER BY u.n DESC, c.title LIMIT ${MAX_VALUES})`);
  if (isChosen(choice, 'vendor')) parts.push(byText('vendor', 'vendor'));
  if (isChosen(choice, 'productType')) parts.push(byText('productType', 'product_type'));
  const options = chosenNames(choice, 'option.', 'o.name', parameters);
  if (options !== null)
    parts.push(
      mostCommon(
        'option',
        `SELECT o.name AS key, split_part(o.label, '=', 1) AS name, o.label, o.n
         FROM (SELECT split_part(u.text, '=', 1) AS name, min(u.label) AS label, count(*)::integer AS n
               FROM r CROSS JOIN LATERAL unnest(r.options, r.option_labels) AS u (text, label) GROUP BY u.text) o
         WHERE ${options}`,
        'v.key',
      ),
    );
  const attributes = chosenNames(choice, 'attribute.', 'd.key', parameters);
  if (attributes !== null)
    parts.push(
      mostCommon(
        'attribute',
        `SELECT d.position, d.key, d.label AS name, min(u.label) AS label, count(*)::integer AS n
         FROM r CROSS JOIN LATERAL unnest(r.attributes, r.attribute_labels) AS u (text, label)
         JOIN attribute_definitions d ON d.key = split_part(u.text, '=', 1) AND d.facetable AND d.deleted_at IS NULL
         WHERE EXISTS (SELECT FROM attribute_definitions WHERE facetable) AND ${attributes} GROUP BY d.id, u.text`,
        'v.position, v.key',
      ),
    );
  if (isChosen(choice, 'price'))
    parts.push(`
    (SELECT 'price', '', b.lower, '', b.n
     FROM (SELECT price_band(r.price_min) AS lower, count(*)::integer AS n FROM r GROUP BY 1) b ORDER BY b.lower::bigint)`);
  return `
    WITH found AS MATERIALIZED (
      SELECT l.category_ids, l.vendor, l.product_type, l.options, l.option_labels, l.attributes, l.attribute_labels, l.price_min
      FROM product_listings l${sample} WHERE ${conditions.join(' AND ')}${limit}),
    m AS MATERIALIZED (SELECT count(*)::integer AS n FROM found),
    r AS NOT MATERIALIZED (SELECT * FROM found${most === undefined ? '' : ` WHERE (SELECT n FROM m) <= ${most}`})
    ${parts.join(' UNION ALL')}`;
}

/** 100, 200, 500, 1000, …: where the band that begins at `lower` ends. */
export function bandEnd(lower: number): number {
  if (lower === 0) return 99;
  const digits = String(lower);
  const unit = 10 ** (digits.length - 1);
  return (digits.startsWith('1') ? 2 : digits.startsWith('2') ? 5 : 10) * unit - 1;
}
