/**
 * A backup is one gzip stream. Its lines:
 *
 *   {"emporiumBackup":1,"createdAt":…,"migrations":[…]}      header
 *   {"table":"users","columns":[…]}                          once for each table, parents before children,
 *   …rows in COPY's text format…                             followed by its rows and a line with \. alone
 *   \.
 *   {"sequence":"order_numbers","value":1042}                once for each sequence that was used
 *   {"file":"media/ab/cd.jpg","bytes":12345}                 once for each uploaded file, followed by its bytes
 *   {"end":true,"rows":{"users":3,…},"files":17}             last line: without it the backup is incomplete
 */
export const FORMAT_VERSION = 1;

export interface BackupHeader {
  emporiumBackup: number;
  createdAt: string;
  migrations: string[];
}

export interface TableEntry {
  table: string;
  columns: string[];
}

export interface SequenceEntry {
  sequence: string;
  value: number;
}

export interface FileEntry {
  file: string;
  bytes: number;
}

export interface EndEntry {
  end: true;
  rows: Record<string, number>;
  files: number;
}

/** Any line below the header that is no row. */
export type BackupEntry = TableEntry | SequenceEntry | FileEntry | EndEntry;

/** Ends the rows of a table; no row looks like it, since COPY doubles backslashes. */
export const END_OF_ROWS = '\\.\n';

/** What a backup holds, for people. */
export interface BackupSummary {
  createdAt: string;
  rows: Record<string, number>;
  files: number;
}

/** An identifier of the schema as SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
