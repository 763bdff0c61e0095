import type { Queryable } from '#libs/database';
import { fold } from './search-words.js';

const MAX_LENGTH = 200;

/** `Crème Brûlée Set` → `creme-brulee-set`; `fallback` when no letter or digit is left. */
export function handleOf(title: string, fallback: string): string {
  const handle = fold(title)
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return handle || fallback;
}

/**
 * A handle that is free at this moment: the wanted one, or with the lowest number that makes it so. Another transaction
 * may take it before ours commits; the unique constraint tells, and the caller tries again.
 */
export async function freeHandle(
  source: Queryable,
  table: 'products' | 'categories' | 'collections',
  wanted: string,
): Promise<string> {
  const rows = await source.query<{ handle: string }>(
    `SELECT handle FROM ${table} WHERE handle = $1 OR handle LIKE $1 || '-%'`,
    [wanted],
  );
  const taken = new Set(rows.map((row) => row.handle));
  if (!taken.has(wanted)) return wanted;
  let n = 2;
  while (taken.has(`${wanted}-${n}`)) n += 1;
  return `${wanted}-${n}`;
}
