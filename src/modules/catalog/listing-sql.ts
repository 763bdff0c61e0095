import type { KeysetColumn } from '#libs/database';
import type { AttributeFilter, ProductFilter, SortBy } from './product-filter.js';

/** SQL: the currency of the answer, `$1` or else the shop's own. */
export const CURRENCY_SQL = `coalesce($1::bpchar, (SELECT currency FROM shop_settings))`;

/** How search words are matched: as typed, with typos corrected, or by likeness of the title. */
export type SearchMode = 'plain' | 'corrected' | 'alike';

/** A search that is ready for SQL. */
export interface Search {
  mode: SearchMode;
  /** A tsquery, or for `alike` the folded text. */
  text: string;
}

/** Product names, makers, kinds, numbers, tags and values of options: all texts but the descriptions. An index is on it. */
export const NAMED_SQL = `ts_filter(l.search, '{a,b,c}')`;

/** What is found by its names ranks above everything that is found by its description only. */
const NAMED = 1_000_000_000;

/** One filter of a shopper: facets count each with all the others applied. */
export interface Dimension {
  key: string;
  sql: string;
  /** The same asked of each row that is there anyway; left out where it is not asked otherwise. */
  rowSql?: string;
  /** The same where nothing else is asked: found by its index, always. Left out where it is so anyway. */
  aloneSql?: string;
  /** The order in which an index of `product_facets` has what fulfills it; left out where the index that finds it has none. */
  order?: string;
  /** Whether many products fulfill it; left out where Postgres knows how many. */
  isLargeSql?: string;
}

/** Collects `$n` parameters. */
export class Parameters {
  readonly values: unknown[];

  constructor(values: readonly unknown[] = []) {
    this.values = [...values];
  }

