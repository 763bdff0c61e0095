import { parse } from 'csv-parse/sync';

/** Names in one cell, separated by commas; one that has a comma in it stands between quotation marks. */
export function listText(names: readonly string[]): string {
  return names.map((name) => (NEEDS_QUOTES.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(', ');
}

/** What `listText` wrote, or a person did; null when a quotation mark is never closed. */
export function readList(cell: string): string[] | null {
  try {
    const rows: string[][] = parse(cell, { trim: true, relax_quotes: true, relax_column_count: true });
    return rows.flat().filter((name) => name !== '');
  } catch {
    return null;
  }
}

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;
