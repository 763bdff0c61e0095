import { jest } from '@jest/globals';
import pg from 'pg';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { type SignedIn, signUp } from '../support/customers.js';
import { priceList, taxRate } from '../support/pricing.js';
import { endPromotion, promote } from '../support/promotions.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let owner: string;
beforeAll(async () => {
  shop = await Shop.start();
  owner = await shop.staff('owner');
  await taxRate(shop, 'US', 100_000);
});
afterAll(async () => {
  await shop?.balance();
  await shop?.stop();
});

const usd = (amount: number) => ({ amount, currency: 'USD' });
type GuestCart = Awaited<ReturnType<Shop['cart']>>;

/** A customer of a group of their own. */
async function member(email: string): Promise<SignedIn & { groupId: string }> {
  const customer = await signUp(shop, email);
  const id = newUuid();
  await shop.db.query(
    `WITH g AS (INSERT INTO customer_groups (id, name) VALUES ($1::uuid, 'Group ' || $1::text) RETURNING id)
     INSERT INTO customer_group_members (customer_id, group_id) SELECT $2, id FROM g`,
    [id, decodeId('customer', customer.id)],
  );
  return { ...customer, groupId: encodeId('customerGroup', id) };
}

const look = async (cart: GuestCart, bearer?: string): Promise<any> =>
  (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token, bearer })).body;
const order = (cart: GuestCart, bearer: string | undefined, body: object = {}) =>
  shop.call('POST', `/v1/carts/${cart.id}/checkout`, {
    token: cart.token,
    bearer,
    key: newUuid(),
    body: { paymentMethod: 'manual', ...body },
  });
const codesOf = (cart: { issues: { code: string }[] }) => cart.issues.map((issue) => issue.code);

