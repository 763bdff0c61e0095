import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';

/** An arbitrary number that names this lock among Postgres' advisory locks. */
const FOLDING = 7_301_002;
/** Rows of writers that are folded in one transaction. */
const BATCH = 10_000;

/**
 * Each batch is one statement: whoever reads sees it done or not begun. It takes away only rows that it sees, so what others
 * add meanwhile stays. Rows are never changed, so the place of one that is seen is its own.
 */
const FOLD_SQL = `
  WITH fresh AS MATERIALIZED (SELECT ctid, currency, kind, text, label FROM facet_counts WHERE NOT folded LIMIT $1),
  before AS MATERIALIZED (
    SELECT c.ctid FROM (SELECT DISTINCT currency, kind, text, label FROM fresh) f
    JOIN facet_counts c USING (currency, kind, text, label) WHERE c.folded),
  gone AS (
    DELETE FROM facet_counts WHERE ctid = ANY(ARRAY(SELECT ctid FROM fresh UNION ALL SELECT ctid FROM before))
    RETURNING currency, kind, text, label, listed, available),
  kept AS (
    INSERT INTO facet_counts (currency, kind, text, label, listed, available, folded)
    SELECT currency, kind, text, label, sum(listed), sum(available), true FROM gone
    GROUP BY 1, 2, 3, 4 HAVING sum(listed) <> 0 OR sum(available) <> 0)
  SELECT count(*) AS n FROM fresh`;

/** Keeps the counts of facets cheap to read: what single writes added becomes one row for each value. */
@Injectable()
export class FacetCounts {
  constructor(private readonly db: Db) {}

  /**
   * Folds what was added since; nothing while another fold is at work. Writers and readers wait for nothing.
   * @returns how many rows of writers were folded
   */
  async fold(): Promise<number> {
    for (let folded = 0; ;) {
      const rows = await this.foldBatch();
      folded += rows;
      if (rows < BATCH) return folded;
    }
  }

  private foldBatch(): Promise<number> {
    return this.db.transaction(async (tx) => {
      const [lock] = await tx.query<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(${FOLDING}) AS taken`);
      if (!lock!.taken) return 0;
      const [folded] = await tx.query<{ n: number }>(FOLD_SQL, [BATCH]);
      return folded!.n;
    });
  }
}
