import { currencyExponent } from '#libs/money';

/**
 * Stripe's own idea of minor units, which is not ISO 4217: https://docs.stripe.com/currencies (special cases).
 * ISK and UGX have no minor unit, but are sent as if they had two digits, always 00.
 */
const SENT_WITH_TWO_DIGITS = new Set(['ISK', 'UGX']);

/** Smallest charges by currency in ISO minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). */
const MINIMUMS: Record<string, number> = {
  USD: 50, EUR: 50, AUD: 50, BRL: 50, CAD: 50, CHF: 50, INR: 50, NZD: 50, SGD: 50, GBP: 30, AED: 200, MYR: 200, PLN: 200, RON: 200,
  BGN: 100, CZK: 1500, DKK: 250, HKD: 400, HUF: 17_500, JPY: 50, MXN: 1000, THB: 1000, NOK: 300, SEK: 300,
}; // prettier-ignore

const MAXIMUM_WIRE_AMOUNT = 99_999_999;

/** ISO minor units → what Stripe calls `amount`. */
export function toWire(amount: number, currency: string): number {
  return SENT_WITH_TWO_DIGITS.has(currency) ? amount * 100 : amount;
}

/** What Stripe calls `amount` → ISO minor units. */
export function fromWire(amount: number, currency: string): number {
  return SENT_WITH_TWO_DIGITS.has(currency.toUpperCase()) ? Math.round(amount / 100) : amount;
}

/** Why Stripe would not take this amount, if it would not. Three-decimal currencies are charged in steps of ten. */
export function chargeProblem(
  amount: number,
  currency: string,
): { problem: 'too_small' | 'too_large' | 'step'; limit: number } | null {
  const minimum = MINIMUMS[currency] ?? 1;
  if (amount < minimum) return { problem: 'too_small', limit: minimum };
  if (toWire(amount, currency) > MAXIMUM_WIRE_AMOUNT)
    return { problem: 'too_large', limit: fromWire(MAXIMUM_WIRE_AMOUNT, currency) };
  if (currencyExponent(currency) === 3 && amount % 10 !== 0) return { problem: 'step', limit: 10 };
  return null;
}
