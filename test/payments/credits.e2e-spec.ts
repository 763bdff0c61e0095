import { decodeId, newUuid } from '#libs/ids';
import { applyCard, balanceOf, giftCard, storeCredit, type TestCard } from '../support/credits.js';
import { signUp } from '../support/customers.js';
import { PaymentShop, type Sale, type SaleOptions } from '../support/payments.js';
import { race } from '../support/rounds.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

describe('Orders that gift cards and store credit pay for', () => {
  const pay = new PaymentShop();
  beforeAll(async () => {
    await pay.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  });
  afterAll(() => pay.shop?.stop());
  afterEach(() => pay.shop.settleUp());

  /** An order of 20.00, of which the card pays what it can. */
  async function placed(card: TestCard, options: SaleOptions = {}): Promise<Sale> {
    const { variantId, quantity, cart } = await pay.fill(options);
    expect(await applyCard(pay.shop, cart, card.code)).toMatchObject({ status: 201 });
    const answer = await pay.shop.checkout(cart, {
      paymentMethod: 'stripe',
      ...(options.pay ? { confirmationToken: options.pay, returnUrl: 'http://localhost/done' } : {}),
    });
    expect(answer).toMatchObject({ status: 201 });
    return pay.saleOf(answer, variantId, quantity, cart);
  }

  it('F17 the intent asks for what is due: total with shipping and tax, less the gift card', async () => {
    const card = await giftCard(pay.shop, 700);
    await pay.shop.db.query(
      `INSERT INTO tax_rates (id, name, country, rate_ppm) VALUES ($1, 'Tax', 'US', 100000) ON CONFLICT DO NOTHING`,
      [newUuid()],
    );
    await pay.shop.db.query(`UPDATE shop_settings SET version = version + 1`);
    const { variantId, quantity, cart } = await pay.fill({ isShipped: true });
    const applied = await applyCard(pay.shop, cart, card.code.toLowerCase().replaceAll('-', ' '));
    const { total } = applied.body;
    expect(applied.body).toMatchObject({
      shippingTotal: usd(500),
      giftCards: [{ id: card.id, last4: card.code.slice(-4), balance: usd(700), amount: usd(700) }],
      storeCredit: null,
      creditTotal: usd(700),
      amountDue: usd(total.amount - 700),
    });
    expect(applied.body.taxTotal.amount).toBeGreaterThan(0);
    const answer = await pay.shop.checkout(cart, {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_visa',
      returnUrl: 'http://localhost/done',
      expectedTotal: total.amount,
      expectedAmountDue: total.amount - 700,
    });
    const sale = pay.saleOf(answer, variantId, quantity, cart);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(pay.charges(sale)).toMatchObject([{ amount_captured: total.amount - 700 }]);
    expect(await pay.order(sale)).toMatchObject({
      total,
      giftCards: [{ id: card.id, amount: usd(700), refunded: usd(0) }],
      creditTotal: usd(700),
      amountDue: usd(total.amount - 700),
      capturedTotal: usd(total.amount - 700),
    });
    expect(await balanceOf(pay.shop, card)).toBe(0);
    await pay.shop.db.query(`DELETE FROM tax_rates`);
    await pay.shop.db.query(`UPDATE shop_settings SET version = version + 1`);
  });

  it('an order that a card pays in full is paid at once, without a payment', async () => {
    const card = await giftCard(pay.shop, 5000);
    const { cart } = await pay.fill();
    await applyCard(pay.shop, cart, card.code);
    const answer = await pay.shop.checkout(cart, { paymentMethod: 'stripe' });
    expect(answer.body).toMatchObject({
      payment: null,
      order: { status: 'confirmed', paymentStatus: 'paid', amountDue: usd(0), payments: [] },
    });
    expect(await balanceOf(pay.shop, card)).toBe(3000);
    expect(pay.intentsOf(answer.body.order.id)).toEqual([]);
    const canceled = await pay.shop.call('POST', `/v1/orders/${answer.body.order.id}/cancel`, { token: cart.token, body: {} }); // prettier-ignore
    expect(canceled.body).toMatchObject({ status: 'canceled', paymentStatus: 'refunded', refundedTotal: usd(2000) });
    expect(await balanceOf(pay.shop, card)).toBe(5000);
  });

  it('a rest that is too small to be charged stays on the card', async () => {
    const card = await giftCard(pay.shop, 1980);
    const sale = await placed(card, { pay: 'pm_card_visa' });
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(pay.charges(sale)).toMatchObject([{ amount_captured: 50 }]);
    expect(await balanceOf(pay.shop, card)).toBe(30);
  });

  it('several cards and store credit are used up in their order', async () => {
    const ada = await signUp(pay.shop, 'ada.credit@example.com');
    await storeCredit(pay.shop, ada.id, 900);
    const [one, two] = [await giftCard(pay.shop, 300), await giftCard(pay.shop, 400)];
    const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
    const made = await pay.shop.call('POST', '/v1/carts', { bearer: ada.bearer, body: { lines: [{ variantId, quantity: 2 }] } }); // prettier-ignore
    expect(made.body).toMatchObject({ storeCredit: { balance: usd(900), amount: usd(0) }, useStoreCredit: false });
    for (const { code } of [one, two, one]) await applyCard(pay.shop, made.body, code);
    const cart = await pay.shop.call('PATCH', `/v1/carts/${made.body.id}`, { bearer: ada.bearer, body: { useStoreCredit: true } }); // prettier-ignore
    expect(cart.body).toMatchObject({
      giftCards: [{ id: one.id, amount: usd(300) }, { id: two.id, amount: usd(400) }], // prettier-ignore
      storeCredit: { balance: usd(900), amount: usd(900) },
      amountDue: usd(400),
    });
    // The token alone opens the cart, not the purse of its owner.
    const byToken = await pay.shop.call('GET', `/v1/carts/${made.body.id}`, { token: made.body.token });
    expect(byToken.body).toMatchObject({ storeCredit: null, amountDue: usd(1300) });
    const less = await pay.shop.call('DELETE', `/v1/carts/${made.body.id}/gift-cards/${two.id}`, {
      bearer: ada.bearer,
    });
    expect(less.body).toMatchObject({ giftCards: [{ id: one.id }], amountDue: usd(800) });
    const placedNow = await pay.shop.call('POST', `/v1/carts/${made.body.id}/checkout`, {
      bearer: ada.bearer,
      key: newUuid(),
      body: { paymentMethod: 'manual' },
    });
    expect(placedNow.body.order).toMatchObject({
      status: 'confirmed', paymentStatus: 'pending', giftCards: [{ amount: usd(300) }], storeCredit: { amount: usd(900) },
      payments: [{ amount: usd(800) }],
    }); // prettier-ignore
    expect([await balanceOf(pay.shop, one), await balanceOf(pay.shop, two)]).toEqual([0, 400]);
    const { order } = placedNow.body;
    const paid = await pay.shop.call('POST', `/v1/admin/orders/${order.id}/payments/${order.payments[0].id}/mark-paid`, { bearer: pay.bearer }); // prettier-ignore
    expect(paid.body).toMatchObject({ paymentStatus: 'paid' });
  });

  it('a cart that takes in another one has ten cards at most: first its own, then those that were put in first', async () => {
    const ada = await signUp(pay.shop, 'merge.credit@example.com');
    const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
    const lines = [{ variantId, quantity: 1 }];
    const { body: theirs } = await pay.shop.call('POST', '/v1/carts', { bearer: ada.bearer, body: { lines } });
    const { body: guests } = await pay.shop.call('POST', '/v1/carts', { body: { lines } });
    const cards = [];
    for (let n = 0; n < 12; n += 1) cards.push(await giftCard(pay.shop, 100 + n));
    const put = (cart: any, some: TestCard[]) => Promise.all(some.map(({ code }) => applyCard(pay.shop, cart, code)));
    await put(theirs, cards.slice(0, 7));
    for (const card of cards.slice(6)) await put(guests, [card]);
    const merge = { bearer: ada.bearer, token: guests.token, body: {} };
    const merged = await pay.shop.call('POST', `/v1/carts/${guests.id}/merge`, merge);
    expect(merged.status).toBe(200);
    const { body } = await pay.shop.call('GET', `/v1/carts/${theirs.id}`, { bearer: ada.bearer });
    const ids = body.giftCards.map((card: { id: string }) => card.id);
    expect(new Set(ids)).toEqual(new Set(cards.slice(0, 10).map(({ id }) => id)));
    expect(ids).toHaveLength(10);
  });

  it('an order that is not paid in time gives the credit back with its stock', async () => {
    const card = await giftCard(pay.shop, 700);
    const sale = await placed(card);
    expect(await balanceOf(pay.shop, card)).toBe(0);
    await pay.expire(sale);
    await pay.becomes(sale, 'canceled', 'canceled');
    expect(await balanceOf(pay.shop, card)).toBe(700);
    expect(await pay.order(sale)).toMatchObject({ giftCards: [{ amount: usd(0) }], creditTotal: usd(700) });
  });

  it('a shopper who cancels before paying has the credit back', async () => {
    const card = await giftCard(pay.shop, 700);
    const sale = await placed(card);
    expect(await pay.cancel(sale)).toMatchObject({ status: 200 });
    expect(await balanceOf(pay.shop, card)).toBe(700);
  });

  it('a declined card leaves the credit with the order, which can be paid again', async () => {
    const card = await giftCard(pay.shop, 700);
    const sale = await placed(card, { pay: 'pm_card_chargeDeclined' });
    expect(await balanceOf(pay.shop, card)).toBe(0);
    expect(await pay.pay(sale, 'pm_card_visa')).toMatchObject({ status: 201 });
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(pay.charges(sale).filter((charge) => charge.paid)).toMatchObject([{ amount_captured: 1300 }]);
  });

  it('money that comes late takes the credit once more, and opens the order again', async () => {
    const card = await giftCard(pay.shop, 700);
    const sale = await placed(card);
    await pay.endHere(sale);
    expect(await balanceOf(pay.shop, card)).toBe(700);
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await balanceOf(pay.shop, card)).toBe(0);
  });

  it('money that comes late goes back when the credit is spent elsewhere by then', async () => {
    const card = await giftCard(pay.shop, 700);
    const sale = await placed(card);
    await pay.endHere(sale);
    const other = await placed(card, { pay: 'pm_card_visa' });
    await pay.shop.confirm(sale.clientSecret);
    await pay.shop.until(async () => pay.refundsAtStripe(sale).length === 1, 'the money to go back');
    await pay.shop.quiet();
    expect(await pay.order(sale)).toMatchObject({ status: 'canceled' });
    expect(await pay.order(other)).toMatchObject({ status: 'confirmed' });
    expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 1300 }]);
    expect(await balanceOf(pay.shop, card)).toBe(0);
    expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('money under review whose credit is spent elsewhere by then cannot be accepted, and the answer says why', async () => {
    const card = await giftCard(pay.shop, 700);
    const sale = await placed(card);
    await pay.atStripe('POST', `/v1/payment_intents/${sale.intent}`, { amount: '100' });
    await pay.endHere(sale);
    await placed(card, { pay: 'pm_card_visa' });
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'payment_review', 'canceled');
    const decide = (decision: string) =>
      pay.shop.call('POST', `/v1/admin/payments/${sale.paymentId}/${decision}`, { bearer: pay.bearer, key: newUuid() });
    expect(await decide('accept')).toMatchObject({ status: 422, body: { code: 'credit_too_small' } });
    expect(await pay.order(sale)).toMatchObject({ status: 'payment_review' });
    expect(await decide('reject')).toMatchObject({ status: 200 });
    await pay.shop.quiet();
    expect(await pay.order(sale)).toMatchObject({ status: 'canceled' });
    expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 100 }]);
    expect(await balanceOf(pay.shop, card)).toBe(0);
  });

  describe('refunds', () => {
    const refund = (orderId: string, body: object, key = newUuid()) =>
      pay.shop.call('POST', `/v1/admin/orders/${orderId}/refunds`, { bearer: pay.bearer, key, body });

    /** An order of 20.00 that is paid by a card of 7.00 and a payment. */
    async function mixed(payBy = 'pm_card_visa'): Promise<{ card: TestCard; sale: Sale }> {
      const card = await giftCard(pay.shop, 700);
      const sale = await placed(card, { pay: payBy });
      await pay.becomes(sale, 'confirmed', 'paid');
      return { card, sale };
    }

    /** An order of 20.00 that credit pays for alone. */
    async function paidByCredit(): Promise<{ card: TestCard; order: any; variantId: string }> {
      const card = await giftCard(pay.shop, 2000);
      const { variantId, cart } = await pay.fill();
      await applyCard(pay.shop, cart, card.code);
      const { body } = await pay.shop.checkout(cart, { paymentMethod: 'stripe' });
      return { card, order: body.order, variantId };
    }

    it('go to the payment as far as it took money, the rest to the card it came from; all of it, once', async () => {
      const { card, sale } = await mixed();
      const first = await refund(sale.orderId, { amount: 500 });
      expect(first).toMatchObject({ status: 201, body: { amount: usd(500), parts: [{ destination: 'payment' }] } });
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'partially_refunded', refundedTotal: usd(500) });
      const key = newUuid();
      const second = await refund(sale.orderId, { amount: 1000 }, key);
      expect(second).toMatchObject({
        status: 201,
        body: {
          paymentId: sale.paymentId,
          amount: usd(1000),
          parts: [
            { destination: 'payment', amount: usd(800) },
            { destination: 'gift_card', status: 'succeeded', amount: usd(200) },
          ],
        },
      });
      expect((await refund(sale.orderId, { amount: 1000 }, key)).body.id).toBe(second.body.id);
      expect(await balanceOf(pay.shop, card)).toBe(200);
      await pay.shop.quiet();
      expect(await pay.order(sale)).toMatchObject({
        paymentStatus: 'partially_refunded',
        refundedTotal: usd(1500),
        giftCards: [{ amount: usd(700), refunded: usd(200) }],
        payments: [{ captured: usd(1300), refunded: usd(1300) }],
      });
      expect(await refund(sale.orderId, { amount: 501 })).toMatchObject({
        status: 422,
        body: { code: 'refund_too_large', refundable: 500 },
      });
      const both = await Promise.all([refund(sale.orderId, {}), refund(sale.orderId, {})]);
      expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'refunded', refundedTotal: usd(2000) });
      expect(await balanceOf(pay.shop, card)).toBe(700);
      expect(pay.refundsAtStripe(sale).reduce((sum, { amount }) => sum + amount, 0)).toBe(1300);
      expect((await pay.payment(sale)).refunds).toMatchObject([{ amount: usd(500) }, { amount: usd(800) }]);
    });

    it('all that is left of a mixed order goes back in one', async () => {
      const { card, sale } = await mixed();
      expect(await refund(sale.orderId, { restock: true })).toMatchObject({ status: 201, body: { amount: usd(2000) } });
      await pay.becomes(sale, 'confirmed', 'refunded');
      expect(await balanceOf(pay.shop, card)).toBe(700);
      expect(await pay.shop.stock(sale.variantId)).toEqual({ onHand: 5, reserved: 0 });
    });

    it('of an order without a payment: by lines, back on the shelf at once; a disabled card has it, too', async () => {
      const { card, order, variantId } = await paidByCredit();
      await pay.shop.db.query(`UPDATE gift_cards SET disabled_at = now() WHERE id = $1`, [decodeId('giftCard', card.id)]); // prettier-ignore
      const lines = [{ lineId: order.lines[0].id, quantity: 1 }];
      expect(await refund(order.id, { lines, restock: true })).toMatchObject({
        status: 201,
        body: { paymentId: null, status: 'succeeded', amount: usd(1000), parts: [{ destination: 'gift_card' }] },
      });
      expect(await pay.shop.stock(variantId)).toEqual({ onHand: 4, reserved: 0 });
      expect(await balanceOf(pay.shop, card)).toBe(1000);
      await pay.shop.quiet();
      const mails = await (await fetch(`${pay.shop.url}/dev/mailbox.json?to=ada@example.com`)).text();
      expect(mails).toContain(`back on your gift card that ends in ${card.code.slice(-4)}`);
      expect(await refund(order.id, {})).toMatchObject({ status: 201, body: { amount: usd(1000) } });
      const after = await pay.shop.call('GET', `/v1/admin/orders/${order.id}`, { bearer: pay.bearer });
      expect(after.body).toMatchObject({ paymentStatus: 'refunded', refundedTotal: usd(2000) });
      expect(await refund(order.id, {})).toMatchObject({ status: 422, body: { code: 'refund_too_large', refundable: 0 } }); // prettier-ignore
    });

    it('what was used last goes back first: store credit, then the cards from the last to the first', async () => {
      const ada = await signUp(pay.shop, 'back.credit@example.com');
      await storeCredit(pay.shop, ada.id, 900);
      const [one, two] = [await giftCard(pay.shop, 700), await giftCard(pay.shop, 400)];
      const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
      const { body: cart } = await pay.shop.call('POST', '/v1/carts', { bearer: ada.bearer, body: { lines: [{ variantId, quantity: 2 }] } }); // prettier-ignore
      for (const { code } of [one, two]) await applyCard(pay.shop, cart, code);
      await pay.shop.call('PATCH', `/v1/carts/${cart.id}`, { bearer: ada.bearer, body: { useStoreCredit: true } });
      const { body } = await pay.shop.call('POST', `/v1/carts/${cart.id}/checkout`, { bearer: ada.bearer, key: newUuid(), body: { paymentMethod: 'stripe' } }); // prettier-ignore
      expect((await refund(body.order.id, { amount: 1000 })).body.parts).toMatchObject([
        { destination: 'store_credit', amount: usd(900) },
        { destination: 'gift_card', amount: usd(100) },
      ]);
      expect([await balanceOf(pay.shop, one), await balanceOf(pay.shop, two)]).toEqual([0, 100]);
    });

    race('10 at the same time never give back more than was paid', async () => {
      const { card, order } = await paidByCredit();
      const answers = await Promise.all(Array.from({ length: 10 }, () => refund(order.id, { amount: 300 })));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(6);
      expect(answers.filter(({ body }) => body.code === 'refund_too_large')).toHaveLength(4);
      expect(await balanceOf(pay.shop, card)).toBe(1800);
    });

    it('money that the bank sends back later leaves the credit where it is, and can be refunded again', async () => {
      const { card, sale } = await mixed('pm_card_refundFail');
      expect(await refund(sale.orderId, {})).toMatchObject({ status: 201 });
      await pay.shop.until(async () => {
        pay.stripe.settle();
        return (await pay.payment(sale)).refunds[0].status === 'failed';
      }, 'the refund to fail');
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'partially_refunded', refundedTotal: usd(700) });
      expect(await balanceOf(pay.shop, card)).toBe(700);
      expect(await refund(sale.orderId, {})).toMatchObject({ status: 201, body: { amount: usd(1300) } });
    });

    it('that Stripe refuses are not carried out a second time by the same request: its credit went back already', async () => {
      const { card, sale } = await mixed();
      // We have not heard of it yet when staff press the button.
      pay.stripe.setChaos({ webhooks: [{ kind: 'hold', types: ['refund.*', 'charge.*'] }] });
      pay.stripe.dashboardRefund(sale.intent);
      const key = newUuid();
      const refused = { status: 422, body: { code: 'payment_refused' } };
      expect(await refund(sale.orderId, { amount: 1500 }, key)).toMatchObject(refused);
      await refund(sale.orderId, { amount: 1500 }, key);
      expect(await balanceOf(pay.shop, card)).toBe(200);
      pay.stripe.clearChaos();
      pay.stripe.release();
      await pay.shop.quiet();
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'partially_refunded', refundedTotal: usd(1500) });
    });

    it('a canceled order that was paid both ways is refunded when the money is back, too', async () => {
      const { card, sale } = await mixed();
      expect(await pay.cancel(sale)).toMatchObject({ status: 200 });
      await pay.becomes(sale, 'canceled', 'refunded');
      expect(await pay.order(sale)).toMatchObject({ refundedTotal: usd(2000) });
      expect(await balanceOf(pay.shop, card)).toBe(700);
      expect(await refund(sale.orderId, {})).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
    });

    it('an order that is not paid yet has nothing to refund', async () => {
      const sale = await placed(await giftCard(pay.shop, 700));
      expect(await refund(sale.orderId, {})).toMatchObject({ status: 409, body: { code: 'nothing_to_refund' } });
    });
  });

  describe('cards that do not pay', () => {
    it.each([
      ['nobody knows', 'gift_card_unknown', async () => 'ABCD-EFGH-JKMN-PQRS'],
      ['that is no code', 'gift_card_unknown', async () => 'give me money'],
      ['of another currency', 'gift_card_currency', async () => (await giftCard(pay.shop, 500, { currency: 'EUR' })).code],
      ['that have expired', 'gift_card_expired', async () => (await giftCard(pay.shop, 500, { endsInMs: -1 })).code],
      ['that were withdrawn', 'gift_card_disabled', async () => {
        const card = await giftCard(pay.shop, 500);
        await pay.shop.db.query(`UPDATE gift_cards SET disabled_at = now() WHERE id = $1`, [decodeId('giftCard', card.id)]);
        return card.code;
      }],
    ])('%s', async (_what, code, typed) => {
      const { cart } = await pay.fill();
      expect(await applyCard(pay.shop, cart, await typed())).toMatchObject({ status: 422, body: { code, errors: [{ pointer: '/code' }] } }); // prettier-ignore
    }); // prettier-ignore

    it('that are empty, or end while they are in a cart: the checkout says so, and the cart goes on without them', async () => {
      const card = await giftCard(pay.shop, 700);
      const { cart } = await pay.fill();
      await applyCard(pay.shop, cart, card.code);
      await placed(card, { pay: 'pm_card_visa' });
      const other = await pay.fill();
      expect(await applyCard(pay.shop, other.cart, card.code)).toMatchObject({ body: { code: 'gift_card_empty' } });
      const refused = await pay.shop.checkout(cart, { paymentMethod: 'stripe' });
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'credit_changed', amountDue: usd(2000), errors: [{ pointer: '/giftCards/0', code: 'gift_card_unusable' }] },
      }); // prettier-ignore
      await pay.shop.call('DELETE', `/v1/carts/${cart.id}/gift-cards/${card.id}`, { token: cart.token });
      expect(await pay.shop.checkout(cart, { paymentMethod: 'stripe' })).toMatchObject({ status: 201 });
    });
  });
});
