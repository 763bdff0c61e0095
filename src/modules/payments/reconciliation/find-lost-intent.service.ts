import { Injectable } from '@nestjs/common';
import { encodeId } from '#libs/ids';
import type { PaymentRow } from '../payments.repository.js';
import { StripeBooks } from '../stripe/stripe-books.js';
import type { Intent } from '../stripe/stripe-gateway.js';

const MINUTE_MS = 60_000;
/** As long as Stripe keeps idempotency keys: until then asking again gives the same intent. */
export const KEY_LIFE_MS = 23 * 3_600_000;
/** How long after the order its intent may have been made. */
const WINDOW_MS = 26 * 3_600_000;
const MAX_PAGES = 50;

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
    const from = new Date(payment.created_at.getTime() - 5 * MINUTE_MS);
    const to = new Date(Math.min(payment.created_at.getTime() + WINDOW_MS, Date.now() + MINUTE_MS));
    let after: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { items, next } = await this.books.intents({ from, to, ...(after ? { after } : {}) });
      const found = items.find((intent) => intent.ours && intent.paymentId === paymentId);
      if (found) return found;
      if (next === null) return null;
      after = next;
    }
    throw new Error(`too many intents to look for that of ${paymentId}`);
  }
}
