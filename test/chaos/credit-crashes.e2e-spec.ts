import { decodeId, newUuid } from '#libs/ids';
import { AS_ONCE, type Flow, useCrashRig } from '../support/crash-rig.js';
import { applyCard, balanceOf, giftCard, storeCredit, type TestCard } from '../support/credits.js';
import { type SignedIn, signUp } from '../support/customers.js';
import type { Sale } from '../support/payments.js';
import { SEED } from '../support/rounds.js';

const IS_FULL = process.env.EMPORIUM_TEST_FULL === '1';

/** Where credit is spent and given back, with what leads there. In `npm test` those that differ most. */
const MATRIX: [failpoint: string, flow: string, isQuick: boolean][] = [
  ['commit.place_order', 'checkout', true],
  ['stripe.create.before', 'checkout', false],
  ['stripe.create.after', 'checkout', false],
  ['commit.intent', 'checkout', false],
  ['commit.try', 'checkout', false],
  ['stripe.confirm.before', 'checkout', false],
  ['stripe.confirm.after', 'checkout', true],
  ['commit.settle', 'checkout', true],
  ['commit.place_order', 'checkout that credit pays for alone', true],
  ['commit.place_order', 'checkout with store credit', false],
  ['commit.settle', 'checkout with store credit', false],
  ['commit.webhook', 'pay in the browser', false],
  ['commit.settle', 'pay in the browser', false],
  ['stripe.cancel.before', 'cancel before paying', false],
  ['stripe.cancel.after', 'cancel before paying', false],
  ['commit.settle', 'cancel before paying', true],
  ['commit.settle', 'an order that is not paid in time', false],
  ['commit.settle', 'money that comes late', true],
  ['commit.refund', 'refund to both', true],
  ['stripe.refund.before', 'refund to both', false],
  ['stripe.refund.after', 'refund to both', true],
  ['commit.refund_answer', 'refund to both', false],
  ['commit.refund', 'refund of credit alone', false],
  ['commit.cancel', 'cancel a paid order', true],
  ['stripe.refund.before', 'cancel a paid order', false],
  ['stripe.refund.after', 'cancel a paid order', false],
  ['commit.refund_answer', 'cancel a paid order', false],
  ['commit.capture', 'capture of what credit pays for', false],
  ['stripe.cancel.before', 'capture of what credit pays for', false],
  ['stripe.cancel.after', 'capture of what credit pays for', true],
  ['commit.settle', 'capture of what credit pays for', true],
  ['stripe.cancel.after', 'cancel a held order', false],
  ['commit.settle', 'cancel a held order', false],
];

