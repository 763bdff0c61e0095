import type { CsvCell } from '#libs/csv';
import type { Queryable } from '#libs/database';

/** What can be exported. */
export const EXPORT_KINDS = ['products', 'customers', 'price_lists'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** Which of them, and how; what is left out is no limit. */
export interface ExportFilter {
  /** of products */
  status?: 'draft' | 'active' | 'archived';
  /** of products, whatever its case */
  vendor?: string;
  /** ISO 4217: in which products show their prices */
  currency: string;
  /** of customers */
  acceptsMarketing?: boolean;
}

/** Rows of some things, and where to go on after them. */
export interface ExportBatch {
  rows: CsvCell[][];
  /** things, which may have several rows */
  count: number;
  /** of the last one: its uuid, or more of what it is sorted by */
  position: string;
}

/** How one kind of thing becomes rows. Reads a batch at a time, so that memory does not grow with the shop. */
export interface ExportSource {
  header: readonly string[];
  count(db: Queryable, filter: ExportFilter): Promise<number>;
  /** @param after position of the last one that is written; null to begin */
  batch(db: Queryable, filter: ExportFilter, after: string | null): Promise<ExportBatch | null>;
}

/** Before every id: where an export begins. A place that is always there lets a plan that is kept use the index. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';
