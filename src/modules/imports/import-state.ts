import type { ImportIssue } from './csv/issues.js';
import type { CsvRow } from './csv/csv-rows.js';
import type { ReadProduct } from './csv/product-from-rows.js';

/** What can be imported. */
export const IMPORT_KINDS = ['products', 'customers', 'price_lists'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** How an import goes about it. */
export interface ImportOptions {
  /** ISO 4217: what the prices of the file are in. */
  currency: string;
  /** `keep`: quantities count for new variants only. `set`: on-hand stock becomes what the file says. */
  stock: 'keep' | 'set';
  /** Tells what would happen, and changes nothing. */
  dryRun: boolean;
}

/** Products, by what became of them. */
export interface ImportSummary {
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
}

/** How far an import is, and what it has to say; saved with every batch, so that it can go on after a crash. */
export interface ImportState {
  rowsRead: number;
  bytesRead: number;
  /** Products that are behind us, whatever became of them. */
  productsDone: number;
  summary: ImportSummary;
  /** The first ones; `errorCount` counts them all. */
  errors: ImportIssue[];
  errorCount: number;
  warnings: ImportIssue[];
  warningCount: number;
}

/** What became of one product. */
export type ProductOutcome = keyof ImportSummary;

const KEPT_ISSUES = 500;

/** An import that has not begun. */
export function initialState(): ImportState {
  return {
    rowsRead: 0,
    bytesRead: 0,
    productsDone: 0,
    summary: { created: 0, updated: 0, unchanged: 0, failed: 0 },
    errors: [],
    errorCount: 0,
    warnings: [],
    warningCount: 0,
  };
}

/** A product and what became of it, with the place in the file that is reached with it. */
export interface Settled {
  /** Of it, whatever kind it is. */
  product: Pick<ReadProduct, 'errors' | 'warnings'>;
  outcome: ProductOutcome;
  /** Errors that came up while it was saved. */
  errors?: ImportIssue[];
  rows: readonly CsvRow[];
  rowsRead: number;
  bytesRead: number;
}

/** A row that was left out, with what is wrong with it; empty for the other rows of a product with a mistake. */
export interface RejectedRow {
  line: number;
  cells: readonly string[];
  reason: string;
}

/** Takes out of what is told what Postgres cannot store: halves of characters, and zero bytes. */
export function storable(settled: Settled): Settled {
  const issues = (list: readonly ImportIssue[]) =>
    list.map((issue) => ({ ...issue, reason: issue.reason.toWellFormed().replaceAll('\0', '\uFFFD') }));
  const { product, errors = [] } = settled;
  return {
    ...settled,
    product: { errors: issues(product.errors), warnings: issues(product.warnings) },
    errors: issues(errors),
  };
}

/** The rows of what failed: all of them, so that they can be mended and sent again. */
export function rejectsOf(settled: readonly Settled[]): RejectedRow[] {
  return settled
    .filter(({ outcome }) => outcome === 'failed')
    .flatMap(({ product, errors = [], rows }) =>
      rows.map(({ line, cells }) => ({
        line,
        cells,
        reason: [...product.errors, ...errors]
          .filter((error) => error.line === line)
          .map((error) => error.reason)
          .join(' '),
      })),
    );
}

/** The state after these products. */
export function advance(state: ImportState, settled: readonly Settled[]): ImportState {
  const summary = { ...state.summary };
  const errors: ImportIssue[] = [];
  const warnings: ImportIssue[] = [];
  for (const { product, outcome, errors: own } of settled) {
    summary[outcome] += 1;
    errors.push(...product.errors, ...(own ?? []));
    warnings.push(...product.warnings);
  }
  const last = settled.at(-1);
  return {
    rowsRead: last?.rowsRead ?? state.rowsRead,
    bytesRead: last?.bytesRead ?? state.bytesRead,
    productsDone: state.productsDone + settled.length,
    summary,
    errors: state.errors.concat(errors).slice(0, KEPT_ISSUES),
    errorCount: state.errorCount + errors.length,
    warnings: state.warnings.concat(warnings).slice(0, KEPT_ISSUES),
    warningCount: state.warningCount + warnings.length,
  };
}
