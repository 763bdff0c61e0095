import { Injectable } from '@nestjs/common';
import { encodeId } from '#libs/ids';
import type { PaymentRow } from '../payments.repository.js';
import { StripeBooks } from '../stripe/stripe-books.js';
import type { Intent } from '../stripe/stripe-gateway.js';

const MINUTE_MS = 60_000;
/** As long as Stripe keeps idempotency keys: until then asking again gives the same intent. */
export const KEY_LIFE_MS = 23 * 3_600_000;
/**
 * Where it is looked for, in time after the order: nearly always the first try made it; a repetition may have until its key
 * was forgotten.
 */
const STRETCHES_MS: readonly [number, number][] = [
  [-5 * MINUTE_MS, 10 * MINUTE_MS],
  [10 * MINUTE_MS, 120 * MINUTE_MS],
  [120 * MINUTE_MS, 26 * 60 * MINUTE_MS],
];

/**
 * Looks for the intent of a payment whose making was never answered, by listing what was made at that time and by its
 * metadata; Stripe's search would lag behind.
 */
@Injectable()
export class FindLostIntent {
  constructor(private readonly books: StripeBooks) {}

  /** @returns the intent with its charge, or null when there is none */
  async execute(payment: PaymentRow): Promise<Intent | null> {
    const paymentId = encodeId('payment', payment.id);
    const ordered = payment.created_at.getTime();
    const end = Date.now() + MINUTE_MS;
    for (const [start, stop] of STRETCHES_MS) {
      if (ordered + start > end) return null;
      const found = await this.within(paymentId, new Date(ordered + start), new Date(Math.min(ordered + stop, end)));
      if (found) return found;
    }
    return null;
  }

  /** Reads all pages: what was not looked at might be paid. Whoever cannot wait for so long has a deadline for its calls. */
  private async within(paymentId: string, from: Date, to: Date): Promise<Intent | undefined> {
    for (let after: string | null | undefined; after !== null;) {
      const { items, next } = await this.books.intents({ from, to, ...(after ? { after } : {}) });
      const found = items.find((intent) => intent.ours && intent.paymentId === paymentId);
      if (found) return found;
      after = next;
    }
    return undefined;
  }
}
