import { newUuid } from '#libs/ids';
import { signUp } from '../support/customers.js';
import { ADDRESS, Shop } from '../support/shop.js';

const LIMIT = 4;

describe('what one customer writes in a minute', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.start({
      env: { RATE_LIMIT_LOGINS_PER_MIN: '100000', RATE_LIMIT_CART_WRITES_PER_MIN: String(LIMIT) },
    });
  });
  afterAll(async () => {
    await shop?.stop();
  });

  it('is limited by who they are, whatever cart it is to, before anything is done', async () => {
    const [ada, bob] = [await signUp(shop, 'ada@example.com'), await signUp(shop, 'bob@example.com')];
    const keep = (bearer: string, key: string = newUuid()) =>
      shop.call('POST', '/v1/me/addresses', { bearer, body: ADDRESS, key });
    const addresses = async (bearer: string) =>
      (await shop.call('GET', '/v1/me/addresses', { bearer })).body.data.length;

    const first = await keep(ada.bearer);
    expect([first.status, first.headers.get('ratelimit-limit'), first.headers.get('ratelimit-remaining')]).toEqual([
      201,
      String(LIMIT),
      String(LIMIT - 1),
    ]);
    for (let n = 1; n < LIMIT; n += 1)
      expect((await shop.call('POST', '/v1/carts', { bearer: ada.bearer, body: {} })).status).toBe(201);
    const key = newUuid();
    const refused = await keep(ada.bearer, key);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await addresses(ada.bearer)).toBe(1);
    expect(await shop.db.query(`SELECT 1 FROM idempotency_keys WHERE key = $1`, [key])).toEqual([]);

    expect((await keep(bob.bearer)).status).toBe(201);
    expect((await shop.call('POST', '/v1/carts', { body: {} })).status).toBe(201);
    // Who merely says to be Ada does not use up what is hers.
    const forged = `${bob.bearer.split('.')[0]}.${ada.bearer.split('.')[1]}.${bob.bearer.split('.')[2]}`;
    for (let n = 0; n <= LIMIT; n += 1) expect((await keep(forged)).status).toBe(401);
  });
});
