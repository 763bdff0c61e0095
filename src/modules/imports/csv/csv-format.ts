import { isUtf8 } from 'node:buffer';
import { ImportFileProblem } from './import-file-problem.js';

/** A file that can be read more than once, in chunks, however large it is. */
export interface ImportSource {
  name: string;
  /** Bytes of the whole file. */
  size: number;
  open(): AsyncIterable<Uint8Array>;
}

/** How a file writes its characters and separates its columns: spreadsheets differ by country. */
export interface CsvFormat {
  encoding: 'utf-8' | 'windows-1252';
  delimiter: ',' | ';' | '\t';
}

/** No row of an export comes near this; a file without line breaks does. */
export const MAX_ROW_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 0x0a;
const DELIMITERS = [',', ';', '\t'] as const;

/**
 * Looks at the whole file once. What is not UTF-8 anywhere, and has no character of UTF-8 either, is taken for Windows-1252,
 * as older spreadsheets write it; a mixture is left to be refused.
 * @throws ImportFileProblem for a line that does not end
 */
export async function formatOf(source: ImportSource): Promise<CsvFormat> {
  let delimiter: CsvFormat['delimiter'] | undefined;
  let [isWritten8Bit, hasUtf8, isBinary] = [false, false, false];
  let rest = Buffer.alloc(0);
  let lines = 0;
  const look = (text: Buffer) => {
    delimiter ??= delimiterOf(text);
    isBinary ||= text.includes(0);
    if (!isUtf8(text)) {
      for (const line of linesOf(text)) {
        if (!isUtf8(line)) isWritten8Bit = true;
        else if (hasHighBytes(line)) hasUtf8 = true;
      }
    } else if (hasHighBytes(text)) hasUtf8 = true;
  };
  for await (const chunk of source.open()) {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = bytes.subarray(end);
    if (rest.length > MAX_ROW_BYTES) throw endlessLine(lines + 1);
    if (end === 0) continue;
    look(bytes.subarray(0, end));
    lines += 1;
  }
  if (rest.length > 0) look(rest);
  return { encoding: isWritten8Bit && !hasUtf8 && !isBinary ? 'windows-1252' : 'utf-8', delimiter: delimiter ?? ',' };
}

/** The refusal of a line that does not end. */
export function endlessLine(line: number): ImportFileProblem {
  return new ImportFileProblem(line, 'the line is too long; this does not look like a CSV file.');
}

const BOM = Buffer.from('\ufeff');

function hasHighBytes(text: Buffer): boolean {
  const from = text.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  return text.subarray(from).some((byte) => byte > 0x7f);
}

function* linesOf(text: Buffer): Generator<Buffer> {
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(LINE_FEED, at);
    const end = next < 0 ? text.length : next + 1;
    yield text.subarray(at, end);
    at = end;
  }
}

/** The one that is in the header most often, outside of quotes. */
function delimiterOf(text: Buffer): CsvFormat['delimiter'] {
  const [header = ''] = text.toString('latin1').split(/[\r\n]/, 1);
  const bare = header.replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}
