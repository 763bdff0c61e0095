import { encodeId, newUuid } from '#libs/ids';
import { METHOD_ID, SETTLE_DELAY_MS } from '../support/shop.js';
import { type Sale, usePaymentShop } from '../support/payments.js';
import { race, RACE_ROUNDS, RACE_TIMEOUT_MS, SEED } from '../support/rounds.js';

/** From the placed order to the paid one: cards that are taken, declined, checked by the bank, or left. */
describe(`Paying (seed ${SEED})`, () => {
  const pay = usePaymentShop();

  it('S1 happy path, client confirm', async () => {
    const sale = await pay.place();
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    const intent = await pay.shop.confirm(sale.clientSecret);
    expect(intent).toMatchObject({ status: 'succeeded', amount: 2000 });
    await pay.becomes(sale, 'confirmed', 'paid');
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(await pay.payment(sale)).toMatchObject({ status: 'succeeded', captured: { amount: 2000, currency: 'USD' } });
    expect(await pay.told(sale, 'order.paid')).toBe(1);
    const mails = await pay.shop.db.query(`SELECT FROM mailbox WHERE subject LIKE '%' || $1 || '%'`, [sale.number]);
    expect(mails).toHaveLength(1);
  });

  it('S2 happy path, server confirm', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    expect(sale.payment.status).toBe('succeeded');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    const history = await pay.history(sale);
    await pay.shop.quiet();
    expect(pay.stripe.deliveries({ event: pay.eventsOf(sale, 'payment_intent.succeeded')[0]!.id })).toMatchObject([
      { status: 'succeeded' },
    ]);
    expect(await pay.history(sale)).toEqual(history);
    expect(await pay.told(sale, 'order.paid')).toBe(1);
  });

  it('S2 happy path, server confirm with a confirmation token of Stripe.js', async () => {
    const token = await pay.atStripe('POST', '/v1/test_helpers/confirmation_tokens', {
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost/done',
    });
    const sale = await pay.place({ pay: token.id });
    expect(sale.payment.status).toBe('succeeded');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  });

  it('S3 decline then success', async () => {
    const sale = await pay.place({ pay: 'pm_card_chargeDeclined' });
    expect(sale.payment).toMatchObject({ status: 'requires_payment_method', error: { code: 'generic_decline' } });
    const second = await pay.pay(sale, 'pm_card_visa_chargeDeclinedInsufficientFunds');
    expect(second).toMatchObject({ status: 201, body: { error: { code: 'insufficient_funds' } } });
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    const { attempts } = await pay.payment(sale);
    expect(attempts.map((a: { outcome: string }) => a.outcome).sort()).toEqual(['failed', 'failed', 'succeeded']);
    expect(attempts.map((a: { declineCode: string | null }) => a.declineCode)).toEqual(
      expect.arrayContaining(['generic_decline', 'insufficient_funds']),
    );
    expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
    expect(pay.charges(sale)).toHaveLength(1);
  });

  it('S4 3DS approved, the browser never returns', async () => {
    const sale = await pay.place({ pay: 'pm_card_authenticationRequired' });
    expect(sale.payment).toMatchObject({ status: 'requires_action', nextAction: { type: 'redirect_to_url' } });
    pay.stripe.approve3ds(sale.intent);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  });

  it('S5 3DS failed', async () => {
    const sale = await pay.place({ pay: 'pm_card_threeDSecure2Required' });
    pay.stripe.fail3ds(sale.intent);
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(await pay.payment(sale)).toMatchObject({
      status: 'requires_payment_method',
      attempts: [{ outcome: 'failed', code: 'payment_intent_authentication_failure' }],
    });
    expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
  });

  it('S6 3DS abandoned', async () => {
    const sale = await pay.place({ pay: 'pm_card_threeDSecure2Required' });
    // Stripe waits for the shopper for as long as it takes: it is the shop that ends it.
    pay.stripe.advance({ minutes: pay.shop.config.reservationTtlMin + 1 });
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'requires_action' }]);
    // The time of an order is over by the clock of Postgres, which no test can put forward.
    await pay.expire(sale);
    await pay.becomes(sale, 'canceled', 'canceled');
    expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled' }]);
    expect(await pay.standing(sale)).toEqual(['canceled', 'canceled', 5, 0]);
    expect(() => pay.stripe.approve3ds(sale.intent)).toThrow();
  });

  it(
    'S29 idempotency misuse and double click',
    async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const { cart, variantId, quantity } = await pay.fill();
        const key = newUuid();
        const clicks = await Promise.all([
          pay.shop.checkout(cart, undefined, key),
          pay.shop.checkout(cart, undefined, key),
        ]);
        expect(clicks.map((a) => a.status).filter((status) => status !== 409)).not.toHaveLength(0);
        for (const { status } of clicks) expect([201, 409]).toContain(status);
        const sale = pay.saleOf(
          clicks.find((a) => a.status === 201)!,
          variantId,
          quantity,
          cart,
        );
        const again = newUuid();
        const paths = [again, again, newUuid(), newUuid()].map((k) =>
          pay.shop.call('POST', `/v1/orders/${sale.orderId}/payments`, { token: sale.token, key: k, body: {} }),
        );
        const answers = await Promise.all(paths);
        for (const answer of answers) {
          if (answer.status === 409) expect(answer.body.code).toBe('idempotency_key_in_flight');
          else expect(answer).toMatchObject({ status: 201, body: { clientSecret: sale.clientSecret } });
        }
        expect(answers.filter((a) => a.status === 201).length).toBeGreaterThanOrEqual(3);
        expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
      }
      expect(pay.stripe.requests().filter((r) => r.errorType === 'idempotency_error')).toEqual([]);
    },
    RACE_TIMEOUT_MS,
  );

  it('S29 a key used again for something else is refused before Stripe hears of it', async () => {
    const sale = await pay.place();
    const key = newUuid();
    expect(await pay.pay(sale, 'pm_card_chargeDeclined', key)).toMatchObject({ status: 201 });
    const posts = pay.posts('/confirm');
    expect(await pay.pay(sale, 'pm_card_visa', key)).toMatchObject({ status: 422 });
    expect(pay.posts('/confirm')).toBe(posts);
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
  });

  it('F2 what is paid is neither captured nor refunded by being looked at', async () => {
    const captures = pay.posts('/capture');
    const refunds = pay.posts('/v1/refunds');
    const sale = await pay.place({ pay: 'pm_card_visa' });
    expect((await pay.comeBack(sale)).body.paymentStatus).toBe('paid');
    await pay.shop.call('POST', `/v1/admin/payments/${sale.paymentId}/sync`, { bearer: pay.bearer });
    await pay.reconcile(sale);
    await pay.shop.quiet();
    expect(pay.posts('/capture')).toBe(captures);
    expect(pay.posts('/v1/refunds')).toBe(refunds);
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  });

  it('F4 the browser is closed after paying: the webhook alone pays the order', async () => {
    const sale = await pay.place();
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid', 2_000);
    expect(pay.charges(sale)).toHaveLength(1);
  });

  it('F9 ten edits of a checkout make one intent; after cancel and reorder the old one is canceled', async () => {
    const intents = pay.account.payment_intents.length;
    const { cart, variantId } = await pay.fill({ isShipped: true });
    for (let edit = 1; edit <= 10; edit += 1) {
      const { status } = await pay.shop.call('PATCH', `/v1/carts/${cart.id}`, {
        token: cart.token,
        body: {
          lines: [{ variantId, quantity: 1 + (edit % 3) }],
          email: `ada${edit}@example.com`,
          shippingMethodId: encodeId('shippingMethod', METHOD_ID),
        },
      });
      expect(status).toBe(200);
    }
    expect(pay.account.payment_intents).toHaveLength(intents);
    const sale = pay.saleOf(await pay.shop.checkout(cart), variantId, 2, cart);
    expect(pay.account.payment_intents).toHaveLength(intents + 1);
    expect((await pay.cancel(sale)).status).toBe(200);
    expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'canceled' }]);
    const next = await pay.place({ variantId, isShipped: true });
    expect(next.intent).not.toBe(sale.intent);
    expect(pay.account.payment_intents).toHaveLength(intents + 2);
  });

  it('F10 after a decline and a changed order the new amount is charged, and the old intent takes no card', async () => {
    const old = await pay.place({ pay: 'pm_card_chargeDeclined' });
    expect((await pay.cancel(old)).status).toBe(200);
    const sale = await pay.place({ variantId: old.variantId, quantity: 3, pay: 'pm_card_visa' });
    expect(pay.charges(sale)).toMatchObject([{ amount: 3000 }]);
    const late = (await pay.shop.confirm(old.clientSecret)) as unknown as { error?: { code: string } };
    expect(late.error?.code).toBe('payment_intent_unexpected_state');
    expect(pay.charges(old)).toEqual([]);
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 2, 0]);
  });

  it('F11 canceled and ordered again for the same amount: a new intent, which can be paid', async () => {
    const first = await pay.place();
    expect((await pay.cancel(first)).status).toBe(200);
    const second = await pay.place({ variantId: first.variantId });
    expect(second.intent).not.toBe(first.intent);
    expect(await pay.pay(second, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(pay.stripe.requests().filter((r) => r.errorType === 'idempotency_error')).toEqual([]);
  });

  it('F14 syncing what is settled is no error and no change', async () => {
    const sale = await pay.place({ pay: 'pm_card_visa' });
    await pay.shop.quiet();
    const before = await pay.history(sale);
    for (let i = 0; i < 3; i += 1) {
      expect(await pay.comeBack(sale)).toMatchObject({
        status: 200,
        body: { status: 'confirmed', paymentStatus: 'paid' },
      });
      const staff = await pay.shop.call('POST', `/v1/admin/payments/${sale.paymentId}/sync`, { bearer: pay.bearer });
      expect(staff).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    }
    expect(await pay.history(sale)).toEqual(before);
  });

  it('F17 with shipping and tax the intent asks for what is due', async () => {
    await pay.shop.db.query(
      `INSERT INTO tax_rates (id, name, country, rate_ppm) VALUES ($1, 'Sales tax', 'US', 87500)`,
      [newUuid()],
    );
    await pay.shop.db.query(`UPDATE shop_settings SET version = version + 1`);
    try {
      const sale = await pay.place({ isShipped: true, quantity: 3, price: 333 });
      const order = await pay.order(sale);
      expect(order.shippingTotal.amount).toBe(500);
      expect(order.taxTotal.amount).toBeGreaterThan(0);
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ amount: order.total.amount, currency: 'usd' }]);
      await pay.shop.confirm(sale.clientSecret);
      await pay.becomes(sale, 'confirmed', 'paid');
    } finally {
      await pay.shop.db.query(`DELETE FROM tax_rates`);
      await pay.shop.db.query(`UPDATE shop_settings SET version = version + 1`);
    }
  });

  it('F23 a declined card, then a good one on the same order: the decline is not replayed', async () => {
    const sale = await pay.place({ pay: 'pm_card_chargeDeclined' });
    const confirms = pay.posts('/confirm');
    expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(pay.posts('/confirm')).toBe(confirms + 1);
    expect(pay.stripe.requests({ path: `/v1/payment_intents/${sale.intent}/confirm` }).map((r) => r.isReplay)).toEqual([
      false,
      false,
    ]);
  });

  race('F29 placed again and at once, also after the webhook: the same intent', async () => {
    const { cart, variantId, quantity } = await pay.fill();
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay.shop.checkout(cart)));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([201]));
    const sale = pay.saleOf(answers[0]!, variantId, quantity, cart);
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    const after = await pay.shop.checkout(cart);
    expect(after).toMatchObject({ status: 201, body: { order: { id: sale.orderId, paymentStatus: 'paid' } } });
    expect(after.body.payment.clientSecret).toBeUndefined();
    expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
    expect(pay.charges(sale)).toHaveLength(1);
  });

  it('an async method is decided by the bank later: paid, or back to another card', async () => {
    const sale = await pay.place({ pay: 'pm_emu_processing_then_succeed' });
    expect(sale.payment.status).toBe('processing');
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);

    const failing = await pay.place({ pay: 'pm_emu_processing_then_fail' });
    await pay.shop.quiet();
    expect(await pay.standing(failing)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(await pay.payment(failing)).toMatchObject({ status: 'requires_payment_method' });
    expect(await pay.pay(failing, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
  });

  it('an async method that is `processing` for three days and then fails: the goods stay held, and another card pays', async () => {
    pay.stripe.settleDelayMs = 3 * 24 * 3_600_000;
    let sale: Sale;
    try {
      sale = await pay.place({ pay: 'pm_emu_processing_then_fail' });
    } finally {
      pay.stripe.settleDelayMs = SETTLE_DELAY_MS;
    }
    pay.stripe.advance({ days: 2, hours: 23 });
    await pay.expire(sale);
    await pay.shop.quiet();
    expect(await pay.payment(sale)).toMatchObject({ status: 'processing' });
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    pay.stripe.advance({ hours: 2 });
    await pay.shop.until(
      async () => (await pay.payment(sale)).status === 'requires_payment_method',
      'the bank to say no',
    );
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  });

  it('a burst of declined cards of one order ends in declines, and the order can still be paid', async () => {
    const sale = await pay.place();
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay.pay(sale, 'pm_card_chargeDeclined')));
    for (const answer of answers) expect([201, 409, 422, 429, 503]).toContain(answer.status);
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(pay.charges(sale)).toHaveLength(1);
  });
});
