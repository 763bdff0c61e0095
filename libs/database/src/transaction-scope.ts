import { Carried } from '#libs/context';

export const transactionScope = new Carried<{ open: boolean }>();

/**
 * Called by everything that talks to the network. A lock held across somebody else's latency is an outage
 * (a hot product sells once per round trip), so doing that is refused, not discouraged.
 */
export function assertNoTransaction(what: string): void {
  if (transactionScope.get()?.open) throw new Error(`${what} was called inside a database transaction`);
}
