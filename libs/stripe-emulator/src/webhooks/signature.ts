import { createHmac } from 'node:crypto';

/** The value of `Stripe-Signature`. @param timestamp seconds */
export function signatureHeader(payload: string, secret: string, timestamp: number): string {
  const v1 = createHmac('sha256', secret).update(`${timestamp}.${payload}`).digest('hex');
  // Stripe sends a v0 too, made with another secret; receivers must look at v1 only.
  const v0 = createHmac('sha256', 'v0').update(`${timestamp}.${payload}`).digest('hex');
  return `t=${timestamp},v1=${v1},v0=${v0}`;
}
