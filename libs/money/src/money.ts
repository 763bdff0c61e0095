/** An amount in integer minor units (cents, pence, fils) of an ISO 4217 currency. Never a float. */
export interface Money {
  amount: number;
  currency: string;
}

/** ISO 4217 minor-unit exponents that are not 2; every currency of `Intl` that is not listed has 2. */
const EXPONENTS: Record<string, number> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}; // prettier-ignore

/** Every ISO 4217 code that this runtime knows. */
export const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Whether the text is a currency code in ISO 4217, in capitals. */
export function isCurrency(code: unknown): code is string {
  return typeof code === 'string' && CURRENCIES.has(code);
}

/** How many decimal digits the currency has: 2 for USD, 0 for JPY, 3 for KWD (ISO 4217). */
export function currencyExponent(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/** Pairs an integer amount of minor units with its currency; a fraction or an unsafe integer is a programming error. */
export function money(amount: number, currency: string): Money {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`money must be an integer of minor units, got ${amount}`);
  return { amount, currency };
}

/** How a locale writes amounts of a currency. */
interface Style {
  format: Intl.NumberFormat;
  /** What stands before and behind `1,234.56`; null where an amount is not written like that. */
  around: { before: string; behind: string } | null;
}

/** Making one takes a hundred times as long as using it. */
const styles = new Map<string, Style>();
const SAMPLE = 1_234_567;

function styleOf(locale: string, currency: string): Style {
  const key = `${locale} ${currency}`;
  let style = styles.get(key);
  if (!style) {
    const digits = currencyExponent(currency);
    const options = {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    } as const;
    const format = new Intl.NumberFormat(locale, options);
    const decimals = digits === 0 ? '' : `.${'0'.repeat(digits)}`;
    const [before, behind, ...more] = format.format(SAMPLE).split(`1,234,567${decimals}`);
    const isSimple =
      behind !== undefined && more.length === 0 && format.format(-SAMPLE) === `-${format.format(SAMPLE)}`;
    styles.set(key, (style = { format, around: isSimple ? { before: before!, behind } : null }));
  }
  return style;
}

/** For people: `{1999, GBP}` → `£19.99`. */
export function formatMoney({ amount, currency }: Money, locale = 'en-US'): string {
  const { format, around } = styleOf(locale, currency);
  const exponent = currencyExponent(currency);
  // Mails and carts are full of amounts, and Intl takes ten times as long for one.
  if (!around || !Number.isSafeInteger(amount)) return format.format(amount / 10 ** exponent);
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0');
  const end = digits.length - exponent;
  let whole = digits.slice(Math.max(end - 3, 0), end);
  for (let at = end - 3; at > 0; at -= 3) whole = `${digits.slice(Math.max(at - 3, 0), at)},${whole}`;
  const decimals = exponent === 0 ? '' : `.${digits.slice(end)}`;
  return `${amount < 0 ? '-' : ''}${around.before}${whole}${decimals}${around.behind}`;
}

/** For files: `{1999, GBP}` → `19.99`, what `parseDecimal` reads, without going through a float. */
export function formatDecimal({ amount, currency }: Money): string {
  const exponent = currencyExponent(currency);
  if (exponent === 0) return String(amount);
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * Reads a decimal price as people write it in files (`19.99`, `1999`, `0.5`) into minor units without going through a float.
 * Digits beyond the currency's exponent must be zero. Returns null when the text is not such a number or is too large.
 */
export function parseDecimal(text: string, currency: string): number | null {
  const match = /^(-?)(\d{1,13})(?:\.(\d{0,12}))?$/.exec(text.trim());
  if (!match) return null;
  const exponent = currencyExponent(currency);
  const fraction = (match[3] ?? '').padEnd(exponent, '0');
  if (/[1-9]/.test(fraction.slice(exponent))) return null;
  const amount = Number(`${match[2]}${fraction.slice(0, exponent)}`);
  if (!Number.isSafeInteger(amount)) return null;
  return match[1] && amount !== 0 ? -amount : amount;
}
