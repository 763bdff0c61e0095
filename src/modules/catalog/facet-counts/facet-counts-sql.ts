import { chosenNames, type FacetChoice, isChosen, MAX_VALUES, mostCommon, OPTION_NAME_SQL } from '../facets-sql.js';
import { CURRENCY_SQL, type Parameters } from '../listing-sql.js';

/** Rows of the summary of one kind, an SQL text, in the currency `$1` or else the shop's own. */
const ofKind = (kind: string) => `FROM facet_counts f WHERE f.currency = ${CURRENCY_SQL} AND f.kind = ${kind}`;

/** Which products are counted: all that are listed, or those that can be bought now. */
const counted = (inStock: boolean) => (inStock ? 'f.available' : 'f.listed');

/** SQL: how many products are listed, or can be bought. Each is in one band of prices. */
export const totalSql = (inStock: boolean) => `SELECT coalesce(sum(${counted(inStock)}), 0) AS n ${ofKind(`'price'`)}`;

/** SQL: rows of `id`, as text, and `n`: how many products each category has, with those of the categories in it. */
export const OF_CATEGORIES_SQL = `SELECT f.text AS id, sum(f.listed) AS n ${ofKind(`'category'`)} GROUP BY f.text`;

/** SQL: how many products collection `c` shows. */
export const OF_COLLECTION_SQL = `SELECT coalesce(sum(CASE WHEN c.only_available THEN f.available ELSE f.listed END), 0)::integer
  ${ofKind(`'collection'`)} AND f.text = c.id::text`;

const byText = (kind: string) => `
    (SELECT '${kind}' AS key, '' AS name, s.label AS value, s.label, s.n
     FROM s WHERE s.kind = '${kind}' ORDER BY s.n DESC, s.text LIMIT ${MAX_VALUES})`;

/**
 * The facets of the whole shop, or of all that can be bought: what `facetsSql` counts in the listings, in the same order.
 * `$1`: the currency.
 */
export function wholeShopSql(choice: FacetChoice, inStock: boolean, parameters: Parameters): string {
  const parts: Record<string, string> = {};
  const values = `(SELECT 'values' AS key, '' AS name, '' AS value, '' AS label, count(*)::integer AS n FROM s)`;
  if (isChosen(choice, 'category'))
    parts.category = `
    (SELECT 'category' AS key, '' AS name, c.handle AS value, c.title AS label, s.n
     FROM (SELECT s.text::uuid AS id, s.n FROM s WHERE s.kind = 'category' OFFSET 0) s JOIN categories c ON c.id = s.id ORDER BY s.n DESC, c.title LIMIT ${MAX_VALUES})`;
  if (isChosen(choice, 'vendor')) parts.vendor = byText('vendor');
  if (isChosen(choice, 'productType')) parts.productType = byText('productType');
  const options = chosenNames(choice, 'option.', 'o.key', parameters);
  if (options !== null)
    parts.option = mostCommon(
      'option',
      `SELECT o.* FROM (SELECT split_part(s.text, '=', 1) AS key, s.text, s.label, s.n FROM s WHERE s.kind = 'option') o WHERE ${options}`,
      'v.key',
      'v.label',
      OPTION_NAME_SQL,
    );
  const attributes = chosenNames(choice, 'attribute.', 'd.key', parameters);
  if (attributes !== null)
    parts.attribute = mostCommon(
      'attribute',
      `SELECT d.position, d.key, d.label AS name, s.text, s.label, s.n
       FROM s JOIN attribute_definitions d ON d.key = split_part(s.text, '=', 1) AND d.facetable AND d.deleted_at IS NULL
       WHERE s.kind = 'attribute' AND ${attributes}`,
      'v.position, v.key',
      'v.label',
      'v.name',
    );
  if (isChosen(choice, 'price'))
    parts.price = `
    (SELECT 'price' AS key, '' AS name, s.text AS value, '' AS label, s.n FROM s WHERE s.kind = 'price' ORDER BY s.text::bigint)`;
  // How a value is written counts only where a product writes it so. Kind by kind, each is found by the index and summed up
  // apart: together they are most of the table, and Postgres would read the whole of it.
  return `
    WITH s AS MATERIALIZED (
      SELECT k.kind, w.text, w.label, w.n FROM unnest('{${Object.keys(parts).join(',')}}'::text[]) AS k (kind) CROSS JOIN LATERAL (
        SELECT v.text, (array_agg(v.label ORDER BY v.n DESC, v.label))[1] AS label, sum(v.n)::integer AS n
        FROM (SELECT f.text, f.label, sum(${counted(inStock)}) AS n ${ofKind('k.kind')}
              GROUP BY f.text, f.label HAVING sum(${counted(inStock)}) > 0) v
        GROUP BY v.text) w)
    ${[values, ...Object.values(parts)].join(' UNION ALL')}`;
}
