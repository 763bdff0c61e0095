import { invalid } from './api-error.js';

const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));
const OTHERS =
  'aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw'.split(
    ' ',
  );
const SUPPORTED = new Set([...ZERO_DECIMAL, ...THREE_DECIMAL, ...OTHERS]);

/** Smallest charge in minor units; a currency that is not listed is held to 1. */
const MINIMUM: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      [30, 'gbp'],
      [50, 'usd eur aud brl cad chf inr nzd sgd jpy'],
      [100, 'bgn'],
      [200, 'aed myr pln ron'],
      [250, 'dkk'],
      [300, 'nok sek'],
      [400, 'hkd'],
      [1000, 'mxn thb'],
      [1500, 'czk'],
      [17_500, 'huf'],
    ] as const
  ).flatMap(([minimum, currencies]) => currencies.split(' ').map((currency) => [currency, minimum])),
);
const MAXIMUM = 99_999_999;

/** Digits after the point on Stripe's wire; ISK and UGX are sent with two although they have none. */
export const exponentOf = (currency: string): number =>
  ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2;

/** Such as `$20.00`, for people. */
export function inMajorUnits(amount: number, currency: string): string {
  const digits = exponentOf(currency);
  return new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

/** @throws {ApiError} when Stripe does not charge in it */
export function checkCurrency(given: string): string {
  const currency = given.toLowerCase();
  if (!SUPPORTED.has(currency)) {
    throw invalid(`Invalid currency: ${currency}. Stripe does not support this currency.`, { param: 'currency' });
  }
  return currency;
}

/** @throws {ApiError} amount_too_small, amount_too_large, or that a three-decimal amount does not end in 0 */
export function checkAmount(amount: number, currency: string): void {
  if (amount < 1) {
    throw invalid('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param: 'amount',
    });
  }
  const minimum = MINIMUM[currency] ?? 1;
  if (amount < minimum) {
    throw invalid(`Amount must be at least ${inMajorUnits(minimum, currency)} ${currency}`, {
      code: 'amount_too_small',
      param: 'amount',
    });
  }
  if (amount > MAXIMUM) {
    throw invalid(`Amount must be no more than ${inMajorUnits(MAXIMUM, currency)}`, {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
  if (exponentOf(currency) === 3 && amount % 10 !== 0) {
    throw invalid(`Amounts in ${currency} must be rounded to the nearest ten`, { param: 'amount' });
  }
}
