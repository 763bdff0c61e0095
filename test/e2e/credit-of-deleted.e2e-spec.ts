import { decodeId, newUuid } from '#libs/ids';
import { applyCard, balanceOf, giftCard, storeCredit } from '../support/credits.js';
import { PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { PaymentShop } from '../support/payments.js';
import { RACE_ROUNDS } from '../support/rounds.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

/** Whoever leaves can have money with the shop. */
describe('Store credit of an account that is deleted', () => {
  const pay = new PaymentShop();
  let people = 0;
  beforeAll(async () => {
    await pay.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  });
  afterAll(() => pay.shop?.stop());
  afterEach(() => pay.shop.settleUp());

  async function customer(credit = 0): Promise<SignedIn> {
    const ada = await signUp(pay.shop, `leaver.${(people += 1)}@example.com`);
    if (credit > 0) await storeCredit(pay.shop, ada.id, credit);
    return ada;
  }
  const leave = ({ bearer }: SignedIn, body: object = {}) =>
    pay.shop.call('DELETE', '/v1/me', { bearer, body: { password: PASSWORD, ...body } });
  const left = async ({ id }: SignedIn) =>
    (
      await pay.shop.db.query<{ balance: number }>(
        `SELECT coalesce(sum(balance), 0)::bigint AS balance FROM store_credit_accounts WHERE customer_id = $1`,
        [decodeId('customer', id)],
      )
    )[0]!.balance;
  const forfeited = async () =>
    ((await pay.shop.call('GET', '/v1/admin/ledger/balances', { bearer: pay.bearer })).body.data as any[]).find(
      (row) => row.account === 'credits_forfeited' && row.balance.currency === 'USD',
    )?.balance.amount ?? 0;

  it('keeps the account, and says how much it is', async () => {
    const ada = await customer(900);
    await storeCredit(pay.shop, ada.id, 500, 'EUR');
    expect(await leave(ada)).toMatchObject({
      status: 409,
      body: { code: 'credit_left', storeCredit: expect.arrayContaining([usd(900), { amount: 500, currency: 'EUR' }]) },
    });
    expect((await pay.shop.call('GET', '/v1/me', { bearer: ada.bearer })).status).toBe(200);
    expect(await left(ada)).toBe(1400);
  });

  it('is the shop’s when it is given up: the ledger owes it no more', async () => {
    const ada = await customer(900);
    const before = await forfeited();
    expect((await leave(ada, { forfeitCredit: true })).status).toBe(204);
    expect(await left(ada)).toBe(0);
    expect(await forfeited()).toBe(before - 900);
  });

  it('staff are told, too, and can give it up at the customer’s wish', async () => {
    const ada = await customer(900);
    const path = `/v1/admin/customers/${ada.id}`;
    const etag = (await pay.shop.call('GET', path, { bearer: pay.bearer })).headers.get('etag')!;
    const by = { bearer: pay.bearer, headers: { 'If-Match': etag } };
    expect(await pay.shop.call('DELETE', path, by)).toMatchObject({ status: 409, body: { code: 'credit_left' } });
    expect(await pay.shop.call('DELETE', `${path}?forfeitCredit=maybe`, by)).toMatchObject({ status: 400 });
    expect((await pay.shop.call('DELETE', `${path}?forfeitCredit=true`, by)).status).toBe(204);
    expect(await left(ada)).toBe(0);
    const late = { bearer: pay.bearer, key: newUuid(), body: { delta: 100, currency: 'USD', reason: 'sorry' } };
    expect((await pay.shop.call('POST', `${path}/store-credit`, late)).status).toBe(404);
  });

  it('an account without any is deleted as ever', async () => {
    expect((await leave(await customer())).status).toBe(204);
  });

  it('nothing goes back to it afterwards: the rest of what paid an order does', async () => {
    const ada = await customer(900);
    const card = await giftCard(pay.shop, 1100);
    const by = { bearer: ada.bearer };
    const variantId = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
    const { body: cart } = await pay.shop.call('POST', '/v1/carts', { ...by, body: { lines: [{ variantId, quantity: 2 }] } }); // prettier-ignore
    await applyCard(pay.shop, cart, card.code);
    await pay.shop.call('PATCH', `/v1/carts/${cart.id}`, { ...by, body: { useStoreCredit: true } });
    const placed = await pay.shop.call('POST', `/v1/carts/${cart.id}/checkout`, { ...by, key: newUuid(), body: { paymentMethod: 'stripe' } }); // prettier-ignore
    const { id } = placed.body.order;
    await pay.shop.call('POST', `/v1/admin/orders/${id}/fulfillments`, { bearer: pay.bearer, body: {} });
    expect((await leave(ada)).status).toBe(204);
    const refund = (body: object) =>
      pay.shop.call('POST', `/v1/admin/orders/${id}/refunds`, { bearer: pay.bearer, key: newUuid(), body });
    expect(await refund({ amount: 1101 })).toMatchObject({
      status: 422,
      body: { code: 'refund_too_large', refundable: 1100, ofDeletedAccount: 900 },
    });
    expect(await refund({})).toMatchObject({ status: 201, body: { amount: usd(1100) } });
    expect(await balanceOf(pay.shop, card)).toBe(1100);
    expect(await left(ada)).toBe(0);
  });

  it('credit that is given at the moment of leaving is there before or never', async () => {
    for (let round = 0; round < RACE_ROUNDS; round += 1) {
      const ada = await customer();
      const give = { bearer: pay.bearer, key: newUuid(), body: { delta: 100, currency: 'USD', reason: 'sorry' } };
      const [given, gone] = await Promise.all([
        pay.shop.call('POST', `/v1/admin/customers/${ada.id}/store-credit`, give),
        leave(ada),
      ]);
      expect([
        [201, 409, 100],
        [404, 204, 0],
      ]).toContainEqual([given.status, gone.status, await left(ada)]);
    }
  });
});
