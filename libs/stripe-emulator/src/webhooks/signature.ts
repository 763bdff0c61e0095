import { createHmac } from 'node:crypto';

/**
 * The value of `Stripe-Signature`.
 * @param secrets more than one while a secret is being rolled
 * @param timestamp seconds
 */
export function signatureHeader(payload: string, secrets: readonly string[], timestamp: number): string {
  const signed = (secret: string): string =>
    createHmac('sha256', secret).update(`${timestamp}.${payload}`).digest('hex');
  // Stripe sends a v0 too, made with another secret; receivers must look at v1 only.
  return `t=${timestamp},${secrets.map((secret) => `v1=${signed(secret)}`).join(',')},v0=${signed('v0')}`;
}
