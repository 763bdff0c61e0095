import type Stripe from 'stripe';
import { decodeId, newUuid } from '#libs/ids';
import { PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { RACE_ROUNDS, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';
import type { Answer } from '../support/shop.js';

/** Cards that customers save: kept by Stripe for them, and for nobody else. */
describe(`Saved cards (seed ${SEED})`, () => {
  const pay = usePaymentShop({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  let people = 0;

  const newcomer = (name = 'ada') => signUp(pay.shop, `${name}${(people += 1)}@example.com`);
  const customersAtStripe = () =>
    (pay.stripe.state() as unknown as { customers: (Stripe.Customer | Stripe.DeletedCustomer)[] }).customers;
  const ofOurs = (one: SignedIn) =>
    customersAtStripe().filter((c): c is Stripe.Customer => !c.deleted && c.metadata.customer_id === one.id);
  const cardsOf = async (one: SignedIn): Promise<any[]> => {
    const answer = await pay.shop.call('GET', '/v1/me/payment-methods', { bearer: one.bearer });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body.data;
  };
  const forget = (one: SignedIn, id: string) =>
    pay.shop.call('DELETE', `/v1/me/payment-methods/${id}`, { bearer: one.bearer });

  const cartOf = async (one?: SignedIn, variantId?: string) => {
    const thing = variantId ?? (await pay.shop.product({ stock: 5, price: 1000, shipping: false }));
    const made = await pay.shop.call('POST', '/v1/carts', {
      ...(one ? { bearer: one.bearer } : {}),
      body: { lines: [{ variantId: thing, quantity: 2 }], email: one?.email ?? 'guest@example.com' },
    });
    expect(made).toMatchObject({ status: 201 });
    return { variantId: thing, quantity: 2, cart: made.body };
  };
  const checkout = (
    cart: { id: string; token: string },
    one: SignedIn | undefined,
    body: Record<string, unknown>,
    key: string = newUuid(),
  ): Promise<Answer> =>
    pay.shop.call('POST', `/v1/carts/${cart.id}/checkout`, {
      ...(one ? { bearer: one.bearer } : { token: cart.token }),
      key,
      body: { paymentMethod: 'stripe', returnUrl: 'http://localhost/done', ...body },
    });
  /** Buys two things for 20.00 in all. */
  const buy = async (one: SignedIn, body: Record<string, unknown>): Promise<Sale> => {
    const { cart, variantId, quantity } = await cartOf(one);
    const answer = await checkout(cart, one, body);
    expect(answer).toMatchObject({ status: 201 });
    return pay.saleOf(answer, variantId, quantity, cart);
  };
  const payAgain = (sale: Sale, one: SignedIn, body: Record<string, unknown>) =>
    pay.shop.call('POST', `/v1/orders/${sale.orderId}/payments`, { bearer: one.bearer, key: newUuid(), body });
  /** A customer with a card. */
  const withCard = async (name?: string) => {
    const one = await newcomer(name);
    const sale = await buy(one, { confirmationToken: 'pm_card_visa', savePaymentMethod: true });
    expect(sale.payment.status).toBe('succeeded');
    const [card] = await cardsOf(one);
    return { one, sale, card: card.id as string };
  };
  const intent = (sale: Sale) => pay.intentsOf(sale.orderId)[0]!;

  it('a card that is charged on the server with consent is saved, and Stripe learns no name and no address', async () => {
    const one = await newcomer();
    expect(await cardsOf(one)).toEqual([]);
    expect(ofOurs(one)).toEqual([]);
    const sale = await buy(one, { confirmationToken: 'pm_card_visa', savePaymentMethod: true });
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(await cardsOf(one)).toEqual([
      {
        id: expect.stringMatching(/^pm_/),
        brand: 'visa',
        last4: '4242',
        expMonth: expect.any(Number),
        expYear: expect.any(Number),
      },
    ]);
    const [customer] = ofOurs(one);
    expect(intent(sale)).toMatchObject({ customer: customer!.id, setup_future_usage: 'on_session' });
    expect(customer).toMatchObject({
      email: null,
      name: null,
      phone: null,
      address: null,
      shipping: null,
      description: null,
    });
    expect(customer!.metadata).toEqual({ shop: 'emporium', customer_id: one.id });
    const [made] = pay.stripe.requests({ method: 'POST', path: '/v1/customers' }).slice(-1);
    expect(made).toMatchObject({ idempotencyKey: `cus:create:${one.id}` });
  });

  it('a checkout is answered as before when it is repeated, though the card is forgotten since', async () => {
    const { one, card } = await withCard();
    const { cart } = await cartOf(one);
    const key = newUuid();
    const first = await checkout(cart, one, { savedPaymentMethodId: card }, key);
    expect(first).toMatchObject({ status: 201, body: { payment: { status: 'succeeded' } } });
    expect((await forget(one, card)).status).toBe(204);
    const repeated = await checkout(cart, one, { savedPaymentMethodId: card }, key);
    expect([repeated.status, repeated.headers.get('idempotent-replayed'), repeated.body]).toEqual([
      201,
      'true',
      first.body,
    ]);
    // What is not sound, or is something else, is not taken for it.
    expect(await checkout(cart, one, { savedPaymentMethodId: 'pm_other' }, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect(await checkout(cart, one, { paymentMethod: 7 }, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    const fresh = newUuid();
    expect(await checkout(cart, one, { paymentMethod: 7 }, fresh)).toMatchObject({ status: 400 });
    expect(await pay.shop.db.query(`SELECT 1 FROM idempotency_keys WHERE key = $1`, [fresh])).toEqual([]);
  });

  it('a card that is confirmed in the browser is saved too; a second one goes to the same Stripe Customer', async () => {
    const { one } = await withCard();
    const sale = await buy(one, { savePaymentMethod: true });
    await pay.shop.confirm(sale.clientSecret, 'pm_card_mastercard');
    await pay.becomes(sale, 'confirmed', 'paid');
    expect((await cardsOf(one)).map(({ brand }) => brand)).toEqual(['mastercard', 'visa']);
    expect(ofOurs(one)).toHaveLength(1);
  });

  it('without consent nothing is saved, and no Stripe Customer is made', async () => {
    const one = await newcomer();
    const sale = await buy(one, { confirmationToken: 'pm_card_visa' });
    expect(sale.payment.status).toBe('succeeded');
    expect(intent(sale)).toMatchObject({ customer: null, setup_future_usage: null });
    expect(await cardsOf(one)).toEqual([]);
    expect(ofOurs(one)).toEqual([]);
  });

  it('consent counts for one try: another card without it is not saved, nor after it was taken back', async () => {
    const one = await newcomer();
    const sale = await buy(one, { confirmationToken: 'pm_card_chargeDeclined', savePaymentMethod: true });
    expect(intent(sale)).toMatchObject({ setup_future_usage: 'on_session' });
    expect(await payAgain(sale, one, { confirmationToken: 'pm_card_visa' })).toMatchObject({
      status: 201,
      body: { status: 'succeeded' },
    });
    expect(intent(sale)).toMatchObject({ setup_future_usage: null });

    const second = await buy(one, { savePaymentMethod: true });
    expect(await payAgain(second, one, {})).toMatchObject({ status: 201 });
    expect(intent(second)).toMatchObject({ setup_future_usage: 'on_session' });
    expect(await payAgain(second, one, { savePaymentMethod: false })).toMatchObject({ status: 201 });
    await pay.shop.confirm(second.clientSecret, 'pm_card_visa');
    await pay.becomes(second, 'confirmed', 'paid');
    expect(await cardsOf(one)).toEqual([]);
  });

  it('a saved card pays: at checkout, after a decline, and where a token is expected', async () => {
    const { one, card } = await withCard();
    const sale = await buy(one, { savedPaymentMethodId: card });
    expect(sale.payment.status).toBe('succeeded');
    expect(pay.charges(sale)).toMatchObject([{ payment_method: card, amount: 2000 }]);
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);

    const declined = await buy(one, { confirmationToken: 'pm_card_chargeDeclined' });
    expect(await payAgain(declined, one, { savedPaymentMethodId: card })).toMatchObject({
      status: 201,
      body: { status: 'succeeded' },
    });
    expect(pay.charges(declined)).toMatchObject([{ payment_method: card }]);

    const third = await buy(one, { confirmationToken: card });
    expect(third.payment.status).toBe('succeeded');
    expect(pay.charges(third)).toMatchObject([{ payment_method: card }]);
    expect(await cardsOf(one)).toHaveLength(1);
  });

  it('a card of somebody else is refused before there is an order, and before Stripe is asked to charge', async () => {
    const { card } = await withCard();
    const thief = await newcomer('mallory');
    const refused = {
      status: 422,
      body: { code: 'saved_card_unknown', errors: [{ pointer: '/savedPaymentMethodId', code: 'unknown' }] },
    };
    const { cart, variantId, quantity } = await cartOf(thief);
    const before = pay.stripe.requests().length;
    expect(await checkout(cart, thief, { savedPaymentMethodId: card })).toMatchObject(refused);
    expect(pay.stripe.requests()).toHaveLength(before);
    expect(await pay.shop.stock(variantId)).toEqual({ onHand: 5, reserved: 0 });

    const answer = await checkout(cart, thief, {});
    const sale = pay.saleOf(answer, variantId, quantity, cart);
    expect(await payAgain(sale, thief, { savedPaymentMethodId: card })).toMatchObject(refused);
    // As a token it is Stripe that refuses it: the intent is not of the customer who has the card.
    expect(await payAgain(sale, thief, { confirmationToken: card })).toMatchObject({ status: 422 });

    const { one: rich } = await withCard('trudy');
    const posts = pay.posts('/confirm');
    const theirs = await buy(rich, {});
    expect(await payAgain(theirs, rich, { savedPaymentMethodId: card })).toMatchObject(refused);
    expect(await payAgain(theirs, rich, { savedPaymentMethodId: 'pm_card_visa' })).toMatchObject(refused);
    expect(pay.posts('/confirm')).toBe(posts);
    expect(pay.charges(sale)).toEqual([]);
    expect(pay.charges(theirs)).toEqual([]);
  });

  it('who only has the link to an order does not pay with the cards of its customer', async () => {
    const { one, card } = await withCard();
    const { cart, variantId, quantity } = await cartOf(one);
    const answer = await checkout(cart, one, { savePaymentMethod: true });
    const sale = pay.saleOf(answer, variantId, quantity, cart);
    expect(intent(sale).customer).toBe(ofOurs(one)[0]!.id);
    expect(await pay.pay(sale, card)).toMatchObject({
      status: 422,
      body: { code: 'saved_card_unknown', errors: [{ pointer: '/confirmationToken' }] },
    });
    expect(pay.charges(sale)).toEqual([]);
    expect(await pay.pay(sale, 'pm_card_mastercard')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(await cardsOf(one)).toHaveLength(1);
  });

  it.each([
    ['savePaymentMethod', true],
    ['savedPaymentMethodId', 'pm_123'],
  ])('a guest has no saved cards: %s is refused by name', async (field, value) => {
    const refused = {
      status: 400,
      body: { code: 'validation_failed', errors: [{ pointer: `/${field}`, code: 'signed_in_only' }] },
    };
    const { cart, variantId } = await cartOf();
    expect(await checkout(cart, undefined, { [field]: value })).toMatchObject(refused);
    expect(await pay.shop.stock(variantId)).toEqual({ onHand: 5, reserved: 0 });
    const sale = await pay.place();
    const again = await pay.shop.call('POST', `/v1/orders/${sale.orderId}/payments`, {
      token: sale.token,
      key: newUuid(),
      body: { [field]: value },
    });
    expect(again).toMatchObject(refused);
    expect(intent(sale)).toMatchObject({ customer: null, setup_future_usage: null });
  });

  it('what cannot go together is refused by name: two cards, or a card for an invoice', async () => {
    const { one, card } = await withCard();
    const { cart } = await cartOf(one);
    const named = (code: string) => ({
      status: 400,
      body: { errors: [{ pointer: expect.stringMatching(/^\/save/), code }] },
    });
    const both = { savedPaymentMethodId: card, confirmationToken: 'pm_card_visa' };
    expect(await checkout(cart, one, both)).toMatchObject(named('one_only'));
    const invoice = { paymentMethod: 'manual', savePaymentMethod: true };
    expect(await checkout(cart, one, invoice)).toMatchObject(named('stripe_only'));
    expect(await checkout(cart, one, { savedPaymentMethodId: 'card_1' })).toMatchObject({ status: 400 });
  });

  it('a card is forgotten by its customer and by nobody else, and takes no more payments', async () => {
    const { one, card } = await withCard();
    const { one: other } = await withCard('bob');
    for (const id of [card, 'pm_unknown', 'x']) expect(await forget(other, id)).toMatchObject({ status: 404 });
    expect(await forget(await newcomer(), card)).toMatchObject({ status: 404 });
    expect(await cardsOf(one)).toHaveLength(1);
    expect((await forget(one, card)).status).toBe(204);
    expect(await cardsOf(one)).toEqual([]);
    expect(await forget(one, card)).toMatchObject({ status: 404 });
    const { cart } = await cartOf(one);
    expect(await checkout(cart, one, { savedPaymentMethodId: card })).toMatchObject({ status: 422 });
    expect(await cardsOf(other)).toHaveLength(1);
  });

  it('F28 two customers with the same e-mail address, one deleted and registered again, share no Stripe Customer', async () => {
    const { one, sale, card } = await withCard('again');
    const [first] = ofOurs(one);
    expect((await pay.cancel(sale)).status).toBe(200);
    await pay.shop.quiet();
    const gone = await pay.shop.call('DELETE', '/v1/me', { bearer: one.bearer, body: { password: PASSWORD } });
    expect(gone.status).toBe(204);
    // Stripe is told by a job, and until then by nobody.
    await pay.shop.until(
      async () => customersAtStripe().some((c) => c.id === first!.id && c.deleted === true),
      'Stripe to forget the customer',
    );
    await pay.shop.db.query(`DELETE FROM mailbox WHERE recipient = $1`, [one.email]);

    const next = await signUp(pay.shop, one.email);
    expect(next.id).not.toBe(one.id);
    expect(await cardsOf(next)).toEqual([]);
    const { cart } = await cartOf(next);
    expect(await checkout(cart, next, { savedPaymentMethodId: card })).toMatchObject({ status: 422 });
    const own = await buy(next, { confirmationToken: 'pm_card_mastercard', savePaymentMethod: true });
    expect(own.payment.status).toBe('succeeded');
    const [second] = ofOurs(next);
    expect(second!.id).not.toBe(first!.id);
    expect((await cardsOf(next)).map(({ brand }) => brand)).toEqual(['mastercard']);
    // Nobody is ever looked for by an address.
    expect(pay.stripe.requests({ method: 'GET' }).filter((r) => r.path === '/v1/customers')).toEqual([]);
    const left = await pay.shop.db.query(`SELECT FROM payment_customers WHERE customer_id = $1`, [
      decodeId('customer', one.id),
    ]);
    expect(left).toEqual([]);
  });

  it('a customer whose making was never answered is deleted at Stripe all the same', async () => {
    const one = await newcomer();
    pay.stripe.setChaos({ api: [{ kind: 'reset_after', method: 'POST', path: '/v1/customers' }] });
    const { cart } = await cartOf(one);
    expect(await checkout(cart, one, { savePaymentMethod: true })).toMatchObject({ status: 503 });
    pay.stripe.clearChaos();
    const [made] = ofOurs(one);
    expect(made).toBeDefined();
    const orders = await pay.shop.call('GET', '/v1/me/orders', { bearer: one.bearer });
    for (const { id } of orders.body.data)
      await pay.shop.call('POST', `/v1/orders/${id}/cancel`, { bearer: one.bearer, body: {} });
    await pay.shop.quiet();
    const gone = await pay.shop.call('DELETE', '/v1/me', { bearer: one.bearer, body: { password: PASSWORD } });
    expect(gone.status).toBe(204);
    await pay.shop.until(
      async () => customersAtStripe().some((c) => c.id === made!.id && c.deleted === true),
      'Stripe to forget the customer',
    );
  });

  it('whom somebody has deleted in the dashboard of Stripe has no cards there, and can save one again', async () => {
    const one = await newcomer();
    await pay.shop.db.query(
      `INSERT INTO payment_customers (customer_id, provider_ref, created_at) VALUES ($1, 'cus_gone', now() - interval '2 days')`,
      [decodeId('customer', one.id)],
    );
    expect(await cardsOf(one)).toEqual([]);
    const { cart } = await cartOf(one);
    expect(await checkout(cart, one, { savedPaymentMethodId: 'pm_gone' })).toMatchObject({ status: 422 });
    const sale = await buy(one, { confirmationToken: 'pm_card_visa', savePaymentMethod: true });
    expect(sale.payment.status).toBe('succeeded');
    expect(await cardsOf(one)).toHaveLength(1);
    expect(intent(sale).customer).toBe(ofOurs(one)[0]!.id);
  });

  it('whom somebody has deleted there on the day they were made can save a card again, as often as that happens', async () => {
    const { one } = await withCard();
    for (let time = 1; time <= 2; time += 1) {
      const [known] = ofOurs(one);
      const deleted = await fetch(`${pay.stripe.url}/v1/customers/${known!.id}`, {
        method: 'DELETE',
        headers: { Authorization: 'Bearer sk_test_emporium' },
      });
      expect(await deleted.json()).toMatchObject({ deleted: true });
      const sales = await Promise.all(
        ['pm_card_visa', 'pm_card_mastercard'].map((card) =>
          buy(one, { confirmationToken: card, savePaymentMethod: true }),
        ),
      );
      expect(sales.map(({ payment }) => payment.status)).toEqual(['succeeded', 'succeeded']);
      expect(ofOurs(one)).toHaveLength(1);
      expect(ofOurs(one)[0]!.id).not.toBe(known!.id);
      expect(await cardsOf(one)).toHaveLength(2);
    }
  });

  it(
    'many checkouts at once make one Stripe Customer',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const one = await newcomer();
        const carts = await Promise.all([1, 2, 3, 4].map(() => cartOf(one)));
        const body = { confirmationToken: 'pm_card_visa', savePaymentMethod: true };
        const answers = await Promise.all(carts.map(({ cart }) => checkout(cart, one, body)));
        expect(answers.map((a) => [a.status, a.body.payment?.status])).toEqual(
          carts.map(() => [201, 'succeeded'] as const),
        );
        expect(ofOurs(one)).toHaveLength(1);
        expect(await cardsOf(one)).toHaveLength(4);
      }
    },
    RACE_TIMEOUT_MS,
  );

  it('the export of my data has my cards, and says when Stripe does not tell them', async () => {
    const { one } = await withCard();
    const exported = async () => (await pay.shop.call('GET', '/v1/me/export', { bearer: one.bearer })).body;
    expect(await exported()).toMatchObject({
      more: { paymentMethods: [{ last4: '4242', brand: 'visa' }] },
      missing: [],
    });
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'GET', contains: '/payment_methods' }] });
    expect(await exported()).toMatchObject({ account: { email: one.email }, more: {}, missing: ['paymentMethods'] });
  });

  it('while Stripe is away the list is a clear 503, and a checkout leaves an order that the card pays later', async () => {
    const { one, card } = await withCard();
    const { cart, variantId } = await cartOf(one);
    pay.stripe.setChaos({ api: [{ kind: 'status', status: 503 }] });
    const list = await pay.shop.call('GET', '/v1/me/payment-methods', { bearer: one.bearer });
    expect(list).toMatchObject({ status: 503, body: { code: 'payment_unavailable' } });
    const key = newUuid();
    const answer = await checkout(cart, one, { savedPaymentMethodId: card }, key);
    expect(answer).toMatchObject({ status: 503, body: { code: 'payment_unavailable', orderId: expect.any(String) } });
    expect(await pay.shop.stock(variantId)).toEqual({ onHand: 5, reserved: 2 });
    pay.stripe.clearChaos();
    await pay.shop.until(
      async () => (await checkout(cart, one, { savedPaymentMethodId: card }, key)).status === 201,
      'Stripe to be back',
      30_000,
    );
    expect(await pay.shop.order(answer.body.orderId, cart.token)).toMatchObject({
      status: 'confirmed',
      paymentStatus: 'paid',
    });
  }, 60_000);
});
