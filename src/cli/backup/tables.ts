import type { Queryable } from '#libs/database';

/** A table with the columns that can be written. */
export interface Table {
  name: string;
  columns: string[];
}

/** TypeORM's record of what ran belongs to the schema, not to the data. */
const NOT_DATA = 'migrations';

/** All tables, each behind those that its foreign keys point to. */
export async function tablesInOrder(db: Queryable): Promise<Table[]> {
  const tables = await db.query<Table>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> $1
     GROUP BY c.relname ORDER BY c.relname`,
    [NOT_DATA],
  );
  const keys = await db.query<{ child: string; parent: string }>(
    `SELECT DISTINCT conrelid::regclass::text AS child, confrelid::regclass::text AS parent
     FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conrelid <> confrelid`,
  );
  const ordered: Table[] = [];
  const waiting = [...tables];
  while (waiting.length > 0) {
    const next = waiting.findIndex((table) =>
      keys.every(({ child, parent }) => child !== table.name || !waiting.some((other) => other.name === parent)),
    );
    if (next < 0) throw new Error(`foreign keys form a ring: ${waiting.map((table) => table.name).join(', ')}`);
    ordered.push(...waiting.splice(next, 1));
  }
  return ordered;
}