describe('the cart of a guest who has signed in', () => {
  // So many accounts are made from one address in a minute, and no more.
  let ada: Awaited<ReturnType<typeof member>>;
  beforeAll(async () => {
    ada = await member('ada.prices@example.com');
  });

  it('is shown and ordered at the prices of the customer; its token alone shows those of guests', async () => {
    const variantId = await shop.product({ stock: 10, price: 1000 });
    await priceList(shop, { name: 'Wholesale', entries: [[variantId, 600]], groupId: ada.groupId });
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    const [guests, theirs] = [await look(cart), await look(cart, ada.bearer)];
    expect(guests).toMatchObject({ email: 'ada@example.com', lines: [{ unitPrice: usd(1000) }] });
    expect(codesOf(guests)).toEqual([]);
    expect(theirs).toMatchObject({ email: ada.email, lines: [{ unitPrice: usd(600), total: usd(1320) }] });
    expect(codesOf(theirs)).toEqual([]);
    expect(theirs.total.amount).toBe(guests.total.amount - 880);
    const more = await shop.call('POST', `/v1/carts/${cart.id}/lines`, {
      token: cart.token,
      bearer: ada.bearer,
      body: { variantId, quantity: 1 },
    });
    expect(more.body).toMatchObject({ lines: [{ quantity: 3, unitPrice: usd(600) }] });
    expect(codesOf(more.body)).toEqual([]);

    const total = more.body.total.amount;
    const refused = await order(cart, ada.bearer, { expectedTotal: (await look(cart)).total.amount });
    expect([refused.status, refused.body.code, refused.body.total]).toEqual([409, 'cart_changed', usd(total)]);
    const placed = await order(cart, ada.bearer, { expectedTotal: total });
    expect(placed.status).toBe(201);
    expect(placed.body.order).toMatchObject({
      email: ada.email,
      total: usd(total),
      lines: [{ quantity: 3, unitPrice: usd(600) }],
    });
    const mine = await shop.call('GET', '/v1/me/orders', { bearer: ada.bearer });
    expect(mine.body.data).toMatchObject([{ id: placed.body.order.id }]);
  });

  it('says that a price has changed where it is the price of guests, too, until the line is put in anew', async () => {
    const [variantId, reduced] = [
      await shop.product({ stock: 10, price: 1000 }),
      await shop.product({ stock: 10, price: 1000 }),
    ];
    await priceList(shop, { entries: [[reduced, 600]], groupId: ada.groupId });
    const cart = await shop.cart([
      { variantId, quantity: 2 },
      { variantId: reduced, quantity: 1 },
    ]);
    await shop.db.query(`UPDATE prices SET amount = 1100 WHERE variant_id = ANY($1)`, [
      [variantId, reduced].map((id) => decodeId('variant', id)),
    ]);
    const changed = { code: 'price_changed', severity: 'warning', previousAmount: 1000 };
    const [seen, guests] = [await look(cart, ada.bearer), await look(cart)];
    expect(seen.issues).toMatchObject([{ ...changed, pointer: '/lines/0/unitPrice' }]);
    expect(guests.issues).toMatchObject([changed, changed]);
    const refused = await order(cart, ada.bearer, { expectedTotal: cart.total });
    expect([refused.status, refused.body.code]).toEqual([409, 'cart_changed']);
    const line = { token: cart.token, bearer: ada.bearer, body: { quantity: 3 } };
    const anew = await shop.call('PATCH', `/v1/carts/${cart.id}/lines/${seen.lines[0].id}`, line);
    expect([anew.status, codesOf(anew.body)]).toEqual([200, []]);
  });

  it('looks up for an order nothing that is only shown', async () => {
    const cart = await shop.cart([{ variantId: await shop.product({ stock: 10, price: 1000 }), quantity: 1 }]);
    const sent = jest.spyOn(pg.Client.prototype, 'query');
    try {
      const placed = await order(cart, ada.bearer);
      expect(placed.status).toBe(201);
      const texts = sent.mock.calls.map(([asked]) => (asked as { text?: string }).text ?? '');
      const asTheirs = texts.filter((text) => text.includes('jsonb_populate_record(g'));
      expect(asTheirs.map((text) => text.includes('shown_lowest_price'))).toEqual([false]);
    } finally {
      sent.mockRestore();
    }
  });

  it('is ordered at the prices of guests by who is not signed in', async () => {
    const ada = await member('ada.unsigned@example.com');
    const variantId = await shop.product({ stock: 10, price: 1000 });
    await priceList(shop, { entries: [[variantId, 600]], groupId: ada.groupId });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    await look(cart, ada.bearer);
    const placed = await order(cart, undefined, { expectedTotal: cart.total });
    expect(placed.body.order).toMatchObject({ email: 'ada@example.com', lines: [{ unitPrice: usd(1000) }] });
  });

  it('owes no tax where the customer owes none', async () => {
    const ada = await member('ada.exempt@example.com');
    await shop.db.query(`UPDATE customers SET tax_exempt = TRUE WHERE id = $1`, [decodeId('customer', ada.id)]);
    const cart = await shop.cart([{ variantId: await shop.product({ stock: 10, price: 1000 }), quantity: 1 }]);
    const theirs = await look(cart, ada.bearer);
    expect(theirs).toMatchObject({ taxExemption: 'exempt', taxTotal: usd(0) });
    expect((await look(cart)).taxTotal.amount).toBeGreaterThan(0);
    const placed = await order(cart, ada.bearer, { expectedTotal: theirs.total.amount });
    expect(placed.body.order).toMatchObject({ taxExemption: 'exempt', taxTotal: usd(0) });
  });

  it('gets the promotions of the customer, and not those that they have had or that are for new ones', async () => {
    const ada = await member('ada.promoted@example.com');
    const one = async () => shop.cart([{ variantId: await shop.product({ stock: 10, price: 1000 }), quantity: 1 }]);
    const ofGroup = await promote(shop, owner, {
      name: 'Friends',
      conditions: { customerGroupIds: [ada.groupId] },
      maxUsesPerCustomer: 1,
    });
    const first = await one();
    expect(await look(first)).toMatchObject({ discountTotal: usd(0) });
    const seen = await look(first, ada.bearer);
    expect(seen).toMatchObject({ discountTotal: usd(100) });
    const placed = await order(first, ada.bearer, { expectedTotal: seen.total.amount });
    expect(placed.body.order).toMatchObject({ discountTotal: usd(100) });

    // Once only: an address that nobody knows, which the guest gave, does not make it the first time again.
    const forNew = await promote(shop, owner, { name: 'Welcome', conditions: { firstOrder: true } });
    const again = await one();
    await shop.call('PATCH', `/v1/carts/${again.id}`, { token: again.token, body: { email: 'fresh@example.com' } });
    expect(await look(again)).toMatchObject({ discountTotal: usd(100) });
    const later = await look(again, ada.bearer);
    expect(later).toMatchObject({ discountTotal: usd(0) });
    const second = await order(again, ada.bearer);
    expect(second.body.order).toMatchObject({ discountTotal: usd(0), total: later.total });
    for (const { id } of [ofGroup, forNew]) await endPromotion(shop, owner, id);
  });

  it('costs by each way to ship what it will cost the customer', async () => {
    const ada = await member('ada.shipped@example.com');
    const made = await promote(shop, owner, {
      name: 'Free for friends',
      action: { type: 'free_shipping' },
      conditions: { customerGroupIds: [ada.groupId] },
    });
    const cart = await shop.cart([{ variantId: await shop.product({ stock: 10, price: 1000 }), quantity: 1 }]);
    const prices = async (bearer?: string) => {
      const { body } = await shop.call('GET', `/v1/carts/${cart.id}/shipping-methods`, { token: cart.token, bearer });
      return body.data.map((method: any) => method.price.amount);
    };
    expect([await prices(ada.bearer), (await prices())[0] > 0]).toEqual([[0], true]);
    await endPromotion(shop, owner, made.id);
  });
});