/** One order, one charge, and credit to the cent, whatever happens. Orders cost 20.00; a card pays 7.00 of it. */
describe(`A process killed while credit is spent or given back (seed ${SEED})`, () => {
  const rig = useCrashRig();
  const { pay } = rig;
  const SERVER = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
  let card: TestCard;
  /** The same request with the same key, before and after. */
  let again: () => ReturnType<typeof rig.post>;
  let found: Sale | undefined;
  let customer: SignedIn;
  let people = 0;

  /** A cart of 20.00 with a card, to be ordered as often as one likes. */
  async function cartWith(
    onCard: number,
    body: Record<string, unknown> = SERVER,
  ): Promise<() => ReturnType<typeof rig.post>> {
    card = await giftCard(pay.shop, onCard);
    const { variantId, quantity, cart } = await pay.fill();
    expect(await applyCard(pay.shop, cart, card.code)).toMatchObject({ status: 201 });
    const headers = { 'X-Cart-Token': cart.token, 'Idempotency-Key': newUuid() };
    return async () => {
      const answer = await rig.post(`/v1/carts/${cart.id}/checkout`, headers, body);
      if (answer?.status === 201) {
        const { order, payment } = answer.body;
        found = {
          variantId, quantity, cartId: cart.id, token: cart.token, orderId: order.id, number: order.number,
          lineId: order.lines[0].id, paymentId: payment?.id, intent: pay.intentsOf(order.id)[0]?.id ?? '',
          clientSecret: payment?.clientSecret, payment,
        }; // prettier-ignore
      }
      return answer;
    };
  }
  async function sold(body?: Record<string, unknown>, onCard = 700): Promise<Sale> {
    expect(await (await cartWith(onCard, body))()).toMatchObject({ status: 201 });
    await pay.shop.quiet();
    return found!;
  }
  async function held(onCard: number): Promise<Sale> {
    await pay.captureLater(true);
    try {
      return await sold(SERVER, onCard);
    } finally {
      await pay.captureLater(false);
    }
  }
  /** What an order took of its card and what went back, by kinds of changes. */
  const moves = async () =>
    Object.fromEntries(
      (
        await pay.shop.db.query<{ kind: string; sum: number; n: number }>(
          `SELECT kind, sum(delta)::bigint AS sum FROM credit_transactions WHERE gift_card_id = $1 AND kind <> 'issue' GROUP BY 1`,
          [decodeId('giftCard', card.id)],
        )
      ).map(({ kind, sum }) => [kind, sum]),
    );
  async function isPaidOnce(sale: Sale): Promise<void> {
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1300 }]);
    expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
    expect(await pay.told(sale, 'order.paid')).toBe(1);
    expect(await moves()).toEqual({ spend: -700 });
  }
  async function endedUnpaid(sale: Sale): Promise<void> {
    expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    expect(pay.charges(sale)).toEqual([]);
    expect(await balanceOf(pay.shop, card)).toBe(700);
    expect(await moves()).toEqual({ spend: -700, return: 700 });
  }

  const flows: Record<string, Flow> = {
    checkout: {
      prepare: async () => {
        again = await cartWith(700);
      },
      act: () => again(),
      check: isPaidOnce,
    },
    'checkout that credit pays for alone': {
      prepare: async () => {
        again = await cartWith(2500);
      },
      act: () => again(),
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(pay.intentsOf(sale.orderId)).toEqual([]);
        expect(await moves()).toEqual({ spend: -2000 });
      },
    },
    'checkout with store credit': {
      prepare: async () => {
        customer = await signUp(pay.shop, `spends${(people += 1)}@example.com`);
        await storeCredit(pay.shop, customer.id, 700);
        const by = { bearer: customer.bearer };
        const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
        const made = await pay.shop.call('POST', '/v1/carts', { ...by, body: { lines: [{ variantId, quantity: 2 }] } });
        await pay.shop.call('PATCH', `/v1/carts/${made.body.id}`, { ...by, body: { useStoreCredit: true } });
        const headers = { Authorization: `Bearer ${customer.bearer}`, 'Idempotency-Key': newUuid() };
        again = async () => {
          const answer = await rig.post(`/v1/carts/${made.body.id}/checkout`, headers, SERVER);
          if (answer?.status === 201) found = pay.saleOf(answer as never, variantId, 2, made.body);
          return answer;
        };
      },
      act: () => again(),
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1300 }]);
        const mine = await pay.shop.call('GET', '/v1/me/store-credit', { bearer: customer.bearer });
        expect(mine.body.data).toMatchObject([{ balance: { amount: 0 } }]);
      },
    },
    'pay in the browser': {
      prepare: () => sold({ paymentMethod: 'stripe' }),
      act: (sale) => {
        again = () => rig.post(`/v1/orders/${sale!.orderId}/payments/sync`, { 'X-Cart-Token': sale!.token });
        return pay.shop.confirm(sale!.clientSecret);
      },
      check: isPaidOnce,
    },
    'cancel before paying': {
      prepare: () => sold({ paymentMethod: 'stripe' }),
      act: (sale) => {
        again = () => rig.post(`/v1/orders/${sale!.orderId}/cancel`, { 'X-Cart-Token': sale!.token });
        return again();
      },
      check: endedUnpaid,
    },
    'an order that is not paid in time': {
      prepare: () => sold({ paymentMethod: 'stripe' }),
      act: (sale) => {
        again = () => rig.post(`/v1/orders/${sale!.orderId}/payments/sync`, { 'X-Cart-Token': sale!.token });
        return pay.expire(sale!);
      },
      check: endedUnpaid,
    },
    'money that comes late': {
      prepare: async () => {
        const sale = await sold({ paymentMethod: 'stripe' });
        await pay.endHere(sale);
        return sale;
      },
      act: (sale) => {
        again = () => rig.post(`/v1/orders/${sale!.orderId}/payments/sync`, { 'X-Cart-Token': sale!.token });
        return pay.shop.confirm(sale!.clientSecret);
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
        expect(pay.charges(sale)).toMatchObject([{ amount_captured: 1300, amount_refunded: 0 }]);
        expect(await moves()).toEqual({ spend: -1400, return: 700 });
      },
    },
    'refund to both': {
      prepare: () => sold(),
      act: (sale) => {
        const key = newUuid();
        again = () => rig.post(`/v1/admin/orders/${sale!.orderId}/refunds`, rig.asStaff(key), { amount: 1500 });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'partially_refunded', 3, 0]);
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 1300, status: 'succeeded' }]);
        expect(await moves()).toEqual({ spend: -700, refund: 200 });
      },
    },
    'refund of credit alone': {
      prepare: () => sold(SERVER, 2000),
      act: (sale) => {
        const key = newUuid();
        again = () => rig.post(`/v1/admin/orders/${sale!.orderId}/refunds`, rig.asStaff(key), { amount: 1500 });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'partially_refunded', 3, 0]);
        expect(await moves()).toEqual({ spend: -2000, refund: 1500 });
      },
    },
    'cancel a paid order': {
      prepare: () => sold(),
      act: (sale) => {
        again = () => rig.post(`/v1/admin/orders/${sale!.orderId}/cancel`, rig.asStaff(newUuid()));
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['canceled', 'refunded', 5, 0]);
        expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 1300 }]);
        expect(await moves()).toEqual({ spend: -700, refund: 700 });
      },
    },
    'capture of what credit pays for': {
      prepare: () => held(1500),
      act: (sale) => {
        const key = newUuid();
        const lines = [{ lineId: sale!.lineId, quantity: 1 }];
        again = () => rig.post(`/v1/admin/orders/${sale!.orderId}/captures`, rig.asStaff(key), { lines });
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['confirmed', 'partially_refunded', 4, 0]);
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', amount_received: 0 }]);
        expect(await moves()).toEqual({ spend: -1500, refund: 500 });
        expect(await pay.told(sale, 'order.paid')).toBe(1);
      },
    },
    'cancel a held order': {
      prepare: () => held(700),
      act: (sale) => {
        again = () => rig.post(`/v1/admin/orders/${sale!.orderId}/cancel`, rig.asStaff(newUuid()));
        return again();
      },
      check: async (sale) => {
        expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
        expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled', amount_received: 0 }]);
        expect(await moves()).toEqual({ spend: -700, return: 700 });
      },
    },
  };

  for (const [failpoint, name, isQuick] of MATRIX) {
    if (!isQuick && !IS_FULL) continue;
    it(`${failpoint}: ${name}`, async () => {
      const flow = flows[name]!;
      found = (await flow.prepare()) ?? undefined;
      await rig.killAt(failpoint, () => flow.act(found));
      // Nobody does anything, and the books are right.
      await pay.shop.settleUp();
      expect(AS_ONCE).toContain((await again())?.status);
      await pay.shop.settleUp();
      await flow.check(found!);
      expect(await rig.ordersOf(found!.token)).toBe(1);
    }, 60_000);
  }
});
