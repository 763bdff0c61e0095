import type { Queryable } from '#libs/database';
import { wholeShopSql } from '../../src/modules/catalog/facet-counts/facet-counts-sql.js';
import { type CountRow, facetsSql } from '../../src/modules/catalog/facets-sql.js';
import { CURRENCY_SQL, Parameters } from '../../src/modules/catalog/listing-sql.js';

/** The facets of the whole shop from the summary. */
export async function countedWhole(db: Queryable, currency: string, inStock = false): Promise<CountRow[]> {
  const parameters = new Parameters([currency]);
  const rows = await db.query<CountRow>(wholeShopSql({ except: [] }, inStock, parameters), parameters.values);
  return rows.filter(({ key }) => key !== 'values');
}

/** The same, counted in the listings one by one. */
export async function countedLive(db: Queryable, currency: string, inStock = false): Promise<CountRow[]> {
  const parameters = new Parameters([currency]);
  const conditions = [`l.currency = ${CURRENCY_SQL}`, ...(inStock ? ['l.available'] : [])];
  const sql = facetsSql({ table: 'product_facets', conditions, inStock }, { except: [] }, parameters);
  return (await db.query<CountRow>(sql, parameters.values)).filter(({ key }) => key !== 'matches');
}

/** What the summary says and the listings do not, or the other way around, in one snapshot; so of the short rows that are counted. */
export async function differences(db: Queryable): Promise<unknown[]> {
  return [...(await db.query(`SELECT * FROM facet_count_differences()`)), ...(await shortRowDifferences(db))];
}

const COPIED = `product_id, currency, available, price_min, vendor, product_type, category_ids, collection_ids, options, attributes`;

/** Rows of `product_facets` that are not as their listings, and listings that have none. */
export function shortRowDifferences(db: Queryable): Promise<unknown[]> {
  const [listings, facets] = [`SELECT ${COPIED} FROM product_listings`, `SELECT ${COPIED} FROM product_facets`];
  return db.query(`(${listings} EXCEPT ${facets}) UNION ALL (${facets} EXCEPT ${listings})`);
}
