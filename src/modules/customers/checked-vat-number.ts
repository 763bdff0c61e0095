import { ValidationFailed } from '#libs/errors';
import { parseVatNumber } from '../pricing/index.js';

/** A VAT number as it is kept; undefined and null stay so. @throws validation_failed when it has not the form of its country */
export function checkedVatNumber(text: string | null | undefined): string | null | undefined {
  if (text == null) return text;
  const vat = parseVatNumber(text);
  if (vat) return vat.number;
  const detail = 'must be a VAT number of the EU, in the form of its country, such as DE123456789';
  throw ValidationFailed({ errors: [{ pointer: '/vatNumber', code: 'invalid_vat_number', detail }] });
}
