import { decodeId } from '#libs/ids';
import { PASSWORD, signUp, type SignedIn } from '../support/customers.js';
import { ADDRESS, METHOD_ID, Shop } from '../support/shop.js';
import { encodeId } from '#libs/ids';

let shop: Shop;
let staff: string;
let variantId: string;
let product: { id: string; handle: string };
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000', TRUST_PROXY: 'loopback' } });
  await shop.db.query(`UPDATE shop_settings SET manual_payments = true, version = version + 1`);
  staff = await shop.staff('support');
  variantId = await shop.product({ stock: 50, handle: 'reviewed-thing' });
  const { body } = await shop.call('GET', '/v1/products/reviewed-thing');
  product = { id: body.id, handle: body.handle };
});
afterAll(async () => {
  await shop?.stop();
});

const write = (customer: SignedIn, body: object, key = product.handle) =>
  shop.call('POST', `/v1/products/${key}/reviews`, { bearer: customer.bearer, body });
const decide = (id: string, move: 'publish' | 'reject', version = '*') =>
  shop.call('POST', `/v1/admin/reviews/${id}/${move}`, { bearer: staff, headers: { 'If-Match': version } });
const published = async () => (await shop.call('GET', `/v1/products/${product.handle}/reviews`)).body.data;
const card = async () =>
  (await shop.call('GET', '/v1/products')).body.data.find((row: { id: string }) => row.id === product.id);

/** Buys the product as a customer, and has it marked as paid. */
async function buy(customer: SignedIn): Promise<string> {
  const cart = await shop.call('POST', '/v1/carts', {
    bearer: customer.bearer,
    body: {
      lines: [{ variantId, quantity: 1 }],
      shippingAddress: ADDRESS,
      shippingMethodId: encodeId('shippingMethod', METHOD_ID),
    },
  });
  const placed = await shop.checkout(cart.body, { paymentMethod: 'manual' });
  const owner = await shop.staff();
  const { order, payment } = placed.body;
  const paid = await shop.call('POST', `/v1/admin/orders/${order.id}/payments/${payment.id}/mark-paid`, {
    bearer: owner,
    key: crypto.randomUUID(),
    body: {},
  });
  expect(paid.status).toBeLessThan(300);
  return order.id;
}

