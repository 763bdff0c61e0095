import { Columns, PRODUCT_SHEET } from './columns.js';
import { type CsvFormat, formatOf } from './csv-format.js';
import { type CsvRow, type ImportSource, readCsvRows } from './csv-rows.js';
import { normalizeHandle } from './handles.js';
import { ImportFileProblem } from './import-file-problem.js';

/** All rows of one product, wherever they stand in the file. */
export interface ProductGroup {
  /** null: the rows name no product. */
  handle: string | null;
  rows: CsvRow[];
  /** Rows and bytes of the file that are read when this product is complete. */
  rowsRead: number;
  bytesRead: number;
}

/** What a first look at the whole file tells. */
export interface FileOutline {
  columns: Columns;
  format: CsvFormat;
  rows: number;
  /** Products whose rows are not next to each other, with the number of their last row. */
  scattered: Map<string, number>;
}

/**
 * Reads the whole file once without keeping its rows: a file that breaks in the middle is refused before anything is
 * imported.
 * @throws ImportFileProblem
 */
export async function outlineOf(source: ImportSource): Promise<FileOutline> {
  const format = await formatOf(source);
  let columns: Columns | undefined;
  let rows = 0;
  let previous: string | null = null;
  const seen = new Set<string>();
  const scattered = new Map<string, number>();
  for await (const row of readCsvRows(source, format)) {
    if (!columns) {
      columns = Columns.fromHeader(PRODUCT_SHEET, row.cells, row.line, format);
      continue;
    }
    rows += 1;
    const handle = handleOf(columns, row);
    if (handle !== null) {
      if (scattered.has(handle) || (handle !== previous && seen.has(handle))) scattered.set(handle, rows);
      seen.add(handle);
    }
    previous = handle;
  }
  if (!columns || rows === 0) throw new ImportFileProblem(1, 'there are no products below the header.');
  return { columns, format, rows, scattered };
}

/** The products of the file, each with all its rows; only scattered ones are held until their last row. */
export async function* readProductGroups(source: ImportSource, outline: FileOutline): AsyncGenerator<ProductGroup> {
  const { columns, format, scattered } = outline;
  const held = new Map<string, CsvRow[]>();
  let open: { handle: string; rows: CsvRow[] } | null = null;
  let rowsRead = -1;
  let bytesRead = 0;
  const complete = (handle: string | null, rows: CsvRow[]): ProductGroup => ({ handle, rows, rowsRead, bytesRead });
  for await (const row of readCsvRows(source, format)) {
    if (rowsRead >= 0) {
      const handle = handleOf(columns, row);
      if (open && open.handle !== handle) {
        yield complete(open.handle, open.rows);
        open = null;
      }
      const isBlank = row.cells.every((cell) => cell.trim() === '');
      if (handle === null) {
        if (!isBlank) yield complete(null, [row]);
      } else if (scattered.has(handle)) {
        const rows = held.get(handle) ?? [];
        rows.push(row);
        held.set(handle, rows);
        if (scattered.get(handle) === rowsRead + 1) {
          held.delete(handle);
          yield complete(handle, rows);
        }
      } else {
        open ??= { handle, rows: [] };
        open.rows.push(row);
      }
    }
    rowsRead += 1;
    bytesRead = row.endByte;
  }
  if (open) yield complete(open.handle, open.rows);
}

function handleOf(columns: Columns, row: CsvRow): string | null {
  return normalizeHandle(columns.cell(row, 'handle'));
}
