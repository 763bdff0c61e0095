import { stringify } from 'csv-stringify/sync';
import { neutralized } from './formulas.js';

/** Tells spreadsheets that a file is UTF-8. */
export const BOM = '\ufeff';

/** A cell before it is written: texts are made harmless, numbers and flags are what they are. */
export type CsvCell = string | number | boolean | null;

const shown = (cell: CsvCell): string => {
  if (cell === null) return '';
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE';
  return typeof cell === 'number' ? String(cell) : neutralized(cell);
};

/** Rows as comma-separated values after RFC 4180, each with its line break. */
export function csvText(rows: readonly (readonly CsvCell[])[]): string {
  return stringify(
    rows.map((row) => row.map(shown)),
    { quoted_match: /[\r\n]|^\s|\s$/ },
  );
}
