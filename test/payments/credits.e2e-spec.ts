import { decodeId, newUuid } from '#libs/ids';
import { applyCard, balanceOf, giftCard, storeCredit, type TestCard } from '../support/credits.js';
import { signUp } from '../support/customers.js';
import { PaymentShop, type Sale, type SaleOptions } from '../support/payments.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

describe('Orders that gift cards and store credit pay for', () => {
  const pay = new PaymentShop();
  beforeAll(async () => {
    await pay.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  });
  afterAll(() => pay.shop?.stop());
  afterEach(() => pay.shop.balance());

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
