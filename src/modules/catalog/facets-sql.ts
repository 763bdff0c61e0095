import { CURRENCY_SQL, type Parameters } from './listing-sql.js';

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

/** Where products are looked at: in their listings for a search, else in the short rows of a table made for it. */
export type FacetTable = 'product_listings' | 'product_facets';

/** A part of the table, drawn by chance, but always the same one. */
export interface Sample {
  /** Of the pages of the table: whole pages are soon read. */
  percent: number;
  /** Of 1,024 rows of these pages, so many are looked at. */
  of1024: number;
}

/** What is looked at, and how much of it. */
export interface FacetScope {
  table: FacetTable;
  conditions: readonly string[];
  /** Whether these say that products can be bought: then values are written as those products write them. */
  inStock: boolean;
  /** Counts nothing but the matches when there are more. */
  most?: number;
  /** That so many have been found is told by an index, in its order; left out where the index has none. */
  order?: string;
  sample?: Sample;
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

/** SQL: how the value `v.text` is written by most products of the shop: the short rows do not say it again. */
const labelOf = (kind: 'vendor' | 'productType' | 'option' | 'attribute', inStock: boolean) => `coalesce((
       SELECT f.label FROM facet_counts f WHERE f.currency = ${CURRENCY_SQL} AND f.kind = '${kind}' AND f.text = v.text
       GROUP BY f.label HAVING sum(${inStock ? 'f.available' : 'f.listed'}) > 0 ORDER BY sum(${inStock ? 'f.available' : 'f.listed'}) DESC, f.label LIMIT 1), v.text)`;

const byText = (key: 'vendor' | 'productType', column: string, inStock: boolean) => `
    (SELECT '${key}', '', l.label, l.label, v.n
     FROM (SELECT lower(r.${column}) AS text, count(*)::integer AS n FROM r WHERE r.${column} <> '' GROUP BY 1 ORDER BY n DESC, 1 LIMIT ${MAX_VALUES}) v
     CROSS JOIN LATERAL (SELECT ${labelOf(key, inStock)} AS label OFFSET 0) l ORDER BY v.n DESC, v.text)`;

/**
 * SQL: of each option, or attribute, the values that most products have; how many others have does not matter.
 * @param rows SQL with the columns `text`, `n` and, for the order, what names the option or attribute
 * @param order columns of it: one facet after the other
 * @param label SQL of how the value `v.text` is written
 * @param name SQL of how the option or attribute is written, of `v` and `l.label`
 */
export const mostCommon = (kind: 'option' | 'attribute', rows: string, order: string, label: string, name: string) => `
    (SELECT '${kind}.' || v.key AS key, ${name} AS name, l.label AS value, l.label, v.n
     FROM (SELECT v.*
           FROM (SELECT v.*, row_number() OVER (PARTITION BY ${order} ORDER BY v.n DESC, v.text) AS place FROM (${rows}) v) v
           WHERE v.place <= ${MAX_VALUES} ORDER BY ${order}, v.n DESC, v.text LIMIT ${MAX_ROWS}) v
     CROSS JOIN LATERAL (SELECT ${label} AS label OFFSET 0) l ORDER BY ${order}, v.n DESC, v.text)`;

/** SQL: the name of an option, of one of its values: `Color=Red`. */
export const OPTION_NAME_SQL = `split_part(l.label, '=', 1)`;

/** Counts over the products that fulfill the conditions, in one statement. */
export function facetsSql(
  { table, conditions, inStock, most, order, sample }: FacetScope,
  choice: FacetChoice,
  parameters: Parameters,
): string {
  const parts = [`(SELECT 'matches' AS key, '' AS name, '' AS value, '' AS label, n FROM m)`];
  const columns: string[] = [];
  if (isChosen(choice, 'category')) {
    columns.push('category_ids');
    parts.push(`
    (SELECT 'category', '', c.handle, c.title, u.n
     FROM (SELECT u.id, count(*)::integer AS n FROM r CROSS JOIN unnest(r.category_ids) AS u (id) GROUP BY u.id) u
     JOIN categories c ON c.id = u.id ORDER BY u.n DESC, c.title LIMIT ${MAX_VALUES})`);
  }
  if (isChosen(choice, 'vendor')) {
    columns.push('vendor');
    parts.push(byText('vendor', 'vendor', inStock));
  }
  if (isChosen(choice, 'productType')) {
    columns.push('product_type');
    parts.push(byText('productType', 'product_type', inStock));
  }
  const options = chosenNames(choice, 'option.', 'o.key', parameters);
  if (options !== null) {
    columns.push('options');
    const rows = `SELECT o.* FROM (SELECT split_part(u.text, '=', 1) AS key, u.text, count(*)::integer AS n
               FROM r CROSS JOIN unnest(r.options) AS u (text) GROUP BY u.text) o WHERE ${options}`;
    parts.push(mostCommon('option', rows, 'v.key', labelOf('option', inStock), OPTION_NAME_SQL));
  }
  const attributes = chosenNames(choice, 'attribute.', 'd.key', parameters);
  if (attributes !== null) {
    columns.push('attributes');
    const rows = `SELECT d.position, d.key, d.label AS name, u.text, count(*)::integer AS n
         FROM r CROSS JOIN unnest(r.attributes) AS u (text)
         JOIN attribute_definitions d ON d.key = split_part(u.text, '=', 1) AND d.facetable AND d.deleted_at IS NULL
         WHERE EXISTS (SELECT FROM attribute_definitions WHERE facetable) AND ${attributes} GROUP BY d.id, u.text`;
    parts.push(mostCommon('attribute', rows, 'v.position, v.key', labelOf('attribute', inStock), 'v.name'));
  }
  if (isChosen(choice, 'price')) {
    columns.push('price_min');
    parts.push(`
    (SELECT 'price', '', b.lower, '', b.n
     FROM (SELECT price_band(r.price_min) AS lower, count(*)::integer AS n FROM r GROUP BY 1) b ORDER BY b.lower::bigint)`);
  }
  const limit = most === undefined ? '' : `${order === undefined ? '' : ` ORDER BY ${order}`} LIMIT ${most + 1}`;
  return `
    WITH found AS MATERIALIZED (
      SELECT ${columns.map((column) => `l.${column}`).join(', ')} FROM ${table} l${drawn(sample)}
      WHERE ${[...conditions, ...thinned(sample)].join(' AND ')}${limit}),
    m AS MATERIALIZED (SELECT count(*)::integer AS n FROM found),
    r AS NOT MATERIALIZED (SELECT * FROM found${most === undefined ? '' : ` WHERE (SELECT n FROM m) <= ${most}`})
    ${parts.join(' UNION ALL')}`;
}

const drawn = (sample?: Sample) => (sample ? ` TABLESAMPLE SYSTEM (${sample.percent}) REPEATABLE (1)` : '');
const thinned = (sample?: Sample) =>
  sample && sample.of1024 < 1024 ? [`(uuid_hash(l.product_id) & 1023) < ${sample.of1024}`] : [];

/** 100, 200, 500, 1000, …: where the band that begins at `lower` ends. */
export function bandEnd(lower: number): number {
  if (lower === 0) return 99;
  const digits = String(lower);
  const unit = 10 ** (digits.length - 1);
  return (digits.startsWith('1') ? 2 : digits.startsWith('2') ? 5 : 10) * unit - 1;
}
