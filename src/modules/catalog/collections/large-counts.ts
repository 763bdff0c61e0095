import type { Db } from '#libs/database';
import { DearAnswers } from '../dear-answers.js';
import { CURRENCY_SQL } from '../listing-sql.js';

/** In a shop of so many products all collections are counted in one go, once a minute. */
const MANY_PRODUCTS = 10_000;
/** An answer is right for a minute, and not shown for longer. */
const KEEPING = { freshMs: 60_000, staleMs: 60_000 };
/** Fewer products of a collection are counted each time. */
const LARGE = 1_000;

interface Row {
  id: string;
  version: number;
  count: number;
}

/**
 * Every large collection, counted with one look at each product; but none that staff have just changed: a job may still be
 * putting products into it.
 */
const COUNT_SQL = `
  SELECT c.id, c.version, (CASE WHEN c.only_available THEN n.available ELSE n.shown END)::int AS count
  FROM collections c JOIN (
    SELECT u.id, count(*) AS shown, count(*) FILTER (WHERE l.available) AS available
    FROM product_listings l CROSS JOIN unnest(l.collection_ids) AS u (id) WHERE l.currency = ${CURRENCY_SQL} GROUP BY u.id) n
    ON n.id = c.id
  WHERE CASE WHEN c.only_available THEN n.available ELSE n.shown END > ${LARGE}
    AND c.updated_at < now() - interval '15 minutes'`;

/** As Postgres knows it since it looked last, without counting. */
const SIZE_SQL = `SELECT reltuples > ${MANY_PRODUCTS} AS is_large FROM pg_class WHERE oid = 'product_listings'::regclass`;

/**
 * How many products large collections of a large shop have, as counted within the last minute. What staff change at the
 * collection itself is counted at once, since that makes another version of it, and each time for a quarter of an hour; in
 * small shops everything is.
 */
export class LargeCounts {
  private readonly kept = new DearAnswers<readonly Row[]>(
    () => true,
    () => performance.now(),
    KEEPING,
  );

  constructor(private readonly db: Db) {}

  /** What need not be counted now, as arrays for SQL. */
  async known(currency: string | null): Promise<[ids: string[], versions: number[], counts: number[]]> {
    const rows = await this.kept.get(currency ?? '', async () => {
      const [shop] = await this.db.query<{ is_large: boolean }>(SIZE_SQL);
      return shop!.is_large ? this.db.query<Row>(COUNT_SQL, [currency]) : [];
    });
    return [rows.map(({ id }) => id), rows.map(({ version }) => version), rows.map(({ count }) => count)];
  }
}
