import { optionKeyOf, variantTitleOf } from '../../catalog/index.js';
import type { ColumnName, Columns } from './columns.js';
import type { CsvRow } from './csv-rows.js';
import type { IssueList } from './issues.js';

const NAMES = ['option1Name', 'option2Name', 'option3Name'] as const satisfies ColumnName[];
const VALUES = ['option1Value', 'option2Value', 'option3Value'] as const satisfies ColumnName[];
const MAX_LENGTH = 255;

/** The options of a product, and the values of each of its variant rows in the same order. */
export interface ReadOptions {
  names: string[];
  /** By row; a row without an entry has an error. */
  values: Map<CsvRow, string[]>;
}

/**
 * Reads options. Exports name them on the first row of a product only; a product without options has the single variant
 * "Default Title".
 */
export function readOptions(columns: Columns, rows: CsvRow[], variantRows: CsvRow[], issues: IssueList): ReadOptions {
  const values = new Map<CsvRow, string[]>();
  if (isWithoutOptions(columns, variantRows)) {
    variantRows.forEach((row, i) => {
      if (i === 0) values.set(row, []);
      else issues.error(row, 'the product has no options, so it can have only one variant.');
    });
    return { names: [], values };
  }
  const used = [0, 1, 2].filter((i) => variantRows.some((row) => columns.cell(row, VALUES[i]!) !== ''));
  const names = used.map((i) => nameOf(columns, rows, variantRows, i, issues));
  const doubled = names.findIndex((name, i) => names.slice(0, i).some((n) => n.toLowerCase() === name.toLowerCase()));
  if (doubled >= 0) issues.error(rows[0]!, `two options are called "${names[doubled]}".`);
  const taken = new Map<string, number>();
  for (const row of variantRows) {
    const own = used.map((i) => columns.cell(row, VALUES[i]!));
    const empty = own.findIndex((value) => value === '');
    const long = own.findIndex((value) => value.length > MAX_LENGTH);
    if (empty >= 0) issues.error(row, `${columns.label(VALUES[used[empty]!]!)} (${names[empty]}) is empty.`);
    else if (long >= 0)
      issues.error(row, `${columns.label(VALUES[used[long]!]!)} is longer than ${MAX_LENGTH} characters.`);
    else {
      const key = optionKeyOf(own);
      const earlier = taken.get(key);
      if (earlier === undefined) {
        taken.set(key, row.line);
        values.set(row, own);
      } else {
        issues.error(row, `the variant ${variantTitleOf(own)} is on line ${earlier} already.`);
      }
    }
  }
  return { names, values };
}

/** No option value at all, or nothing but Shopify's placeholder for a single variant. */
function isWithoutOptions(columns: Columns, variantRows: CsvRow[]): boolean {
  return variantRows.every((row) => {
    const [first, second, third] = VALUES.map((column) => columns.cell(row, column));
    return (first === '' || first!.toLowerCase() === 'default title') && second === '' && third === '';
  });
}

function nameOf(columns: Columns, rows: CsvRow[], variantRows: CsvRow[], i: number, issues: IssueList): string {
  const column = NAMES[i]!;
  const naming = rows.find((row) => columns.cell(row, column) !== '');
  if (!naming) {
    const valued = variantRows.find((row) => columns.cell(row, VALUES[i]!) !== '')!;
    issues.error(valued, `${columns.label(VALUES[i]!)} has a value, but ${columns.label(column)} is empty.`);
    return '';
  }
  const name = columns.cell(naming, column);
  if (name.length > MAX_LENGTH)
    issues.error(naming, `${columns.label(column)} is longer than ${MAX_LENGTH} characters.`);
  for (const row of rows) {
    const other = columns.cell(row, column);
    if (other !== '' && other.toLowerCase() !== name.toLowerCase()) {
      issues.warn(
        row,
        `${columns.label(column)} is "${other}" here, but "${name}" on line ${naming.line}, which holds.`,
      );
    }
  }
  return name;
}
