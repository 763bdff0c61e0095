import { decodeId } from '#libs/ids';
import { linkTo, signUp } from '../support/customers.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let variantId: string;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  variantId = await shop.product({ stock: null, price: 1000 });
}, 60_000);
afterEach(() => shop.settleUp());
afterAll(async () => {
  await shop?.stop();
});

const order = async (email: string) => {
  const cart = await shop.cart([{ variantId, quantity: 1 }]);
  await shop.call('PATCH', `/v1/carts/${cart.id}`, { token: cart.token, body: { email } });
  const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
  expect(placed.status).toBe(201);
  const { id, number } = placed.body.order as { id: string; number: string };
  return { id, number, cart };
};
const lookUp = (number: unknown, email: unknown) => shop.call('POST', '/v1/orders/lookup', { body: { number, email } });
const read = async (id: string, token: string, path = '') =>
  (await shop.call('GET', `/v1/orders/${id}${path}`, { token })).status;
const mailsTo = (email: string) =>
  shop.db.query<{ subject: string; text_body: string; html_body: string }>(
    `SELECT subject, text_body, html_body FROM mailbox WHERE recipient = $1 AND subject LIKE 'Your order %' ORDER BY id`,
    [email],
  );
const SENT = { status: 202, body: { status: 'mail_sent' } };

