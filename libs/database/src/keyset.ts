import { InvalidCursor } from '#libs/errors';

/** One column of a stable sort order. The last one must be unique. */
export interface KeysetColumn {
  /** SQL expression, from our own code only, never from a request. */
  sql: string;
  /** The SQL type that a cursor value is cast to. */
  type: 'text' | 'bigint' | 'timestamptz' | 'uuid' | 'integer';
  descending?: boolean;
}

/** The SQL pieces of one page. */
export interface KeysetPage {
  /** A condition, or `TRUE`. */
  where: string;
  orderBy: string;
  /** Rows come in reverse for a page before the cursor. */
  backward: boolean;
  /** Values to append after those the caller already has. */
  values: unknown[];
}

interface Cursor {
  /** Which list and sort it belongs to. */
  k: string;
  /** b = the page before. */
  d: 'a' | 'b';
  v: (string | number)[];
}

/** Makes an opaque cursor that stands behind (`a`) or before (`b`) a row with these sort values. */
export function encodeCursor(key: string, direction: 'a' | 'b', values: (string | number)[]): string {
  return Buffer.from(JSON.stringify({ k: key, d: direction, v: values } satisfies Cursor)).toString('base64url');
}

const CHECKS: Record<KeysetColumn['type'], (value: unknown) => boolean> = {
  text: (v) => typeof v === 'string' && v.length <= 1000 && v.isWellFormed() && !v.includes('\0'),
  bigint: (v) => Number.isSafeInteger(v),
  integer: (v) => Number.isInteger(v) && Math.abs(v as number) <= 2_147_483_647,
  timestamptz: (v) =>
    typeof v === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(v) && !Number.isNaN(Date.parse(v)),
  uuid: (v) => typeof v === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(v),
};

/** Reads a cursor; anything that we did not make for this list and sort is refused with `invalid_cursor`. */
export function decodeCursor(cursor: string, key: string, columns: readonly KeysetColumn[]): Cursor {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw InvalidCursor({ errors: [{ pointer: 'cursor', code: 'invalid_cursor', detail: 'not a cursor' }] });
  }
  const c = parsed as Partial<Cursor> | null;
  const fits =
    typeof c === 'object' &&
    c !== null &&
    c.k === key &&
    (c.d === 'a' || c.d === 'b') &&
    Array.isArray(c.v) &&
    c.v.length === columns.length &&
    c.v.every((value, i) => CHECKS[columns[i]!.type](value));
  if (!fits)
    throw InvalidCursor({
      errors: [{ pointer: 'cursor', code: 'invalid_cursor', detail: 'not a cursor of this list and sort' }],
    });
  return c as Cursor;
}

/**
 * The WHERE and ORDER BY of a keyset page: no OFFSET, so page 1000 costs what page 1 costs, and rows that come or go
 * in between neither repeat nor disappear.
 * @param key names list and sort; a cursor of another one is refused
 * @param firstParameter number of the first free `$n`
 */
export function keysetPage(
  key: string,
  columns: readonly KeysetColumn[],
  cursor: string | undefined,
  firstParameter: number,
): KeysetPage {
  const decoded = cursor === undefined ? undefined : decodeCursor(cursor, key, columns);
  const backward = decoded?.d === 'b';
  const orderBy = columns.map((c) => `${c.sql} ${Boolean(c.descending) !== backward ? 'DESC' : 'ASC'}`).join(', ');
  if (!decoded) return { where: 'TRUE', orderBy, backward: false, values: [] };
  const parameter = (i: number) => `$${firstParameter + i}::${columns[i]!.type}`;
  const operator = (i: number) => (Boolean(columns[i]!.descending) !== backward ? '<' : '>');
  const uniform = columns.every((_, i) => operator(i) === operator(0));
  const where = uniform
    ? `(${columns.map((c) => c.sql).join(', ')}) ${operator(0)} (${columns.map((_, i) => parameter(i)).join(', ')})`
    : `(${columns
        .map((c, i) =>
          [
            ...columns.slice(0, i).map((p, j) => `${p.sql} = ${parameter(j)}`),
            `${c.sql} ${operator(i)} ${parameter(i)}`,
          ].join(' AND '),
        )
        .map((branch) => `(${branch})`)
        .join(' OR ')})`;
  return { where, orderBy, backward, values: decoded.v };
}
