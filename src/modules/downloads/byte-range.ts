import { RangeNotSatisfiable } from './downloads.errors.js';

/** Bytes of a file, the last one with them. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The part of a file that a Range header asks for; null for all of it, and for forms that servers may pass over, such as
 * several parts at once (RFC 9110, 14.2).
 * @throws RangeNotSatisfiable when it begins behind the end
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [first, last] = [match[1]!, match[2]!];
  const range =
    first === ''
      ? { start: Math.max(size - Number(last), 0), end: size - 1 }
      : { start: Number(first), end: Math.min(last === '' ? Infinity : Number(last), size - 1) };
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  if (range.start >= size) throw RangeNotSatisfiable({ data: { bytes: size } });
  return range;
}