describe('a guest who has lost their order', () => {
  it('gets a link to it by mail, and it opens that order and nothing else', async () => {
    const [one, other] = [await order('grace@example.com'), await order('grace@example.com')];
    expect(await lookUp(one.number, 'GRACE@example.com')).toMatchObject(SENT);
    const token = await linkTo(shop, 'grace@example.com', `Your order ${one.number}`);
    const [mail] = await mailsTo('grace@example.com');
    expect(mail!.text_body).toContain(`/orders/${one.id}#token=${token}`);
    // Whoever passes it on is told what they give away.
    for (const text of [mail!.text_body, mail!.html_body])
      expect(text.replaceAll(/\s+/g, ' ')).toContain(
        'Whoever has it can do what you can: see the order, pay for it, cancel it and download its files.',
      );

    for (const path of ['', '/events', '/payments']) expect(await read(one.id, token, path)).toBe(200);
    expect(await read(other.id, token)).toBe(404);
    expect(await read(other.id, token, '/events')).toBe(404);
    expect((await shop.call('GET', `/v1/carts/${one.cart.id}`, { token })).status).toBe(404);
    expect(await read(one.id, `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)).toBe(404);
    // As often as they like, beside the token of the cart, and for all that a guest may do.
    expect([await read(one.id, token), await read(one.id, one.cart.token)]).toEqual([200, 200]);
    const canceled = await shop.call('POST', `/v1/orders/${one.id}/cancel`, { token, body: {} });
    expect([canceled.status, canceled.body.status]).toEqual([200, 'canceled']);
    // What is stored opens nothing.
    const stored = await shop.db.query(`SELECT to_jsonb(k)::text AS text FROM account_links k`);
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it('hears the same whatever they ask for, and only the address of the order gets a mail', async () => {
    const { number } = await order('joan@example.com');
    const asked = [
      [number, 'joan@example.com'],
      [number, 'stranger@example.com'],
      ['999999999999999', 'joan@example.com'],
      ['999999999999999', 'stranger@example.com'],
    ] as const;
    for (const [wanted, email] of asked) {
      const { status, body } = await lookUp(wanted, email);
      expect({ status, body }).toEqual(SENT);
    }
    await shop.quiet();
    expect((await mailsTo('joan@example.com')).map(({ subject }) => subject)).toEqual([`Your order ${number}`]);
    expect(await mailsTo('stranger@example.com')).toEqual([]);
    const links = await shop.db.query(
      `SELECT FROM account_links WHERE purpose = 'find_order' AND email IN ('joan@example.com', 'stranger@example.com')`,
    );
    expect(links).toHaveLength(asked.length);
  });

  it('has a day: then the link opens nothing, nor does one whose order has another address by now', async () => {
    const { id, number } = await order('mary@example.com');
    await lookUp(number, 'mary@example.com');
    const token = await linkTo(shop, 'mary@example.com', 'Your order');
    const [left] = await shop.db.query<{ hours: number }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int AS hours FROM account_links WHERE email = 'mary@example.com'`,
    );
    expect(left!.hours).toBe(24);
    await shop.db.query(`UPDATE orders SET email = 'other@example.com' WHERE id = $1`, [decodeId('order', id)]);
    expect(await read(id, token)).toBe(404);
    await shop.db.query(`UPDATE orders SET email = 'Mary@example.com' WHERE id = $1`, [decodeId('order', id)]);
    expect(await read(id, token)).toBe(200);
    await shop.db.query(`UPDATE account_links SET expires_at = now() WHERE email = 'mary@example.com'`);
    expect(await read(id, token)).toBe(404);
    expect(await read(id, token, '/events')).toBe(404);
  });

  it('signs in once the order is one of their account: a mailbox alone does not open what an account guards', async () => {
    const { id, number } = await order('ida@example.com');
    await lookUp(number, 'ida@example.com');
    const token = await linkTo(shop, 'ida@example.com', 'Your order');
    expect(await read(id, token)).toBe(200);
    const ida = await signUp(shop, 'ida@example.com');
    expect((await shop.call('GET', `/v1/orders/${id}`, { bearer: ida.bearer })).status).toBe(200);
    expect(await read(id, token)).toBe(404);
    await lookUp(number, ida.email);
    const mails = await shop.until(async () => {
      const all = await mailsTo(ida.email);
      return all.length === 2 && all;
    }, 'the second mail');
    expect(mails[1]!.text_body).toContain('sign in to see it');
    expect(mails[1]!.text_body).not.toContain('Whoever has it');
    expect(mails[1]!.text_body).not.toContain('#token=');
  });

  it('asks five times an hour for an order, whether it is there or not, and is not kept from it by who guesses numbers', async () => {
    const { number } = await order('eager@example.com');
    for (let guess = 1; guess <= 20; guess += 1)
      expect((await lookUp(String(90_000_000 + guess), 'eager@example.com')).status).toBe(202);
    for (const wanted of [number, '80000000']) {
      for (const email of ['eager@example.com', 'EAGER@example.com', 'Eager@example.com'])
        expect((await lookUp(wanted, email)).status).toBe(202);
      for (const written of [`0${wanted}`, wanted])
        expect((await lookUp(written, 'eager@example.com')).status).toBe(202);
      for (const email of ['eager@example.com', 'EAGER@example.com']) {
        const refused = await lookUp(`00${wanted}`, email);
        expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect((await lookUp(wanted, 'patient@example.com')).status).toBe(202);
    }
    await linkTo(shop, 'eager@example.com', `Your order ${number}`);
  });

  it('gets five mails in an hour at most, however many orders there are, and nobody hears of it', async () => {
    const email = 'many@example.com';
    const numbers: string[] = [];
    while (numbers.length < 4) numbers.push((await order(email)).number);
    const ask = async () => {
      for (const number of numbers) expect(await lookUp(number, email)).toMatchObject(SENT);
      await shop.quiet();
    };
    await ask();
    await ask();
    const hours = await shop.db.query<{ asked: number }>(
      `SELECT count(*)::int AS asked FROM account_links WHERE email = $1 GROUP BY date_trunc('hour', created_at)`,
      [email],
    );
    const sent = hours.reduce((sum, { asked }) => sum + Math.min(5, asked), 0);
    expect(await mailsTo(email)).toHaveLength(sent);
    // As if it had been an hour before.
    await shop.db.query(`UPDATE account_links SET created_at = created_at - interval '1 hour' WHERE email = $1`, [
      email,
    ]);
    await ask();
    expect(await mailsTo(email)).toHaveLength(sent + 4);
  });

  it('is told what is no number of an order, and what no address', async () => {
    for (const number of ['', '#1001', '1001 OR 1', '-1', '1e3', '1'.repeat(16), 1001, null, ['1']])
      expect([number, (await lookUp(number, 'x@example.com')).body.errors?.[0]?.pointer]).toEqual([number, '/number']);
    for (const email of ['', 'nobody', null, {}])
      expect([email, (await lookUp('1', email)).body.errors?.[0]?.pointer]).toEqual([email, '/email']);
  });
});
