import { encodeId } from '#libs/ids';
import { endPromotion, promote } from '../support/promotions.js';
import { priceIn } from '../support/pricing.js';
import { ADDRESS, Shop, ZONE_ID } from '../support/shop.js';

describe('what staff have just changed', () => {
  let shop: Shop;
  let owner: string;
  let variantId: string;
  let lines: { variantId: string; quantity: number }[];
  beforeAll(async () => {
    shop = await Shop.start();
    owner = await shop.staff();
    variantId = await shop.product({ stock: 100, price: 1000 });
    lines = [{ variantId, quantity: 1 }];
  });
  // The shop has the settings in mind, and looked at their version just now.
  beforeEach(() => shop.cart(lines));
  afterAll(async () => {
    await shop?.stop();
  });

  const admin = async (method: string, path: string, body?: unknown) => {
    const answer = await shop.call(method, `/v1/admin/${path}`, {
      bearer: owner,
      ...(body === undefined ? {} : { body }),
    });
    expect([200, 201]).toContain(answer.status);
    return answer.body;
  };

  it('is how the next cart is priced: a market', async () => {
    await priceIn(shop, variantId, 'CHF', 950);
    await admin('POST', 'markets', {
      name: 'Switzerland',
      countries: ['CH'],
      currency: 'CHF',
      pricesIncludeTax: true,
    });
    const cart = await shop.call('POST', '/v1/carts', { body: { lines }, headers: { 'X-Country': 'CH' } });
    expect(cart.body).toMatchObject({ subtotal: { amount: 950, currency: 'CHF' }, taxIncluded: true });
  });

  it('can be chosen by the next cart: a shipping method', async () => {
    const zone = encodeId('shippingZone', ZONE_ID);
    const price = { amount: 900, currency: 'USD' };
    const { id } = await admin('POST', `shipping-zones/${zone}/methods`, { name: 'Courier', price });
    const cart = await shop.call('POST', '/v1/carts', {
      body: { lines, shippingAddress: ADDRESS, shippingMethodId: id },
    });
    expect([cart.status, cart.body.shippingTotal]).toEqual([201, price]);
  });

  it('is not refused by another process, which has not heard of it: a shipping method, a promotion', async () => {
    const other = await Shop.start({ database: shop.database });
    try {
      await other.cart(lines);
      const zone = encodeId('shippingZone', ZONE_ID);
      const price = { amount: 1900, currency: 'USD' };
      const { id } = await admin('POST', `shipping-zones/${zone}/methods`, { name: 'Drone', price });
      const cart = await other.call('POST', '/v1/carts', {
        body: { lines, shippingAddress: ADDRESS, shippingMethodId: id },
      });
      expect([cart.status, cart.body.shippingTotal]).toEqual([201, price]);
      await other.cart(lines);
      const promotion = await promote(shop, owner, { name: 'Elsewhere' });
      const preview = await other.call('POST', '/v1/admin/promotions/preview', {
        bearer: await other.staff(),
        body: { lines },
      });
      expect(preview.body.promotions).toMatchObject([{ name: 'Elsewhere' }]);
      await endPromotion(shop, owner, promotion.id);
    } finally {
      await other.stop();
    }
  });

  it('is what the next preview says: a promotion that was switched on, and off', async () => {
    const { id } = await promote(shop, owner, { name: 'Tenth', active: false });
    const preview = async () =>
      (await admin('POST', 'promotions/preview', { lines, country: 'US' })).promotions.map((p: any) => p.name);
    expect(await preview()).toEqual([]);
    await admin('POST', `promotions/${id}/activate`);
    expect(await preview()).toEqual(['Tenth']);
    await endPromotion(shop, owner, id);
    expect(await preview()).toEqual([]);
  });

  it('is how the next order can be paid', async () => {
    const ways = async () => (await shop.call('GET', '/v1/payment-methods')).body.data.map((way: any) => way.id);
    expect(await ways()).toContain('manual');
    const settings = await shop.call('GET', '/v1/admin/settings', { bearer: owner });
    const changed = await shop.call('PATCH', '/v1/admin/settings', {
      bearer: owner,
      body: { manualPayments: false },
      headers: { 'If-Match': settings.headers.get('etag')! },
    });
    expect(changed.status).toBe(200);
    expect(await ways()).not.toContain('manual');
  });
});
