import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type CsvFormat, endlessLine, formatOf, type ImportSource, MAX_ROW_BYTES } from './csv-format.js';
import { ImportFileProblem } from './import-file-problem.js';

export type { ImportSource } from './csv-format.js';

/** One row of the file, blank lines left out. */
export interface CsvRow {
  /** The line on which the row begins; the first line of the file is 1. */
  line: number;
  cells: string[];
  /** Where the row ends in the file. */
  endByte: number;
}

const LINE_FEED = 0x0a;

/**
 * Reads separated values as RFC 4180 and spreadsheets write them: with or without BOM, LF, CRLF or CR, line breaks inside
 * quotes. Memory is bounded by the longest row.
 * @param known how the file is written, where that was found out already
 * @throws ImportFileProblem when the file is empty, not text, of two encodings, or its quotes do not match
 */
export async function* readCsvRows(source: ImportSource, known?: CsvFormat): AsyncGenerator<CsvRow> {
  const { delimiter, encoding } = known ?? (await formatOf(source));
  const lines = new LineCounter();
  let emptyLines = 0;
  let found = false;
  const places: Pick<CsvRow, 'line' | 'endByte'>[] = [];
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MAX_ROW_BYTES,
    // Called as soon as a row is complete, so that a fault of the next one is told with the right line.
    on_record: (cells: string[], info) => {
      places.push({ line: lines.current + info.empty_lines - emptyLines, endByte: info.bytes });
      emptyLines = info.empty_lines;
      lines.advanceTo(info.bytes);
      return cells;
    },
  });
  const feed = Readable.from(checkedText(source, lines, encoding), { objectMode: false });
  feed.on('error', (error) => parser.destroy(error));
  feed.pipe(parser);
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      found = true;
      yield { ...places.shift()!, cells };
    }
  } catch (error) {
    if (error instanceof CsvError) {
      throw new ImportFileProblem(lines.current + blankLines(error) - emptyLines, quoteProblem(error));
    }
    throw error;
  } finally {
    feed.destroy();
    parser.destroy();
  }
  if (!found) throw new ImportFileProblem(1, 'the file is empty.');
}

/** csv-parse puts the counters of its `info` onto its errors. */
function blankLines(error: CsvError): number {
  return (error as CsvError & { empty_lines?: number }).empty_lines ?? 0;
}

function quoteProblem(error: CsvError): string {
  switch (String(error.code)) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return 'a quotation mark is opened in this row and never closed.';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'a quoted field of the row that begins here contains a quotation mark that is not doubled, or misses its last one.';
    case 'INVALID_OPENING_QUOTE':
      return 'a field of this row contains a quotation mark but is not quoted itself.';
    default:
      return `the row cannot be read (${error.message}).`;
  }
}

/** Tells the line of a position in the file. The parser's own count is off where a quoted text has CRLF breaks. */
class LineCounter {
  current = 1;
  private readonly pending: number[] = [];
  private from = 0;

  /** Notes that the byte at `end - 1` is a line feed. */
  add(end: number): void {
    this.pending.push(end);
  }

  advanceTo(byte: number): void {
    while (this.from < this.pending.length && this.pending[this.from]! <= byte) {
      this.from += 1;
      this.current += 1;
    }
    if (this.from > 10_000) {
      this.pending.splice(0, this.from);
      this.from = 0;
    }
  }
}

/** Lets only whole lines through, as UTF-8, so that a fault can be told by its line. */
async function* checkedText(
  source: ImportSource,
  lines: LineCounter,
  encoding: CsvFormat['encoding'],
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let checkedLines = 0;
  for await (const chunk of source.open()) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk);
    if (offset === 0 && bytes.length >= 4) refuseOtherFormats(bytes);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = Buffer.from(bytes.subarray(end));
    if (rest.length > MAX_ROW_BYTES) throw endlessLine(checkedLines + 1);
    if (end > 0) {
      const text = asUtf8(bytes.subarray(0, end), encoding);
      checkedLines = checkLines(text, checkedLines);
      for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, at + 1)) lines.add(offset + at + 1);
      offset += text.length;
      yield text;
    }
  }
  if (rest.length > 0) {
    if (offset === 0) refuseOtherFormats(rest);
    const text = asUtf8(rest, encoding);
    checkLines(text, checkedLines);
    yield text;
  }
}

const windows1252 = new TextDecoder('windows-1252');

function asUtf8(bytes: Buffer, encoding: CsvFormat['encoding']): Buffer {
  return encoding === 'utf-8' ? bytes : Buffer.from(windows1252.decode(bytes));
}

function refuseOtherFormats(bytes: Buffer): void {
  const [a, b, c, d] = bytes;
  if (a === 0x50 && b === 0x4b && c! <= 8 && d! <= 8) {
    throw new ImportFileProblem(1, 'this is a spreadsheet or ZIP archive. Save the sheet as "CSV UTF-8" first.');
  }
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw new ImportFileProblem(1, 'the text is UTF-16. Save the file as "CSV UTF-8".');
  }
}

function checkLines(text: Buffer, linesBefore: number): number {
  if (isUtf8(text) && !text.includes(0)) return linesBefore + countLineFeeds(text);
  let line = linesBefore;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(LINE_FEED, at);
    const end = next < 0 ? text.length : next + 1;
    line += 1;
    const content = text.subarray(at, end);
    if (content.includes(0)) throw new ImportFileProblem(line, 'there are zero bytes; this is not a text file.');
    if (!isUtf8(content)) throw new ImportFileProblem(line, 'the text is not UTF-8. Save the file as "CSV UTF-8".');
    at = end;
  }
  return line;
}

function countLineFeeds(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}
