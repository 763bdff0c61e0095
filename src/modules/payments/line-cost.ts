import { roundHalfUp } from '#libs/money';

/**
 * What the first `quantity` pieces of an order line cost, in minor units; parts taken as differences of it add up to the
 * line, to the cent.
 */
export function costOf(line: { total: number; quantity: number }, quantity: number): number {
  return roundHalfUp(BigInt(line.total) * BigInt(quantity), BigInt(line.quantity));
}
