import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Stripe from 'stripe';
import { decodeId, newUuid } from '#libs/ids';
import { PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { AS_ONCE, type Flow, useCrashRig } from '../support/crash-rig.js';
import type { Sale } from '../support/payments.js';
import { SEED } from '../support/rounds.js';
import { WEBHOOK_SECRET } from '../support/shop.js';

const SOURCES = resolve(import.meta.dirname, '../../src/modules');
const IS_FULL = process.env.EMPORIUM_TEST_FULL === '1';

/**
 * Every failpoint of payments with a flow that comes to it. In `npm test` those that differ most, in the long run all:
 * which are left out is said here, and a failpoint that is not in the table fails the run.
 */
const MATRIX: [failpoint: string, flow: string, isQuick: boolean][] = [
  ['commit.place_order', 'checkout', true],
  ['stripe.create.before', 'checkout', true],
  ['stripe.create.after', 'checkout', true],
  ['commit.intent', 'checkout', false],
  ['commit.try', 'checkout', true],
  ['stripe.confirm.before', 'checkout', false],
  ['stripe.confirm.after', 'checkout', true],
  ['commit.settle', 'checkout', true],
  ['commit.pay_again', 'pay after a decline', false],
  ['commit.try', 'pay after a decline', false],
  ['stripe.confirm.after', 'pay after a decline', false],
  ['commit.webhook', 'pay in the browser', true],
  ['stripe.retrieve.before', 'pay in the browser', false],
  ['stripe.retrieve.after', 'pay in the browser', true],
  ['commit.settle', 'pay in the browser', false],
  ['commit.receipt', 'pay in the browser', true],
  ['stripe.cancel.before', 'cancel before paying', false],
  ['stripe.cancel.after', 'cancel before paying', true],
  ['commit.settle', 'cancel before paying', false],
  ['commit.refund', 'refund', false],
  ['stripe.refund.before', 'refund', true],
  ['stripe.refund.after', 'refund', true],
  ['commit.refund_answer', 'refund', true],
  ['stripe.list_refunds.before', 'refund', false],
  ['stripe.list_refunds.after', 'refund', false],
  ['commit.refund_refused', 'refund that Stripe refuses', false],
  ['commit.cancel', 'cancel a paid order', false],
  ['stripe.refund.after', 'cancel a paid order', false],
  ['commit.gift_cards', 'buy gift cards', true],
  ['commit.settle', 'buy gift cards', false],
  ['commit.mark_paid', 'pay on invoice', false],
  ['commit.fulfillment', 'ship', false],
  ['commit.cancel_begun', 'cancel a held order', false],
  ['stripe.cancel.after', 'cancel a held order', true],
  ['commit.cancel_stopped', 'cancel a held order while Stripe is away', false],
  ['commit.cancel_wish', 'cancel a held order', true],
  ['commit.cancel_wish_over', 'cancel what was paid meanwhile', true],
  ['commit.cancel_stopped', 'take up a cancellation that broke off', false],
  ['commit.cancel_wish_over', 'take up a cancellation that broke off', false],
  ['commit.expire_overdue', 'an order past its time whose job has died', false],
  ['commit.resume', 'a refund whose job has died', false],
  ['commit.hold_warning', 'a hold that ends soon', true],
  ['commit.order_looked_up', 'look for an order', true],
  ['commit.hold_released', 'release an order that was held back', false],
  ['stripe.retrieve_object.before', 'a thin event of a charge', false],
  ['stripe.retrieve_object.after', 'a thin event of a charge', false],
  ['commit.disputes', 'pay with a card that is disputed', true],
  ['stripe.list_disputes.before', 'pay with a card that is disputed', false],
  ['stripe.list_disputes.after', 'pay with a card that is disputed', false],
  ['stripe.list_fraud_warnings.before', 'pay with a card that is disputed', false],
  ['stripe.list_fraud_warnings.after', 'pay with a card that is disputed', false],
  ['commit.key_spent', 'checkout with a spent key', true],
  ['stripe.create.after', 'checkout with a spent key', true],
  ['commit.intent', 'checkout with a spent key', false],
  ['commit.key_spent', 'refund with a spent key', false],
  ['stripe.refund.after', 'refund with a spent key', true],
  ['commit.key_spent', 'capture with a spent key', false],
  ['stripe.capture.after', 'capture with a spent key', false],
  ['commit.key_spent', 'save a card with a spent key', false],
  ['stripe.list_customers.before', 'save a card with a spent key', false],
  ['stripe.list_customers.after', 'save a card with a spent key', false],
  ['stripe.create_customer.after', 'save a card with a spent key', false],
  ['commit.customer', 'save a card', false],
  ['commit.customer_ref', 'save a card', true],
  ['commit.customer_lost', 'save a card at Stripe, which has lost the customer', false],
  ['commit.customer_ref', 'save a card at Stripe, which has lost the customer', false],
  ['commit.customer_forgotten', 'delete the account', false],
  ['stripe.read_review.before', 'pay with a card that is disputed', false],
  ['stripe.read_review.after', 'pay with a card that is disputed', false],
  ['stripe.create_customer.before', 'save a card', false],
  ['stripe.create_customer.after', 'save a card', true],
  ['stripe.set_card.before', 'save a card', false],
  ['stripe.set_card.after', 'save a card', false],
  ['stripe.find_card.before', 'pay with a saved card', false],
  ['stripe.find_card.after', 'pay with a saved card', false],
  ['stripe.list_cards.before', 'look at the saved cards', false],
  ['stripe.list_cards.after', 'look at the saved cards', false],
  ['stripe.detach_card.before', 'forget a card', false],
  ['stripe.detach_card.after', 'forget a card', false],
  ['stripe.delete_customer.before', 'delete the account', false],
  ['stripe.delete_customer.after', 'delete the account', true],
  ['stripe.dispute_evidence.before', 'answer a dispute', false],
  ['stripe.dispute_evidence.after', 'answer a dispute', false],
  ['commit.dispute_note', 'answer a dispute', false],
  ['commit.dispute_note', 'give up a dispute', true],
  ['stripe.dispute_close.before', 'give up a dispute', false],
  ['stripe.dispute_close.after', 'give up a dispute', false],
  ['commit.reconciliation', 'compare the books', false],
  ['commit.reconciliation_nightly', 'the comparison of the night', false],
  ['commit.event_recovered', 'events that were lost', true],
  ['commit.finding', 'events that were lost', false],
  ['commit.finding', 'money without an order', false],
  ['commit.event_failed', 'an event that cannot be worked on', false],
  ['commit.posting', 'money that is not in the ledger', false],
  ['stripe.list_events.before', 'compare the books', false],
  ['stripe.list_events.after', 'compare the books', false],
  ['stripe.list_intents.before', 'compare the books', false],
  ['stripe.list_intents.after', 'compare the books', false],
  ['stripe.list_all_refunds.before', 'compare the books', false],
  ['stripe.list_all_refunds.after', 'compare the books', false],
  ['stripe.list_all_disputes.before', 'compare the books', false],
  ['stripe.list_all_disputes.after', 'compare the books', false],
  ['stripe.list_transactions.before', 'compare the books', false],
  ['stripe.list_transactions.after', 'compare the books', false],
  ['commit.review_accepted', 'accept too little', false],
  ['commit.review_rejected', 'send back too little', false],
  ['stripe.refund.after', 'send back too little', false],
  ['commit.review_rejected', 'cancel what is under review', false],
  ['commit.cancel', 'cancel what is under review', false],
  ['commit.capture', 'capture', false],
  ['stripe.capture.before', 'capture', false],
  ['stripe.capture.after', 'capture', true],
  ['commit.settle', 'capture', false],
  ['commit.capture_refused', 'capture that Stripe refuses', true],
];

describe(`A process killed at any moment (seed ${SEED})`, () => {
  const rig = useCrashRig();
  const { pay } = rig;
  const send = rig.send.bind(rig);
  const post = rig.post.bind(rig);

  async function checkout(body: Record<string, unknown>, variantId?: string) {
    const filled = await pay.fill(variantId ? { variantId } : {});
    const key = newUuid();
    const request = () =>
      post(`/v1/carts/${filled.cart.id}/checkout`, { 'X-Cart-Token': filled.cart.token, 'Idempotency-Key': key }, body);
    return { ...filled, request };
  }
  const SERVER = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };

  async function sold(body: Record<string, unknown> = { paymentMethod: 'stripe' }): Promise<Sale> {
    const { request, variantId, quantity, cart } = await checkout(body);
    const answer = await request();
    expect(answer).toMatchObject({ status: 201 });
    const { order, payment } = answer!.body;
    return {
      variantId, quantity, cartId: cart.id, token: cart.token, orderId: order.id, number: order.number,
      lineId: order.lines[0].id, paymentId: payment.id, intent: pay.intentsOf(order.id)[0]?.id ?? '',
      clientSecret: payment.clientSecret, payment,
    }; // prettier-ignore
  }
  async function paid(card = 'pm_card_visa'): Promise<Sale> {
    const sale = await sold({ ...SERVER, confirmationToken: card });
    await pay.shop.quiet();
    return sale;
  }
  /** The bank holds the money until staff take it. */
  async function held(): Promise<Sale> {
    await pay.captureLater(true);
    try {
      return await paid();
    } finally {
      await pay.captureLater(false);
    }
  }
  /** Starts a recurring job out of its turn, as often as it is asked for. */
  async function recurring(name: string): ReturnType<typeof send> {
    const id = newUuid();
    await pay.shop.db.query(
      `INSERT INTO jobs (id, queue, name, dedupe_key, payload, max_attempts) VALUES ($1, 'maintenance', $2, $3, '{}', 1)`,
      [id, name, `${name}:${id}`],
    );
    return send('GET', '/v1/products', {});
  }
  /** Somebody changed at Stripe what is asked for, and that was paid. */
  async function underpaid(): Promise<Sale> {
    const sale = await sold();
    await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}`, { amount: '100' });
    await pay.shop.confirm(sale.clientSecret);
    await pay.shop.until(async () => (await pay.order(sale)).status === 'payment_review', 'the review');
    await pay.shop.quiet();
    return sale;
  }
  /** Stripe fails at the next call, and keeps that as the answer to its key. */
  const spoil = (contains: string) =>
    pay.stripe.setChaos({ api: [{ kind: 'status', stored: true, method: 'POST', contains, count: 1 }] });
  let people = 0;
  let customer: SignedIn;
  const asCustomer = () => ({ Authorization: `Bearer ${customer.bearer}` });
  /** What a customer orders, to be asked for as often as one likes. */
  async function orderOfCustomer(body: Record<string, unknown>): Promise<() => ReturnType<typeof post>> {
    const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
    const made = await post('/v1/carts', asCustomer(), { lines: [{ variantId, quantity: 2 }], email: customer.email });
    const key = newUuid();
    return async () => {
      const headers = { ...asCustomer(), 'Idempotency-Key': key };
      const answer = await post(`/v1/carts/${made!.body.id}/checkout`, headers, { ...SERVER, ...body });
      if (answer?.status === 201) found = pay.saleOf(answer as never, variantId, 2, made!.body);
      return answer;
    };
  }
  /** A customer with a saved card, and the order that was paid with it. */
  async function withCard(): Promise<{ sale: Sale; card: string }> {
    customer = await signUp(pay.shop, `kept${(people += 1)}@example.com`);
    expect(await (await orderOfCustomer({ savePaymentMethod: true }))()).toMatchObject({ status: 201 });
    await pay.shop.quiet();
    const cards = await send('GET', '/v1/me/payment-methods', asCustomer());
    return { sale: found!, card: cards!.body.data[0].id };
  }
  const customersAtStripe = () =>
    (pay.stripe.state() as unknown as { customers: Stripe.Customer[] }).customers.filter(
      (one) => !one.deleted && one.metadata.customer_id === customer.id,
    );
  /** Nothing was taken, the hold is gone, and the goods are back. */
  async function isLetGo(sale: Sale): Promise<void> {
    expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', amount_received: 0 }]);
  }
  async function isPaidOnce(sale: Sale): Promise<void> {
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(pay.charges(sale)).toHaveLength(1);
    expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
    expect(await pay.told(sale, 'order.paid')).toBe(1);
    expect(await pay.told(sale, 'order.placed')).toBe(1);
  }

  /** The same request with the same key, before and after. */
  let again: () => ReturnType<typeof post>;
  let found: Sale | undefined;
  let forgotten: string;
  const asStaff = rig.asStaff.bind(rig);

  const flows: Record<string, Flow> = {
    checkout: {
      prepare: async () => {
        const { request, variantId, quantity, cart } = await checkout(SERVER);
        again = async () => {
          const answer = await request();
          if (answer?.status === 201) found = pay.saleOf(answer as never, variantId, quantity, cart);
          return answer;
        };
      },
      act: () => again(),
      check: isPaidOnce,
    },
    'checkout with a spent key': {
      prepare: async () => {
        await flows.checkout!.prepare();
        spoil('/v1/payment_intents');
      },
      act: () => again(),
      check: isPaidOnce,
    },
    'refund with a spent key': {
      prepare: async () => {
        const sale = await paid();
        spoil('/v1/refunds');
        return sale;
      },
      act: (sale) => flows.refund!.act(sale),
      check: (sale) => flows.refund!.check(sale),
    },
    'capture with a spent key': {
      prepare: async () => {
        const sale = await held();
        spoil('/capture');
        return sale;
      },
      act: (sale) => flows.capture!.act(sale),
      check: (sale) => flows.capture!.check(sale),
    },
    'buy gift cards': {
      prepare: async () => {
        const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
        await pay.shop.db.query(
          `UPDATE products SET is_gift_card = true WHERE id = (SELECT product_id FROM variants WHERE id = $1)`,
          [decodeId('variant', variantId)],
        );
        const { request, quantity, cart } = await checkout(SERVER, variantId);
        again = async () => {
          const answer = await request();
          if (answer?.status === 201) found = pay.saleOf(answer as never, variantId, quantity, cart);
          return answer;
        };
      },
      act: () => again(),
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['completed', 'paid', 3, 0]);
        expect(pay.charges(sale)).toHaveLength(1);
        const cards = await pay.shop.db.query(
          `SELECT piece, balance FROM gift_cards WHERE order_id = $1 ORDER BY piece`,
          [decodeId('order', sale.orderId)],
        );
        expect(cards).toEqual([
          { piece: 1, balance: 1000 },
          { piece: 2, balance: 1000 },
        ]);
        expect(await pay.told(sale, 'order.gift_cards_issued')).toBe(1);
      },
    },
    'pay in the browser': {
      prepare: () => sold(),
      act: (sale) => {
        again = () => post(`/v1/orders/${sale!.orderId}/payments/sync`, { 'X-Cart-Token': sale!.token });
        return pay.shop.confirm(sale!.clientSecret);
      },
      check: isPaidOnce,
    },
    'pay after a decline': {
      prepare: () => sold({ ...SERVER, confirmationToken: 'pm_card_chargeDeclined' }),
      act: (sale) => {
        const headers = { 'X-Cart-Token': sale!.token, 'Idempotency-Key': newUuid() };
        const { confirmationToken, returnUrl } = SERVER;
        again = () => post(`/v1/orders/${sale!.orderId}/payments`, headers, { confirmationToken, returnUrl });
        return again();
      },
      check: isPaidOnce,
    },
    'save a card': {
      prepare: async () => {
        customer = await signUp(pay.shop, `saves${(people += 1)}@example.com`);
        again = await orderOfCustomer({ savePaymentMethod: true });
      },
      act: () => again(),
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(customersAtStripe()).toHaveLength(1);
        const cards = await send('GET', '/v1/me/payment-methods', asCustomer());
        expect(cards!.body.data).toMatchObject([{ last4: '4242' }]);
      },
    },
    'save a card with a spent key': {
      prepare: async () => {
        customer = await signUp(pay.shop, `saves${(people += 1)}@example.com`);
        again = await orderOfCustomer({ savePaymentMethod: true });
        spoil('/v1/customers');
      },
      act: () => again(),
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(customersAtStripe()).toHaveLength(1);
      },
    },
    'save a card at Stripe, which has lost the customer': {
      prepare: async () => {
        await withCard();
        const [known] = customersAtStripe();
        await fetch(`${pay.stripe.url}/v1/customers/${known!.id}`, {
          method: 'DELETE',
          headers: { Authorization: 'Bearer sk_test_emporium' },
        });
        again = await orderOfCustomer({ savePaymentMethod: true });
      },
      act: () => again(),
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(customersAtStripe()).toHaveLength(1);
        const cards = await send('GET', '/v1/me/payment-methods', asCustomer());
        expect(cards!.body.data).toMatchObject([{ last4: '4242' }]);
      },
    },
    'pay with a saved card': {
      prepare: async () => {
        const { card } = await withCard();
        again = await orderOfCustomer({ confirmationToken: undefined, savedPaymentMethodId: card });
      },
      act: () => again(),
      check: isPaidOnce,
    },
    'look at the saved cards': {
      prepare: async () => {
        const { sale } = await withCard();
        again = () => send('GET', '/v1/me/payment-methods', asCustomer());
        return sale;
      },
      act: () => again(),
      check: isPaidOnce,
    },
    'forget a card': {
      prepare: async () => {
        const { sale, card } = await withCard();
        forgotten = card;
        return sale;
      },
      act: () => {
        const forget = () => send('DELETE', `/v1/me/payment-methods/${forgotten}`, asCustomer());
        // Forgotten now, or forgotten already.
        again = async () => {
          expect([204, 404]).toContain((await forget())?.status);
          return send('GET', '/v1/me/payment-methods', asCustomer());
        };
        return forget();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        const cards = await send('GET', '/v1/me/payment-methods', asCustomer());
        expect(cards!.body.data).toEqual([]);
      },
    },
    'delete the account': {
      prepare: async () => {
        const { sale } = await withCard();
        await post(`/v1/admin/orders/${sale.orderId}/fulfillments`, asStaff(newUuid()));
        // The account's own order goes with it, as far as anybody can see: the one that is looked at is a guest's.
        return paid();
      },
      act: () => {
        // Nobody is left who could ask again.
        again = () => send('GET', '/v1/products', {});
        return send('DELETE', '/v1/me', asCustomer(), { password: PASSWORD });
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(customersAtStripe()).toEqual([]);
      },
    },
    'cancel before paying': {
      prepare: () => sold(),
      act: (sale) => {
        again = () => post(`/v1/orders/${sale!.orderId}/cancel`, { 'X-Cart-Token': sale!.token });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled' }]);
        expect(pay.charges(sale)).toEqual([]);
      },
    },
    refund: {
      prepare: () => paid(),
      act: (sale) => {
        const key = newUuid();
        again = () => post(`/v1/admin/orders/${sale!.orderId}/refunds`, asStaff(key), { amount: 500 });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'partially_refunded', 3, 0]);
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 500, status: 'succeeded' }]);
      },
    },
    'refund that Stripe refuses': {
      prepare: () => paid(),
      act: (sale) => {
        const rule = { kind: 'status' as const, status: 400, code: 'charge_disputed', method: 'POST' };
        pay.stripe.setChaos({ api: [{ ...rule, path: '/v1/refunds', count: 1 }] });
        const key = newUuid();
        again = () => post(`/v1/admin/orders/${sale!.orderId}/refunds`, asStaff(key), { amount: 500 });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'partially_refunded', 3, 0]);
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 500, status: 'succeeded' }]);
      },
    },
    'cancel a paid order': {
      prepare: () => paid(),
      act: (sale) => {
        again = () => post(`/v1/admin/orders/${sale!.orderId}/cancel`, asStaff(newUuid()));
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['canceled', 'refunded', 5, 0]);
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 2000 }]);
      },
    },
    'a thin event of a charge': {
      prepare: () => paid(),
      act: async (sale) => {
        const [charge] = pay.charges(sale!);
        const payload = JSON.stringify({
          id: `evt_${newUuid()}`,
          object: 'v2.core.event',
          type: 'v1.charge.updated',
          created: new Date().toISOString(),
          livemode: false,
          related_object: { id: charge!.id, type: 'charge', url: `/v1/charges/${charge!.id}` },
        });
        again = () =>
          post(
            '/v1/webhooks/stripe',
            { 'Stripe-Signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET }) },
            payload,
          );
        return again();
      },
      check: isPaidOnce,
    },
    'pay with a card that is disputed': {
      prepare: () => sold(),
      act: (sale) => {
        again = () => post(`/v1/orders/${sale!.orderId}/payments/sync`, { 'X-Cart-Token': sale!.token });
        return pay.shop.confirm(sale!.clientSecret, 'pm_card_createDispute');
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(await pay.disputes(sale)).toMatchObject([{ status: 'needs_response' }]);
      },
    },
    'answer a dispute': {
      prepare: () => paid('pm_card_createDispute'),
      act: async (sale) => {
        const [dispute] = await pay.disputes(sale!);
        const evidence = { productDescription: 'Two mugs, blue', submit: true };
        const key = newUuid();
        again = () => post(`/v1/admin/disputes/${dispute.id}/evidence`, asStaff(key), evidence);
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(await pay.disputes(sale)).toMatchObject([{ status: 'under_review' }]);
      },
    },
    'give up a dispute': {
      prepare: () => paid('pm_card_createDispute'),
      act: async (sale) => {
        const [dispute] = await pay.disputes(sale!);
        again = () => post(`/v1/admin/disputes/${dispute.id}/accept`, asStaff(newUuid()));
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        expect(await pay.disputes(sale)).toMatchObject([{ status: 'lost' }]);
      },
    },
    'compare the books': {
      prepare: () => paid(),
      act: async () => {
        const key = newUuid();
        again = () => post('/v1/admin/reconciliations', asStaff(key));
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        const runs = await pay.shop.call('GET', '/v1/admin/reconciliations', { bearer: pay.bearer });
        expect(runs.body.data[0]).toMatchObject({ status: 'done' });
      },
    },
    'the comparison of the night': {
      prepare: () => paid(),
      act: () => {
        again = () => recurring('payments.reconcile-nightly');
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        const [runs] = await pay.shop.db.query<{ n: number; of: number }>(
          `SELECT count(*) FILTER (WHERE status = 'done') AS n, count(DISTINCT request_key) AS of
           FROM reconciliations WHERE request_key IN (SELECT id::text FROM jobs WHERE name = 'payments.reconcile-nightly')`,
        );
        expect(runs!.n).toBe(runs!.of);
        expect(runs!.n).toBeGreaterThanOrEqual(2);
      },
    },
    'events that were lost': {
      prepare: async () => {
        const sale = await sold();
        await pay.shop.quiet();
        pay.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['*'] }] });
        await pay.shop.confirm(sale.clientSecret);
        await pay.shop.quiet();
        return sale;
      },
      act: () => {
        const key = newUuid();
        again = () => post('/v1/admin/reconciliations', asStaff(key));
        return again();
      },
      check: isPaidOnce,
    },
    'money without an order': {
      prepare: () => paid(),
      act: async () => {
        const stray = await pay.atStripe<{ id: string }>('POST', '/v1/payment_intents', {
          amount: '1234',
          currency: 'usd',
          confirm: 'true',
          payment_method: 'pm_card_visa',
          return_url: 'http://localhost/done',
          'metadata[shop]': 'emporium',
        });
        pay.shop.foreign.add(stray.id);
        again = async () => {
          const alerts = await pay.shop.db.query(
            `SELECT 1 FROM outbox WHERE topic = 'reconciliation.mismatch' AND payload->>'subject' = $1`,
            [stray.id],
          );
          expect(alerts).toHaveLength(1);
          return send('GET', '/v1/products', {});
        };
      },
      check: isPaidOnce,
    },
    'an event that cannot be worked on': {
      prepare: async () => {
        const sale = await paid();
        await pay.shop.db.query(
          `INSERT INTO webhook_receipts (id, provider, event_id, type, object_ref, received_at)
           VALUES ($1, 'stripe', $2, 'payment_intent.succeeded', 'pi_gone', now() - interval '4 days')`,
          [newUuid(), `evt_dead_${sale.orderId}`],
        );
        return sale;
      },
      act: () => {
        again = () => recurring('payments.reconcile-quick');
        return again();
      },
      check: async (sale) => {
        const told = await pay.shop.db.query(
          `SELECT 1 FROM outbox WHERE topic = 'reconciliation.mismatch' AND payload->>'subject' = $1`,
          [`evt_dead_${sale.orderId}`],
        );
        expect(told).toHaveLength(1);
        await isPaidOnce(sale);
      },
    },
    'money that is not in the ledger': {
      prepare: async () => {
        const sale = await paid();
        await pay.forgetCapture(sale);
        return sale;
      },
      act: () => {
        const key = newUuid();
        again = () => post('/v1/admin/reconciliations', asStaff(key));
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        const [entered] = await pay.shop.db.query<{ n: number }>(
          `SELECT count(*) AS n FROM ledger_transactions WHERE payment_id = $1 AND kind = 'capture'`,
          [decodeId('payment', sale.paymentId)],
        );
        expect(entered!.n).toBe(1);
      },
    },
    'accept too little': {
      prepare: () => underpaid(),
      act: (sale) => {
        const key = newUuid();
        again = () => post(`/v1/admin/payments/${sale!.paymentId}/accept`, asStaff(key));
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(pay.charges(sale)).toMatchObject([{ amount_captured: 100, amount_refunded: 0 }]);
        expect(await pay.told(sale, 'order.paid')).toBe(1);
      },
    },
    'send back too little': {
      prepare: () => underpaid(),
      act: (sale) => {
        const key = newUuid();
        again = () => post(`/v1/admin/payments/${sale!.paymentId}/reject`, asStaff(key));
        return again();
      },
      check: async (sale) => {
        expect((await pay.order(sale)).status).toBe('canceled');
        expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 100, status: 'succeeded' }]);
      },
    },
    capture: {
      prepare: () => held(),
      act: (sale) => {
        const key = newUuid();
        again = () => post(`/v1/admin/orders/${sale!.orderId}/captures`, asStaff(key), { amount: 1500 });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1500 }]);
      },
    },
    'capture that Stripe refuses': {
      prepare: () => held(),
      act: (sale) => {
        const rule = { kind: 'status' as const, status: 400, code: 'amount_too_large', method: 'POST' };
        pay.stripe.setChaos({ api: [{ ...rule, contains: '/capture', count: 1 }] });
        const key = newUuid();
        again = () => post(`/v1/admin/orders/${sale!.orderId}/captures`, asStaff(key), { amount: 1500 });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1500 }]);
      },
    },
    'cancel a held order': {
      prepare: () => held(),
      act: (sale) => {
        again = () => post(`/v1/admin/orders/${sale!.orderId}/cancel`, asStaff(newUuid()));
        return again();
      },
      check: isLetGo,
    },
    'cancel a held order while Stripe is away': {
      prepare: () => held(),
      act: (sale) => {
        pay.stripe.setChaos({
          api: [{ kind: 'status', status: 500, method: 'GET', contains: '/v1/payment_intents/' }],
        });
        again = () => post(`/v1/admin/orders/${sale!.orderId}/cancel`, asStaff(newUuid()));
        return again();
      },
      check: isLetGo,
    },
    'cancel what was paid meanwhile': {
      prepare: async () => {
        const sale = await sold();
        await pay.shop.quiet();
        pay.stripe.setChaos({ webhooks: [{ kind: 'drop', types: ['*'] }] });
        await pay.shop.confirm(sale.clientSecret);
        return sale;
      },
      act: (sale) => {
        again = () => post(`/v1/orders/${sale!.orderId}/cancel`, { 'X-Cart-Token': sale!.token });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['canceled', 'refunded', 5, 0]);
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 2000 }]);
      },
    },
    'take up a cancellation that broke off': {
      prepare: async () => {
        const sale = await held();
        await pay.shop.db.query(
          `UPDATE orders SET hold = 'canceling', updated_at = now() - interval '3 minutes' WHERE id = $1`,
          [decodeId('order', sale.orderId)],
        );
        return sale;
      },
      act: () => {
        again = () => recurring('payments.reconcile');
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'authorized', 3, 0]);
        const order = await pay.shop.call('GET', `/v1/admin/orders/${sale.orderId}`, { bearer: pay.bearer });
        expect(order.body.hold).toBeNull();
      },
    },
    'cancel what is under review': {
      prepare: () => underpaid(),
      act: (sale) => {
        again = () => post(`/v1/orders/${sale!.orderId}/cancel`, { 'X-Cart-Token': sale!.token });
        return again();
      },
      check: async (sale) => {
        expect(await pay.order(sale)).toMatchObject({ status: 'canceled', cancelReason: 'customer' });
        expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 100, status: 'succeeded' }]);
      },
    },
    'an order past its time whose job has died': {
      prepare: async () => {
        const sale = await sold();
        const id = decodeId('order', sale.orderId);
        await pay.shop.db.query(`UPDATE orders SET expires_at = now() - interval '10 minutes' WHERE id = $1`, [id]);
        await pay.shop.db.query(`DELETE FROM jobs WHERE name = 'payments.expire-order' AND payload->>'orderId' = $1`, [
          id,
        ]);
        return sale;
      },
      act: () => {
        again = () => recurring('payments.reconcile');
        return again();
      },
      check: isLetGo,
    },
    'a refund whose job has died': {
      prepare: async () => {
        const sale = await paid();
        pay.stripe.setChaos({ api: [{ kind: 'status', status: 503, method: 'POST', path: '/v1/refunds' }] });
        const away = await post(`/v1/admin/orders/${sale.orderId}/refunds`, asStaff(newUuid()), { amount: 500 });
        expect(away).toMatchObject({ status: 503 });
        const id = decodeId('order', sale.orderId);
        await pay.shop.db.query(
          `DELETE FROM jobs WHERE name = 'payments.execute-refund'
             AND payload->>'refundId' IN (SELECT id::text FROM refunds WHERE order_id = $1)`,
          [id],
        );
        await pay.shop.db.query(`UPDATE refunds SET updated_at = now() - interval '1 hour' WHERE order_id = $1`, [id]);
        pay.stripe.clearChaos();
        return sale;
      },
      act: () => {
        again = () => recurring('payments.reconcile');
        return again();
      },
      check: (sale) => flows.refund!.check(sale),
    },
    'a hold that ends soon': {
      prepare: async () => {
        const sale = await held();
        await pay.shop.db.query(`UPDATE payments SET capture_before = now() + interval '1 hour' WHERE id = $1`, [
          decodeId('payment', sale.paymentId),
        ]);
        return sale;
      },
      act: () => {
        again = () => recurring('payments.watch-holds');
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'authorized', 3, 0]);
        expect((await pay.history(sale)).filter((type) => type === 'payment.hold_expiring')).toHaveLength(1);
        expect(await pay.told(sale, 'payment.hold_expiring')).toBe(1);
      },
    },
    'look for an order': {
      prepare: () => paid(),
      act: (sale) => {
        again = () => post('/v1/orders/lookup', {}, { number: sale!.number, email: 'ada@example.com' });
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        const mails = await pay.shop.db.query(`SELECT 1 FROM mailbox WHERE text_body LIKE '%#token=%'`);
        expect(mails.length).toBeGreaterThan(0);
      },
    },
    'release an order that was held back': {
      prepare: async () => {
        const sale = await paid();
        pay.stripe.warnOfFraud(sale.intent);
        await pay.shop.quiet();
        return sale;
      },
      act: (sale) => {
        again = () => post(`/v1/admin/orders/${sale!.orderId}/release-hold`, asStaff(newUuid()));
        return again();
      },
      check: async (sale) => {
        await isPaidOnce(sale);
        expect((await pay.history(sale)).filter((type) => type === 'order.hold_released')).toHaveLength(1);
      },
    },
    ship: {
      prepare: () => paid(),
      act: (sale) => {
        const key = newUuid();
        again = () => post(`/v1/admin/orders/${sale!.orderId}/fulfillments`, asStaff(key));
        return again();
      },
      check: async (sale) => {
        expect(await pay.order(sale)).toMatchObject({ status: 'completed', fulfillmentStatus: 'fulfilled' });
        expect(await pay.told(sale, 'order.fulfilled')).toBe(1);
      },
    },
    'pay on invoice': {
      prepare: () => sold({ paymentMethod: 'manual' }),
      act: (sale) => {
        again = () =>
          post(`/v1/admin/orders/${sale!.orderId}/payments/${sale!.paymentId}/mark-paid`, asStaff(newUuid()));
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(await pay.told(sale, 'order.paid')).toBe(1);
      },
    },
  };

  for (const [failpoint, name, isQuick] of MATRIX) {
    if (!isQuick && !IS_FULL) continue;
    it(`${failpoint}: ${name}`, async () => {
      const flow = flows[name]!;
      // All rows together take longer than an access token lasts.
      pay.bearer = await pay.shop.staff();
      found = (await flow.prepare()) ?? undefined;
      await rig.killAt(failpoint, () => flow.act(found));
      // Nobody does anything, and the books are right.
      await pay.shop.settleUp();
      // Somebody does the same once more, and that is as if it had been done once: told so, or told that it is done.
      expect(AS_ONCE).toContain((await again())?.status);
      await pay.shop.settleUp();
      await flow.check(found!);
      expect(await rig.ordersOf(found!.token)).toBe(1);
    }, 60_000);
  }

  it('knows every failpoint of the code', () => {
    const sourceOf = (folder: string) =>
      readdirSync(join(SOURCES, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
        .map((path) => readFileSync(join(SOURCES, folder, path), 'utf8'))
        .join('\n');
    const commits = [...sourceOf('.').matchAll(/failpoint\('([a-z_.]+)'\)/g)].map(([, name]) => name!);
    const calls = [
      ...sourceOf('payments/stripe').matchAll(/\.(?:call|intentCall|list|readAll)\(\s*'([a-z_]+)'/g),
    ].flatMap(([, operation]) => [`stripe.${operation}.before`, `stripe.${operation}.after`]);
    // Files on their way in and out are interrupted in a spec of their own.
    const transfers = readFileSync(join(import.meta.dirname, 'transfers.e2e-spec.ts'), 'utf8');
    const known = new Set([
      ...MATRIX.map(([failpoint]) => failpoint),
      ...[...transfers.matchAll(/start\('([a-z_.]+):kill'\)/g)].map(([, name]) => name!),
    ]);
    expect([...commits, ...calls].length).toBeGreaterThan(20);
    expect([...commits, ...calls].filter((failpoint) => !known.has(failpoint))).toEqual([]);
  });
});
