import { encodeId, newUuid } from '#libs/ids';
import { applyCard } from '../support/credits.js';
import { type SignedIn, signUp } from '../support/customers.js';
import { Shop } from '../support/shop.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

describe('Gift cards and store credit in the hands of staff', () => {
  let shop: Shop;
  let bearer: string;
  let ada: SignedIn;
  beforeAll(async () => {
    shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
    bearer = await shop.staff('manager');
    ada = await signUp(shop, 'ada.desk@example.com');
  });
  afterAll(() => shop?.stop());
  afterEach(() => shop.settleUp());

  const issue = async (body: object = {}) =>
    shop.call('POST', '/v1/admin/gift-cards', { bearer, key: newUuid(), body: { amount: 2500, currency: 'USD', ...body } }); // prettier-ignore
  const adjust = (id: string, body: object, key = newUuid()) =>
    shop.call('POST', `/v1/admin/gift-cards/${id}/adjustments`, { bearer, key, body });
  const give = (body: object, id = ada.id) =>
    shop.call('POST', `/v1/admin/customers/${id}/store-credit`, { bearer, key: newUuid(), body });
  const codeOf = async (id: string) =>
    (await shop.call('GET', `/v1/admin/gift-cards/${id}/code`, { bearer })).body.code as string;

  it('a card is issued, found by the end of its code, and pays; no answer that is kept has its code', async () => {
    const made = await issue({ note: 'for the delay', expiresAt: '2099-12-31' });
    expect(made).toMatchObject({
      status: 201,
      body: { initialAmount: usd(2500), balance: usd(2500), note: 'for the delay', disabledAt: null },
    });
    const code = await codeOf(made.body.id);
    expect(code.slice(-4)).toBe(made.body.last4);
    const kept = await shop.db.query(`SELECT 1 FROM idempotency_keys WHERE response_body::text LIKE $1`, [`%${code}%`]);
    expect(kept).toEqual([]);
    const found = await shop.call('GET', `/v1/admin/gift-cards?last4=${made.body.last4.toLowerCase()}&include=total`, { bearer }); // prettier-ignore
    expect(found.body.data).toMatchObject([{ id: made.body.id }]);
    const variantId = await shop.product({ stock: 5, price: 1000, shipping: false });
    const cart = await shop.call('POST', '/v1/carts', { body: { lines: [{ variantId, quantity: 1 }], email: 'ada@example.com' } }); // prettier-ignore
    await applyCard(shop, cart.body, code);
    const placed = await shop.checkout(cart.body, { paymentMethod: 'manual' });
    expect(placed).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
    const one = await shop.call('GET', `/v1/admin/gift-cards/${made.body.id}`, { bearer });
    expect(one.body).toMatchObject({
      balance: usd(1500),
      transactions: [
        { kind: 'spend', delta: usd(-1000), balanceAfter: usd(1500), orderId: placed.body.order.id },
        { kind: 'issue', delta: usd(2500), actor: expect.stringMatching(/^staff:usr_/) },
      ],
    });
    expect(JSON.stringify(one.body)).not.toContain(code);
  });

  it('a card is adjusted with a reason, once for each key, and never below zero', async () => {
    const { id } = (await issue()).body;
    const key = newUuid();
    for (let i = 0; i < 2; i += 1)
      expect(await adjust(id, { delta: -500, reason: 'typed wrong' }, key)).toMatchObject({
        status: 201,
        body: { balance: usd(2000), transactions: [{ kind: 'adjust', reason: 'typed wrong' }, { kind: 'issue' }] },
      });
    expect(await adjust(id, { delta: -2001, reason: 'too much' })).toMatchObject({
      status: 422,
      body: { code: 'credit_too_small', balance: 2000 },
    });
    const answers = await Promise.all(Array.from({ length: 6 }, () => adjust(id, { delta: -700, reason: 'race' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(answers.filter(({ body }) => body.code === 'credit_too_small')).toHaveLength(4);
    const log = await shop.call('GET', '/v1/admin/audit-log?limit=50', { bearer });
    const about = log.body.data.map((entry: any) => entry.recordType ?? entry.record?.type);
    expect(about).toEqual(expect.arrayContaining(['gift_cards', 'credit_transactions']));
  });

  it('a card that is disabled pays nothing, and saying so again changes nothing', async () => {
    const { id } = (await issue()).body;
    const code = await codeOf(id);
    const first = await shop.call('POST', `/v1/admin/gift-cards/${id}/disable`, { bearer });
    const second = await shop.call('POST', `/v1/admin/gift-cards/${id}/disable`, { bearer });
    expect(second.body).toEqual(first.body);
    expect(first.body).toMatchObject({ disabledAt: expect.any(String), balance: usd(2500) });
    const cart = await shop.call('POST', '/v1/carts', { body: {} });
    expect(await applyCard(shop, cart.body, code)).toMatchObject({ status: 422, body: { code: 'gift_card_disabled' } });
  });

  it('store credit is given and taken with a reason; its customer sees it, others do not', async () => {
    expect(await give({ delta: 900, currency: 'USD', reason: 'sorry' })).toMatchObject({
      status: 201,
      body: { data: [{ balance: usd(900) }], transactions: [{ kind: 'adjust', reason: 'sorry' }] },
    });
    expect(await give({ delta: -901, currency: 'USD', reason: 'x' })).toMatchObject({ body: { code: 'credit_too_small' } }); // prettier-ignore
    expect(await give({ delta: -400, currency: 'USD', reason: 'too kind' })).toMatchObject({ status: 201 });
    const mine = await shop.call('GET', '/v1/me/store-credit', { bearer: ada.bearer });
    expect(mine.body).toMatchObject({ data: [{ balance: usd(500) }] });
    expect(JSON.stringify(mine.body)).not.toContain('too kind');
    const bob = await signUp(shop, 'bob.desk@example.com');
    expect((await shop.call('GET', '/v1/me/store-credit', { bearer: bob.bearer })).body).toEqual({ data: [] });
    const seen = await shop.call('GET', `/v1/admin/customers/${ada.id}/store-credit`, { bearer });
    expect(seen.body).toMatchObject({ data: [{ balance: usd(500) }], transactions: [{ delta: usd(-400) }, {}] });
  });

  it('input that makes no sense is refused by the name of its field', async () => {
    const { id } = (await issue()).body;
    for (const [answer, pointer] of [
      [await issue({ amount: 0 }), '/amount'],
      [await issue({ currency: 'XXX' }), '/currency'],
      [await issue({ expiresAt: '2020-01-01' }), '/expiresAt'],
      [await adjust(id, { delta: 0, reason: 'x' }), '/delta'],
      [await adjust(id, { delta: 5 }), '/reason'],
      [await give({ delta: 0, currency: 'USD', reason: 'x' }), '/delta'],
    ] as const)
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    const nobody = encodeId('customer', newUuid());
    expect(await give({ delta: 5, currency: 'USD', reason: 'x' }, nobody)).toMatchObject({ status: 404 });
    expect(await adjust(encodeId('giftCard', newUuid()), { delta: 5, reason: 'x' })).toMatchObject({ status: 404 });
  });

  it('support looks, and gives nothing', async () => {
    const support = await shop.staff('support');
    const { id } = (await issue()).body;
    expect(await shop.call('GET', `/v1/admin/gift-cards/${id}`, { bearer: support })).toMatchObject({ status: 200 });
    expect(await shop.call('GET', `/v1/admin/gift-cards/${id}/code`, { bearer: support })).toMatchObject({ status: 403 }); // prettier-ignore
    expect(await shop.call('POST', `/v1/admin/gift-cards/${id}/disable`, { bearer: support })).toMatchObject({ status: 403 }); // prettier-ignore
  });
});
