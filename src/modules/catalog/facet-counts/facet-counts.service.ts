import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';

/** An arbitrary number that names this lock among Postgres' advisory locks. */
const FOLDING = 7_301_002;
/** Rows that are folded in one transaction. */
const BATCH = 5_000;

/**
 * Each is one statement: whoever reads sees it done or not begun. It takes away only rows that it sees, so what others add
 * meanwhile stays.
 */
const FOLD_SQL = `
  WITH fresh AS MATERIALIZED (
    SELECT DISTINCT currency, kind, text, label
    FROM (SELECT currency, kind, text, label FROM facet_counts WHERE NOT folded LIMIT $1) f),
  gone AS (
    DELETE FROM facet_counts c USING fresh f
    WHERE c.currency = f.currency AND c.kind = f.kind AND c.text = f.text AND c.label = f.label
    RETURNING c.currency, c.kind, c.text, c.label, c.listed, c.available),
  kept AS (
    INSERT INTO facet_counts (currency, kind, text, label, listed, available, folded)
    SELECT currency, kind, text, label, sum(listed), sum(available), true FROM gone
    GROUP BY 1, 2, 3, 4 HAVING sum(listed) <> 0 OR sum(available) <> 0)
  SELECT count(*) AS n FROM gone`;

/** Keeps the counts of facets cheap to read: what single writes added becomes one row for each value. */
@Injectable()
export class FacetCounts {
  constructor(private readonly db: Db) {}

  /**
   * Folds what was added since; nothing while another fold is at work. Writers and readers wait for nothing.
   * @returns how many rows were folded
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
