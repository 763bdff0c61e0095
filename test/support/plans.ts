import type { Db } from '#libs/database';

/** A step of a plan, as EXPLAIN (FORMAT JSON) tells it. */
export interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  Plans?: PlanNode[];
}

/** A table that a statement reads otherwise than by an index. */
export interface WholeRead {
  table: string;
  /** The step of the plan, such as `Seq Scan`. */
  how: string;
  statement: string;
}

const BY_INDEX = ['Index Scan', 'Index Only Scan', 'Bitmap Heap Scan'];

/** All steps of a plan, those of its sub-plans too. */
export function stepsOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(stepsOf)];
}

/** What a plan reads otherwise than by an index. */
export function wholeReadsOf(plan: PlanNode, text: string): WholeRead[] {
  return stepsOf(plan).flatMap((step) => {
    const table = step['Relation Name'];
    if (table === undefined || BY_INDEX.includes(step['Node Type'])) return [];
    return [{ table, how: step['Node Type'], statement: text.replaceAll(/\s+/g, ' ').trim() }];
  });
}

/**
 * The same database; each statement is explained, too.
 * @param how options of EXPLAIN, `ANALYZE` for one
 */
export function explaining(db: Db, see: (plan: PlanNode, text: string) => void, how = ''): Db {
  const query = async (text: string, values: unknown[] = []) => {
    const [row] = await db.dataSource.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `EXPLAIN (${how ? `${how}, ` : ''}FORMAT JSON) ${text}`,
      values,
    );
    see(row!['QUERY PLAN'][0].Plan, text);
    return db.dataSource.query(text, values);
  };
  return { query, quick: { query }, dataSource: { query } } as unknown as Db;
}
