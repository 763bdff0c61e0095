import { currencyExponent } from '#libs/money';

/**
 * Stripe's own idea of minor units, which is neither ISO 4217 nor what `Intl` shows: https://docs.stripe.com/currencies.
 * HUF and TWD are charged in hundredths although banks pay them out whole; ISK and UGX are listed as having no minor unit, but
 * are charged as if they had two digits, always 00; MGA has a fifth in ISO 4217, and none at Stripe.
 */
const WITHOUT_DIGITS = new Set(
  ['BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'], // prettier-ignore
);
/** Charged to three digits, of which the last is 0. */
const WITH_THREE_DIGITS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** Smallest charges by currency in ISO minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). */
const MINIMUMS: Record<string, number> = {
  USD: 50, EUR: 50, AUD: 50, BRL: 50, CAD: 50, CHF: 50, INR: 50, NZD: 50, SGD: 50, GBP: 30, AED: 200, MYR: 200, PLN: 200, RON: 200,
  BGN: 100, CZK: 1500, DKK: 250, HKD: 400, HUF: 17_500, JPY: 50, MXN: 1000, THB: 1000, NOK: 300, SEK: 300,
}; // prettier-ignore

/** How many digits an amount that cards are charged with has after the point of this currency. */
export function wireExponent(currency: string): number {
  return WITHOUT_DIGITS.has(currency) ? 0 : WITH_THREE_DIGITS.has(currency) ? 3 : 2;
}

/** Of how many ISO minor units every amount has to be a multiple: 10 for KWD, 100 for MGA, 1 for nearly all. */
export function chargeStep(currency: string): number {
  const factor = 10 ** (wireExponent(currency) - currencyExponent(currency));
  return WITH_THREE_DIGITS.has(currency) ? 10 : factor < 1 ? Math.round(1 / factor) : 1;
}

/** The least that a card is charged with, in ISO minor units. */
export function chargeMinimum(currency: string): number {
  return MINIMUMS[currency] ?? 1;
}
