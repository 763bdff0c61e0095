/** What follows the prefix in the VAT numbers of the EU (Directive 2006/112/EC, formats as VIES lists them). */
const FORMATS: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^(?:[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z])$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(?:\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W])$/,
  IT: /^\d{11}$/,
  LT: /^(?:\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^\d{9}B\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{10}01$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
};

/** Greece has another prefix than country code. */
const countryOf = (prefix: string) => (prefix === 'EL' ? 'GR' : prefix);

/** The countries of the EU, whose businesses buy from each other without VAT (ISO 3166 alpha-2). */
export const EU_COUNTRIES: ReadonlySet<string> = new Set(Object.keys(FORMATS).map(countryOf));

/** A VAT number of the EU as it is written on invoices, and whose it is; null when it has not the form of its country. */
export function parseVatNumber(text: string): { number: string; country: string } | null {
  const number = text.toUpperCase().replace(/[\s.-]/g, '');
  const prefix = number.slice(0, 2);
  if (!Object.hasOwn(FORMATS, prefix) || !FORMATS[prefix]!.test(number.slice(2))) return null;
  return { number, country: countryOf(prefix) };
}

/** Why a buyer owes no tax: staff have said so, or the buyer's business owes it itself (EU reverse charge). */
export type TaxExemption = 'exempt' | 'reverse_charge';

/**
 * Whether tax is due. The reverse charge holds for a business of another EU country when the goods leave the country of the
 * shop for another one of the EU (Article 138 of the directive).
 */
export function taxExemptionOf(
  buyer: { vatNumber: string | null; taxExempt: boolean } | null,
  shopCountry: string | null,
  destination: string | null,
): TaxExemption | null {
  if (!buyer) return null;
  if (buyer.taxExempt) return 'exempt';
  if (buyer.vatNumber === null || shopCountry === null || destination === null) return null;
  if (!EU_COUNTRIES.has(shopCountry) || !EU_COUNTRIES.has(destination) || destination === shopCountry) return null;
  const vat = parseVatNumber(buyer.vatNumber);
  return vat && vat.country !== shopCountry ? 'reverse_charge' : null;
}
