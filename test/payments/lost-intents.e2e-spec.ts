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

describe('an intent whose making was never answered, in a busy account', () => {
  let stripe: Emulator;
  const lost = newUuid();

  /** An intent that a shop has made. */
  async function make(paymentId: string): Promise<string> {
    const response = await fetch(`${stripe.url}/v1/payment_intents`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer sk_test_emporium',
        'Content-Type': 'application/x-www-form-urlencoded',
        'Idempotency-Key': newUuid(),
      },
      body: new URLSearchParams({
        amount: '2000',
        currency: 'usd',
        'metadata[shop]': 'emporium',
        'metadata[payment_id]': paymentId,
      }).toString(),
    });
    return ((await response.json()) as { id: string }).id;
  }
  let ref: string;
  beforeAll(async () => {
    stripe = await createEmulator();
    ref = await make(encodeId('payment', lost));
    for (let made = 0; made < BUSY; made += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, () => make(encodeId('payment', newUuid()))));
  }, 120_000);
  afterAll(() => stripe?.close());

  it('is found behind more than 5,000 newer ones, page by page; one that is not there is not taken for another', async () => {
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: 'postgres://localhost/none',
      DEMO: '0',
      STRIPE_SECRET_KEY: 'sk_test_emporium',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_BASE: stripe.url,
    });
    const find = new FindLostIntent(new StripeBooks(new StripeGateway(config)));
    const payment = (id: string) => ({ id, created_at: new Date() }) as PaymentRow;
    expect(await find.execute(payment(lost))).toMatchObject({ ref });
    expect(stripe.requests({ method: 'GET', path: '/v1/payment_intents' }).length).toBeGreaterThan(50);
    expect(await find.execute(payment(newUuid()))).toBeNull();
  }, 120_000);
});