  /** Returns the placeholder of a value. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** SQL of a set of rows and of their rank in it. */
interface Base {
  sql: string[];
  rankSql: string;
}

/**
 * What every row must fulfill, whichever facet is counted: currency, search, stock. A search by words says too how to read
 * only those that are found by their names, with the same ranks.
 */
export function baseConditions(
  parameters: Parameters,
  currency: string | null,
  filter: ProductFilter,
  search?: Search,
): Base & { named?: Base } {
  parameters.add(currency);
  const rest = filter.inStock ? ['l.available'] : [];
  const always = `l.currency = ${CURRENCY_SQL}`;
  if (!search) return { sql: [always, ...rest], rankSql: '0' };
  const text = parameters.add(search.text);
  if (search.mode === 'alike')
    return {
      sql: [always, `l.sort_title %> ${text}::text`, ...rest],
      rankSql: `(1000000 * word_similarity(${text}::text, l.sort_title))::integer`,
    };
  // As a sub-select the text is parsed once, not for each row.
  const query = `(SELECT to_tsquery('emporium', ${text}))`;
  const base = (found: string, tier: string): Base => ({
    sql: [always, `${found} @@ ${query}`, ...rest],
    rankSql: `(${tier} + least(1000000 * ts_rank_cd(l.search, ${query}), ${NAMED - 1})::integer)`,
  });
  return {
    ...base('l.search', `CASE WHEN ${NAMED_SQL} @@ ${query} THEN ${NAMED} ELSE 0 END`),
    named: base(NAMED_SQL, String(NAMED)),
  };
}

/**
 * The filters that facets are counted for.
 * @param isHidden values of options and attributes as sub-selects: Postgres does not know then how common they are, and finds
 *   them by their index, always. Lists let it choose: the first of what is common are soon found in the order of the list
 */
export function dimensions(parameters: Parameters, filter: ProductFilter, isHidden = false): Dimension[] {
  const list: Dimension[] = [];
  const texts = (values: readonly string[]) => {
    const sql = `${parameters.add(values)}::text[]`;
    return isHidden ? `(SELECT ${sql})` : sql;
  };
  const { handles, ids } = filter.categories;
  if (handles.length > 0 || ids.length > 0) {
    const wanted =
      handles.length > 0
        ? `ARRAY(SELECT id FROM categories WHERE handle = ANY(${parameters.add(handles)}::text[])) || ${parameters.add(ids)}::uuid[]`
        : `${parameters.add(ids)}::uuid[]`;
    list.push({ key: 'category', sql: `l.category_ids && (${wanted})`, isLargeSql: isLarge('category', wanted) });
  }
  const { collections } = filter;
  if (collections.handles.length > 0 || collections.ids.length > 0) {
    const found = `FROM collections WHERE (handle = ANY(${parameters.add(collections.handles)}::text[])
      OR id = ANY(${parameters.add(collections.ids)}::uuid[])) AND status = 'active'`;
    const sql = `l.collection_ids && ARRAY(SELECT id ${found})
      AND (l.available OR l.collection_ids && ARRAY(SELECT id ${found} AND NOT only_available))`;
    list.push({ key: 'collection', sql, isLargeSql: isLarge('collection', `ARRAY(SELECT id ${found})`) });
  }
  if (filter.vendors.length > 0) list.push({ key: 'vendor', ...anyOf('lower(l.vendor)', filter.vendors, parameters) });
  if (filter.types.length > 0)
    list.push({ key: 'productType', ...anyOf('lower(l.product_type)', filter.types, parameters) });
  for (const option of filter.options) {
    list.push({ key: `option.${option.name}`, sql: `l.options && ${texts(option.wanted)}` });
  }
  for (const attribute of filter.attributes)
    list.push({ key: `attribute.${attribute.key}`, ...attributeSql(attribute, parameters, texts) });
  const price: string[] = [];
  if (filter.priceGte !== undefined) price.push(`l.price_min >= ${parameters.add(filter.priceGte)}::bigint`);
  if (filter.priceLte !== undefined) price.push(`l.price_min <= ${parameters.add(filter.priceLte)}::bigint`);
  if (price.length > 0) list.push({ key: 'price', sql: price.join(' AND '), order: 'l.price_min, l.product_id' });
  return list;
}

/** Fewer products than these are soon read and sorted. */
const LARGE = 2_000;

/** From the summary, about: which ids are meant, Postgres finds out only while it runs. */
const isLarge = (kind: 'category' | 'collection', ids: string) =>
  `(SELECT coalesce(sum(f.listed), 0) > ${LARGE} FROM facet_counts f
    WHERE f.currency = ${CURRENCY_SQL} AND f.kind = '${kind}' AND f.text = ANY(ARRAY(SELECT u::text FROM unnest(${ids}) AS u)) AND f.folded)`;

/** One value has a text of its own, for which an index is walked in the order of the list. */
function anyOf(column: string, values: readonly string[], parameters: Parameters): Omit<Dimension, 'key'> {
  const sql =
    values.length === 1
      ? `${column} = ${parameters.add(values[0])}`
      : `${column} = ANY(${parameters.add(values)}::text[])`;
  return { sql, order: `${column}, l.product_id` };
}

function attributeSql(
  { key, wanted, gte, lte }: AttributeFilter,
  parameters: Parameters,
  texts: (values: readonly string[]) => string,
): Omit<Dimension, 'key'> {
  // Postgres does not see that such a range has nothing in it.
  if (gte !== undefined && lte !== undefined && gte > lte) return { sql: 'FALSE' };
  const values = wanted.length > 0 ? `l.attributes && ${texts(wanted)}` : null;
  if (gte === undefined && lte === undefined) return { sql: values! };
  const name = parameters.add(key);
  const term = (bound: number) => `number_term(${name}, ${parameters.add(bound)}::numeric)`;
  const range = `n.term BETWEEN ${term(gte ?? -Infinity)} AND ${term(lte ?? Infinity)}`;
  const found = `SELECT n.product_id FROM product_numbers n WHERE ${range}`;
  const sql = `l.product_id IN (${found})`;
  // OFFSET 0: looked up row by row. Beside other filters Postgres may expect hardly a row, and read the whole range for each.
  const rowSql = `EXISTS (SELECT FROM product_numbers n WHERE n.product_id = l.product_id AND ${range} OFFSET 0)`;
  if (values !== null) return { sql: `${values} AND ${sql}`, rowSql: `${values} AND ${rowSql}` };
  // In order, or Postgres reads all numbers for a range that is large; as an array, or it joins that to the whole table.
  const aloneSql = `l.product_id = ANY(ARRAY(${found} ORDER BY n.term))`;
  return { sql, rowSql, aloneSql, order: 'l.product_id' };
}

const COLUMNS: Record<Exclude<SortBy['key'], 'relevance' | 'position'>, Pick<KeysetColumn, 'sql' | 'type'>> = {
  price: { sql: 'l.price_min', type: 'bigint' },
  title: { sql: 'l.sort_title', type: 'text' },
  createdAt: { sql: 'l.created_at', type: 'timestamptz' },
  bestSelling: { sql: 'l.popularity', type: 'integer' },
};

/** SQL: the place of a product in the one collection that is asked for. */
export function positionSql(parameters: Parameters, filter: ProductFilter): string {
  return `coalesce((SELECT c.position FROM collection_products c
    WHERE c.collection_id = ${parameters.add(filter.collections.ids[0])}::uuid AND c.product_id = l.product_id), 2147483647)`;
}

/**
 * The sort columns, ending in the unique id, which runs in the direction of the first so that one index serves both.
 * @param computed SQL of what has no column
 */
export function keysetColumns(
  sort: readonly SortBy[],
  computed: { relevance: string; position: string },
): KeysetColumn[] {
  return [
    ...sort.map(({ key, descending }): KeysetColumn =>
      key === 'relevance' || key === 'position'
        ? { sql: computed[key], type: 'integer', descending }
        : { ...COLUMNS[key], descending },
    ),
    { sql: 'l.product_id', type: 'uuid', descending: sort[0]!.descending },
  ];
}

/** Names list, sort and search mode; a cursor of another one is refused. So is one from before names ranked above descriptions. */
export function listKey(sort: readonly SortBy[], mode: SearchMode | undefined): string {
  const names = sort
    .map(({ key, descending }) => `${descending ? '-' : ''}${key === 'relevance' ? 'names-first' : key}`)
    .join(',');
  return `products:${names}${mode && mode !== 'plain' ? `:${mode}` : ''}`;
}
