import { currencyExponent, parseDecimal } from '#libs/money';

/** A value that was read, or the reason why not, in words that follow the name of the column. */
export type Reading<T> = { value: T } | { reason: string };

const MAX_AMOUNT = 99_999_999_999;
const MAX_GRAMS = 2_000_000_000;
const MAX_QUANTITY = 1_000_000_000;
const MAX_VALUE = 255;

const MAX_SHOWN = 60;

/** A cell as it is quoted, cut between characters. */
function shown(text: string): string {
  const characters = Array.from(text.slice(0, 2 * (MAX_SHOWN + 1)));
  return `"${characters.length > MAX_SHOWN ? `${characters.slice(0, MAX_SHOWN).join('')}…` : text}"`;
}

/** TRUE and FALSE as exports and spreadsheets write them. */
export function readFlag(text: string, blank: boolean): Reading<boolean> {
  if (text === '') return { value: blank };
  if (/^(true|yes|y|t|1)$/i.test(text)) return { value: true };
  if (/^(false|no|n|f|0)$/i.test(text)) return { value: false };
  return { reason: `must be TRUE or FALSE, not ${shown(text)}` };
}

/** A price in minor units; null when the cell is empty. */
export function readPrice(text: string, currency: string): Reading<number | null> {
  if (text === '') return { value: null };
  const amount = parseDecimal(text, currency);
  if (amount === null) {
    const digits = currencyExponent(currency);
    const form =
      digits === 0 ? 'a whole number' : `a number with at most ${digits} decimals and a point, such as 19.99`;
    return { reason: `must be ${form} for ${currency}, not ${shown(text)}` };
  }
  if (amount < 0) return { reason: `must not be negative, but is ${shown(text)}` };
  if (amount > MAX_AMOUNT) return { reason: `is too large: ${shown(text)}` };
  return { value: amount };
}

const GRAMS_PER: Record<string, number> = { g: 1, kg: 1_000, oz: 28.349_523_125, lb: 453.592_37, lbs: 453.592_37 };

/** A weight in whole grams. */
export function readWeight(text: string, unit: string): Reading<number> {
  if (text === '') return { value: 0 };
  const factor = GRAMS_PER[unit.toLowerCase()];
  if (factor === undefined) return { reason: `has an unknown unit ${shown(unit)}` };
  if (!/^\d{1,12}(\.\d*)?$|^\.\d+$/.test(text)) return { reason: `must be a number, not ${shown(text)}` };
  const grams = Math.round(Number(text) * factor);
  return grams > MAX_GRAMS ? { reason: `is too large: ${shown(text)}` } : { value: grams };
}

/** A count of stock, negative ones included; null when the cell is empty. */
export function readQuantity(text: string): Reading<number | null> {
  if (text === '') return { value: null };
  if (!/^-?\d{1,12}(\.0*)?$/.test(text)) return { reason: `must be a whole number, not ${shown(text)}` };
  const quantity = Number(text);
  return Math.abs(quantity) > MAX_QUANTITY ? { reason: `is out of range: ${shown(text)}` } : { value: quantity };
}

/** `deny` or `continue`: whether to sell what is not in stock. */
export function readPolicy(text: string): Reading<boolean> {
  if (text === '' || /^(deny|false|no)$/i.test(text)) return { value: false };
  if (/^(continue|true|yes)$/i.test(text)) return { value: true };
  return { reason: `must be deny or continue, not ${shown(text)}` };
}

/** An http address as it stands, or completed where the scheme is left out; null when it is none. */
export function readUrl(text: string): string | null {
  const url = text.startsWith('//') ? `https:${text}` : text;
  if (url.length > 2_048) return null;
  try {
    return ['http:', 'https:'].includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** A moment with its time zone; null when the cell is empty. */
export function readTime(text: string): Reading<Date | null> {
  if (text === '') return { value: null };
  const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const time = new Date(text);
  if (!isTime || Number.isNaN(time.getTime())) return { reason: 'must be a time such as 2026-11-01T00:00:00Z' };
  return { value: time };
}

/** Values by their keys, `{"roast": "Dark"}`; none when the cell is empty. */
export function readValues(text: string): Reading<Record<string, string | number | boolean>> {
  if (text === '') return { value: {} };
  const reason =
    'must be an object of texts of at most 255 characters, numbers, true and false, such as {"roast": "Dark"}';
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values !== 'object' || values === null || Array.isArray(values)) return { reason };
    if (!Object.values(values).every(isValue)) return { reason };
    if (!Object.entries(values).flat().every(isStorable))
      return { reason: 'has a character that cannot be stored: half of one, or \\u0000' };
    return { value: values as Record<string, string> };
  } catch {
    return { reason };
  }
}

const isValue = (value: unknown) =>
  typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_VALUE);

const isStorable = (part: unknown) => typeof part !== 'string' || (part.isWellFormed() && !part.includes('\0'));
