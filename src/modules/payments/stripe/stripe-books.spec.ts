import type Stripe from 'stripe';
import { StripeBooks } from './stripe-books.js';
import type { StripeGateway } from './stripe-gateway.js';

const refund = (id: string, rest: Partial<Stripe.Refund>) => ({
  object: 'refund',
  id,
  amount: 500,
  currency: 'usd',
  status: 'succeeded',
  payment_intent: 'pi_1',
  balance_transaction: 'txn_1',
  metadata: {},
  ...rest,
});

/** What Stripe answers for a hold of which a part was released; its emulator lists no releases. */
const PAGE = {
  object: 'list',
  has_more: true,
  data: [
    refund('re_sent', { metadata: { refund_id: 'ref_1' }, balance_transaction: null }),
    refund('re_dashboard', {}),
    refund('re_release', { balance_transaction: null }),
  ],
};

it('what was released of a hold is not listed as a refund, and the next page is found all the same', async () => {
  const stripe = { refunds: { list: () => Promise.resolve(PAGE) } };
  const gateway = { call: (_operation: string, work: (client: unknown) => unknown) => work(stripe) };
  const books = new StripeBooks(gateway as unknown as StripeGateway);
  const { items, next } = await books.refunds({ from: new Date(0), to: new Date() });
  expect(items.map(({ ref }) => ref)).toEqual(['re_sent', 're_dashboard']);
  expect(next).toBe('re_release');
});
