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
  const sql = facetsSql('product_facets', conditions, { except: [] }, {}, parameters);
  return (await db.query<CountRow>(sql, parameters.values)).filter(({ key }) => key !== 'matches');
}

/** What the summary says and the listings do not, or the other way around, in one snapshot. */
export function differences(db: Queryable): Promise<unknown[]> {
  return db.query(`SELECT * FROM facet_count_differences()`);
}