describe('reviews', () => {
  it('are seen once staff publish them, and then count for the stars of the product', async () => {
    const ada = await signUp(shop, 'ada@example.com');
    const orderId = await buy(ada);
    const written = await write(ada, { rating: 4, title: ' Good ', body: 'Does what it should.' });
    expect([written.status, written.body]).toEqual([
      201,
      expect.objectContaining({
        status: 'pending',
        title: 'Good',
        author: 'Ada',
        verifiedPurchase: true,
        productId: product.id,
      }),
    ]);
    expect(written.headers.get('location')).toBe(`/v1/me/reviews/${written.body.id}`);
    expect(await published()).toEqual([]);
    expect((await card()).rating).toBeUndefined();

    const waiting = await shop.call('GET', '/v1/admin/reviews?status=pending', { bearer: staff });
    expect(waiting.body.data).toEqual([expect.objectContaining({ id: written.body.id, customerId: ada.id, orderId })]);
    expect((await decide(written.body.id, 'publish')).body.status).toBe('published');
    expect(await published()).toEqual([
      {
        id: written.body.id, rating: 4, title: 'Good', body: 'Does what it should.', author: 'Ada', verifiedPurchase: true,
        reply: null, repliedAt: null, createdAt: written.body.createdAt,
      },
    ]); // prettier-ignore
    expect((await card()).rating).toEqual({ average: 4, count: 1 });

    const grace = await signUp(shop, 'grace@example.com');
    const second = await write(grace, { rating: 1, author: 'G.' });
    expect(second.body).toMatchObject({ verifiedPurchase: false, author: 'G.', title: '', body: '' });
    await decide(second.body.id, 'publish');
    expect((await card()).rating).toEqual({ average: 2.5, count: 2 });
    expect((await shop.call('GET', `/v1/products/${product.id}/rating`)).body).toEqual({
      average: 2.5,
      count: 2,
      distribution: [
        { rating: 5, count: 0 },
        { rating: 4, count: 1 },
        { rating: 3, count: 0 },
        { rating: 2, count: 0 },
        { rating: 1, count: 1 },
      ],
    });
    expect((await decide(second.body.id, 'reject')).body.status).toBe('rejected');
    expect((await shop.call('GET', `/v1/products/${product.handle}`)).body.rating).toEqual({ average: 4, count: 1 });
  });

  it('are written once for each product and customer, also by two requests at once', async () => {
    const twice = await signUp(shop, 'twice@example.com');
    const answers = await Promise.all([1, 2, 3, 4].map((rating) => write(twice, { rating })));
    const first = answers.find(({ status }) => status === 201)!;
    for (const answer of answers.filter((one) => one !== first))
      expect([answer.status, answer.body.code, answer.body.reviewId]).toEqual([409, 'already_reviewed', first.body.id]);
  });

  it('wait for staff again when they are changed, and are gone when they are deleted', async () => {
    const eve = await signUp(shop, 'eve@example.com');
    const { body } = await write(eve, { rating: 5 });
    await decide(body.id, 'publish');
    const path = `/v1/me/reviews/${body.id}`;
    const { headers } = await shop.call('GET', path, { bearer: eve.bearer });
    const changed = await shop.call('PATCH', path, {
      bearer: eve.bearer,
      body: { body: 'Buy pills at pills.example' },
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect([changed.status, changed.body.status, changed.body.rating]).toEqual([200, 'pending', 5]);
    expect((await published()).some((review: { id: string }) => review.id === body.id)).toBe(false);
    // Staff publish what they have read, not what it has become meanwhile.
    expect((await decide(body.id, 'publish', '"1"')).status).toBe(412);
    expect((await shop.call('POST', `/v1/admin/reviews/${body.id}/publish`, { bearer: staff })).status).toBe(428);
    const stale = { bearer: eve.bearer, headers: { 'If-Match': headers.get('etag')! } };
    expect((await shop.call('DELETE', path, stale)).status).toBe(412);
    expect((await shop.call('DELETE', path, { bearer: eve.bearer })).status).toBe(204);
    expect((await shop.call('GET', path, { bearer: eve.bearer })).status).toBe(404);
  });

  it('are answered by staff in public', async () => {
    const [review] = await published();
    const path = `/v1/admin/reviews/${review.id}`;
    const { headers } = await shop.call('GET', path, { bearer: staff });
    expect((await shop.call('PUT', `${path}/reply`, { bearer: staff, body: { reply: 'Thanks' } })).status).toBe(428);
    await shop.call('PUT', `${path}/reply`, {
      bearer: staff,
      body: { reply: 'Thanks' },
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect((await published())[0]).toMatchObject({ reply: 'Thanks', repliedAt: expect.any(String) });
  });

  it('belong to those who wrote them', async () => {
    const [review] = await published();
    const mallory = await signUp(shop, 'mallory@example.com');
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await shop.call(method, `/v1/me/reviews/${review.id}`, {
        bearer: mallory.bearer,
        ...(method === 'PATCH' ? { body: { rating: 1 } } : {}),
      });
      expect([method, answer.status]).toEqual([method, 404]);
    }
    const bad = await write(mallory, { rating: 6 });
    expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, '/rating']);
    expect((await write(mallory, { rating: 5 }, 'no-such-thing')).body.code).toBe('product_not_found');
  });

  it('stay without a name when the account is deleted', async () => {
    const gone = await signUp(shop, 'gone@example.com', { firstName: 'Gonzo' });
    const { body } = await write(gone, { rating: 3, body: 'Fine.' });
    await decide(body.id, 'publish');
    await shop.call('DELETE', '/v1/me', { bearer: gone.bearer, body: { password: PASSWORD } });
    await shop.until(
      async () =>
        (await published()).find((review: { id: string }) => review.id === body.id)?.author === 'Former customer',
      'the name to be forgotten',
    );
  });
});

describe('the wishlist', () => {
  it('is a set of variants, as they are sold now, and the customer’s alone', async () => {
    const wisher = await signUp(shop, 'wisher@example.com');
    const other = await shop.product({ stock: 0, price: 700 });
    const call = (method: string, id: string) => shop.call(method, `/v1/me/wishlist/${id}`, { bearer: wisher.bearer });
    for (const id of [variantId, other, variantId]) expect((await call('PUT', id)).status).toBe(204);
    const list = await shop.call('GET', '/v1/me/wishlist?include=total', { bearer: wisher.bearer });
    expect(list.body.page.total).toBe(2);
    expect(list.body.data).toEqual([
      expect.objectContaining({ variantId: other, available: false, price: { amount: 700, currency: 'USD' } }),
      expect.objectContaining({ variantId, available: true, price: { amount: 1000, currency: 'USD' } }),
    ]);
    const inEuro = await shop.call('GET', '/v1/me/wishlist', {
      bearer: wisher.bearer,
      headers: { 'X-Currency': 'EUR' },
    });
    expect(inEuro.body.data[0]).toMatchObject({ price: null, available: false });
    const mine = await shop.call('GET', '/v1/me/export', { bearer: wisher.bearer });
    expect(mine.body.wishlist.map((item: { variantId: string }) => item.variantId)).toEqual([variantId, other]);
    expect((await call('DELETE', other)).status).toBe(204);
    expect((await call('DELETE', other)).status).toBe(404);
    expect((await shop.call('GET', '/v1/me/wishlist', { bearer: wisher.bearer })).body.data).toHaveLength(1);
    expect((await call('PUT', encodeId('variant', '01920000-0000-7000-8000-00000000dead'))).status).toBe(404);
  });
});

describe('waiting for stock', () => {
  const wait = (id: string, email: string) => shop.call('POST', `/v1/variants/${id}/stock-alerts`, { body: { email } });
  const mailsTo = (email: string) =>
    shop.db.query<{ subject: string; text_body: string }>(
      `SELECT subject, text_body FROM mailbox WHERE recipient = $1 AND subject LIKE '%back in stock'`,
      [email],
    );
  const restock = async (id: string, onHand: number) =>
    shop.call('POST', '/v1/admin/stock-adjustments', {
      bearer: await shop.staff(),
      key: crypto.randomUUID(),
      body: { variantId: id, onHand, reason: 'count' },
    });

  it('ends with one mail for each who waits, once', async () => {
    const soldOut = await shop.product({ stock: 0, handle: 'sold-out-thing' });
    await restock(soldOut, 1);
    await restock(soldOut, 0);
    for (const email of ['one@example.com', 'two@example.com', 'ONE@example.com'])
      expect((await wait(soldOut, email)).body).toEqual({ status: 'waiting' });
    await restock(soldOut, 3);
    await shop.quiet();
    expect(await mailsTo('two@example.com')).toHaveLength(1);
    const [mail] = await mailsTo('one@example.com');
    expect(mail!.text_body).toContain('/products/sold-out-thing');
    await restock(soldOut, 0);
    await restock(soldOut, 5);
    await shop.quiet();
    expect([...(await mailsTo('one@example.com')), ...(await mailsTo('ONE@example.com'))]).toHaveLength(1);
    const now = await wait(soldOut, 'three@example.com');
    expect([now.status, now.body.code]).toEqual([409, 'variant_available']);
  });

  it('is for ten things at most where nobody knows whose address it is, and for more with an account', async () => {
    const known = await signUp(shop, 'waits@example.com');
    const waiting = async (email: string) =>
      (
        await shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM stock_alerts WHERE lower(email) = $1`, [email])
      )[0]!.n;
    for (let n = 0; n < 11; n += 1) {
      const soldOut = await shop.product({ stock: 0 });
      for (const email of [known.email, 'Victim@example.com'])
        expect((await wait(soldOut, email)).body).toEqual({ status: 'waiting' });
    }
    expect([await waiting(known.email), await waiting('victim@example.com')]).toEqual([11, 10]);
  });

  it('ends with the account', async () => {
    const soldOut = await shop.product({ stock: 0 });
    const leaver = await signUp(shop, 'leaver@example.com');
    expect((await wait(soldOut, leaver.email)).status).toBe(202);
    await shop.call('DELETE', '/v1/me', { bearer: leaver.bearer, body: { password: PASSWORD } });
    const rows = await shop.db.query(`SELECT 1 FROM stock_alerts WHERE variant_id = $1`, [
      decodeId('variant', soldOut),
    ]);
    expect(rows).toEqual([]);
  });
});
