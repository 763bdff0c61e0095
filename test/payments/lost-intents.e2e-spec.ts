import { encodeId, newUuid } from '#libs/ids';
import { createEmulator, type Emulator } from '#libs/stripe-emulator';
import { loadConfig } from '../../src/config/index.js';
import type { PaymentRow } from '../../src/modules/payments/payments.repository.js';
import { FindLostIntent } from '../../src/modules/payments/reconciliation/find-lost-intent.service.js';
import { StripeBooks } from '../../src/modules/payments/stripe/stripe-books.js';
import { StripeGateway } from '../../src/modules/payments/stripe/stripe-gateway.js';
import { WEBHOOK_SECRET } from '../support/shop.js';

const BUSY = 5_100;
const AT_ONCE = 50;

/** A shop's way to Stripe, without the shop. */
const gatewayTo = (stripe: Emulator) =>
  new StripeGateway(
    loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: 'postgres://localhost/none',
      DEMO: '0',
      STRIPE_SECRET_KEY: 'sk_test_emporium',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_BASE: stripe.url,
    }),
  );

async function post(stripe: Emulator, path: string, params: Record<string, string>): Promise<string> {
  const response = await fetch(`${stripe.url}${path}`, {
    method: 'POST',
    headers: {
      Authorization: 'Bearer sk_test_emporium',
      'Content-Type': 'application/x-www-form-urlencoded',
      'Idempotency-Key': newUuid(),
    },
    body: new URLSearchParams(params).toString(),
  });
  return ((await response.json()) as { id: string }).id;
}

describe('an intent whose making was never answered, in a busy account', () => {
  let stripe: Emulator;
  const lost = newUuid();

  /** An intent that a shop has made. */
  const make = (paymentId: string): Promise<string> =>
    post(stripe, '/v1/payment_intents', {
      amount: '2000',
      currency: 'usd',
      'metadata[shop]': 'emporium',
      'metadata[payment_id]': paymentId,
    });
  let ref: string;
  beforeAll(async () => {
    stripe = await createEmulator();
    ref = await make(encodeId('payment', lost));
    for (let made = 0; made < BUSY; made += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, () => make(encodeId('payment', newUuid()))));
  }, 120_000);
  afterAll(() => stripe?.close());

  it('is found behind more than 5,000 newer ones, page by page; one that is not there is not taken for another', async () => {
    const find = new FindLostIntent(new StripeBooks(gatewayTo(stripe)));
    const payment = (id: string) => ({ id, created_at: new Date() }) as PaymentRow;
    expect(await find.execute(payment(lost))).toMatchObject({ ref });
    expect(stripe.requests({ method: 'GET', path: '/v1/payment_intents' }).length).toBeGreaterThan(50);
    expect(await find.execute(payment(newUuid()))).toBeNull();
  }, 120_000);
});

describe('a payment that went back in many small parts', () => {
  it('has all of its refunds listed, those behind the first page too', async () => {
    const stripe = await createEmulator();
    try {
      const intent = await post(stripe, '/v1/payment_intents', {
        amount: '50000',
        currency: 'usd',
        confirm: 'true',
        payment_method: 'pm_card_bypassPending',
        return_url: 'http://localhost/done',
      });
      const made: string[] = [];
      for (let n = 0; n < 205; n += 1)
        made.push(await post(stripe, '/v1/refunds', { payment_intent: intent, amount: '100' }));
      const listed = await gatewayTo(stripe).listRefunds(intent);
      expect(listed.map(({ ref }) => ref).toSorted()).toEqual(made.toSorted());
      expect(listed.every(({ transactions }) => transactions?.length === 1)).toBe(true);
    } finally {
      await stripe.close();
    }
  }, 120_000);
});
