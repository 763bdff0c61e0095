import { currencyExponent } from '#libs/money';
import { chargeMinimum, chargeStep, wireExponent } from '../../pricing/index.js';

/** In what Stripe calls `amount`. */
const MAXIMUM_WIRE_AMOUNT = 99_999_999;

/** Wire units for each ISO minor unit: 100 for ISK, 0.01 for MGA, 1 for nearly all. */
const factorOf = (currency: string) => 10 ** (wireExponent(currency) - currencyExponent(currency));

/** ISO minor units → what Stripe calls `amount`. Only for amounts without a `chargeProblem`. */
export function toWire(amount: number, currency: string): number {
  const wire = amount * factorOf(currency);
  if (!Number.isInteger(Math.round(wire * 1e6) / 1e6))
    throw new RangeError(`${amount} ${currency} cannot be charged to the last digit`);
  return Math.round(wire);
}

/** What Stripe calls `amount` → ISO minor units. */
export function fromWire(amount: number, currency: string): number {
  return Math.round(amount / factorOf(currency.toUpperCase()));
}

/** Why Stripe would not take this amount, if it would not. `limit` is in ISO minor units. */
export function chargeProblem(
  amount: number,
  currency: string,
): { problem: 'too_small' | 'too_large' | 'step'; limit: number } | null {
  const minimum = chargeMinimum(currency);
  if (amount < minimum) return { problem: 'too_small', limit: minimum };
  const factor = factorOf(currency);
  if (amount * factor > MAXIMUM_WIRE_AMOUNT)
    return { problem: 'too_large', limit: Math.floor(MAXIMUM_WIRE_AMOUNT / factor) };
  const step = chargeStep(currency);
  return amount % step === 0 ? null : { problem: 'step', limit: step };
}
