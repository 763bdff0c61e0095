import { encodeId, newUuid } from '#libs/ids';
import { linkTo, PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { ADDRESS, METHOD_ID, Shop } from '../support/shop.js';
import { enableTwoFactor } from '../support/two-factor.js';

const DESK = '/v1/admin/customers';

let shop: Shop;
let owner: string;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  owner = await shop.staff('owner');
});
afterAll(async () => {
  await shop?.stop();
});

const as = (bearer: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  shop.call(method, path, { bearer, body, headers });
const login = (email: string, password = PASSWORD) =>
  shop.call('POST', '/v1/auth/login', { body: { email, password } });
const read = (id: string) => as(owner, 'GET', `${DESK}/${id}`);
const create = (body: object) => as(owner, 'POST', DESK, body);
const change = async (id: string, body: unknown, method = 'PATCH') =>
  as(owner, method, `${DESK}/${id}`, body, { 'If-Match': (await read(id)).headers.get('etag')! });
const isIn = async (customer: SignedIn) =>
  (await shop.call('GET', '/v1/me', { bearer: customer.bearer })).status === 200;
const mailsTo = async (email: string) =>
  (
    await shop.db.query<{ subject: string }>(`SELECT subject FROM mailbox WHERE recipient = $1 ORDER BY id`, [email])
  ).map(({ subject }) => subject);

describe('the list of customers', () => {
  it('finds them by parts of address, name and telephone, and by tag, page by page', async () => {
    const people = [
      {
        email: 'grace.hopper@navy.example',
        firstName: 'Grace',
        lastName: 'Hopper',
        phone: '+1 555 0142',
        tags: ['vip'],
      },
      { email: 'mary_1@example.com', firstName: 'Mary', lastName: 'Hopper-Smith', tags: ['vip', 'eu', ' vip '] },
      { email: 'mary.2@example.com', firstName: 'Ölga', lastName: "O'Neil" },
    ];
    for (const person of people) expect((await create({ ...person, invite: false })).status).toBe(201);
    const found = async (query: Record<string, string>) => {
      const answer = await as(owner, 'GET', `${DESK}?${new URLSearchParams(query).toString()}`);
      expect(answer.status).toBe(200);
      return answer.body.data.map((row: any) => row.email);
    };
    const [grace, mary, olga] = people.map(({ email }) => email);
    expect(await found({ q: 'hopper' })).toEqual([mary, grace]);
    expect(await found({ q: 'HOPPER grace' })).toEqual([grace]);
    expect(await found({ q: '555 0142' })).toEqual([grace]);
    expect(await found({ q: 'ölga' })).toEqual([olga]);
    expect(await found({ q: "o'neil" })).toEqual([olga]);
    expect(await found({ q: 'mary_' })).toEqual([mary]);
    expect(await found({ q: '%' })).toEqual([]);
    expect(await found({ q: 'hopper nobody' })).toEqual([]);
    expect(await found({ tag: 'vip' })).toEqual([mary, grace]);
    expect(await found({ tag: 'vip', q: 'navy' })).toEqual([grace]);

    const first = await as(owner, 'GET', `${DESK}?limit=2&include=total`);
    expect(first.body.page).toMatchObject({ limit: 2, total: 3, next: expect.any(String), prev: null });
    const second = await as(owner, 'GET', `${DESK}?limit=2&cursor=${first.body.page.next}`);
    expect([...first.body.data, ...second.body.data].map((row: any) => row.email)).toEqual([olga, mary, grace]);
    expect((await as(owner, 'GET', `${DESK}?cursor=x`)).body.code).toBe('invalid_cursor');
    expect((await as(owner, 'GET', `${DESK}?role=x`)).body.code).toBe('unknown_parameter');
  });

  it('is found by an index, however many there are', async () => {
    await shop.db.transaction(async (tx) => {
      await tx.query(`SET LOCAL enable_seqscan = off`);
      const plan = await tx.query(
        `EXPLAIN SELECT c.id FROM customers c WHERE c.deleted_at IS NULL
           AND lower(coalesce(c.email, '') || ' ' || c.first_name || ' ' || c.last_name || ' ' || coalesce(c.phone, '')) LIKE '%hopper%'`,
      );
      expect(JSON.stringify(plan)).toContain('customers_search');
    });
  });
});

describe('a customer', () => {
  it('is shown with addresses, orders and what they spent in each currency', async () => {
    const ada = await signUp(shop, 'ada@example.com');
    await shop.call('POST', '/v1/me/addresses', { bearer: ada.bearer, body: ADDRESS });
    const variantId = await shop.product({ stock: 50, price: 1000 });
    const buy = async () => {
      const cart = await shop.cart([{ variantId, quantity: 1 }]);
      const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
      expect(placed.status).toBe(201);
      return placed.body;
    };
    const [paid, unpaid] = [await buy(), await buy()];
    const marked = await shop.call('POST', `/v1/admin/orders/${paid.order.id}/payments/${paid.payment.id}/mark-paid`, {
      bearer: owner,
      key: newUuid(),
      body: {},
    });
    expect(marked.status).toBeLessThan(300);
    // Orders of a guest with this address become hers when she signs in.
    expect((await read(ada.id)).body).toMatchObject({ orderCount: 0, totalSpent: [] });
    expect((await login(ada.email)).status).toBe(200);
    const shown = await read(ada.id);
    expect(shown.body).toMatchObject({
      id: ada.id,
      email: ada.email,
      firstName: 'Ada',
      hasPassword: true,
      hasTwoFactor: false,
      note: null,
      tags: [],
      orderCount: 2,
      totalSpent: [{ amount: 1500, currency: 'USD' }],
      addresses: [expect.objectContaining({ city: 'Springfield', isDefaultShipping: true })],
    });
    const orders = await as(owner, 'GET', `${DESK}/${ada.id}/orders?limit=1`);
    expect(orders.body.data.map((order: any) => order.id)).toEqual([unpaid.order.id]);
    const rest = await as(owner, 'GET', `${DESK}/${ada.id}/orders?cursor=${orders.body.page.next}`);
    expect(rest.body.data.map((order: any) => order.id)).toEqual([paid.order.id]);
  });

  it('is changed by its version; note and tags are in the customer’s export, and personal data in no log', async () => {
    const bob = await signUp(shop, 'bob@example.com', { firstName: 'Bobinski' });
    expect((await as(owner, 'PATCH', `${DESK}/${bob.id}`, { note: 'x' })).status).toBe(428);
    const changed = await change(bob.id, {
      note: 'Calls before noon',
      tags: ['eu', 'eu', ' b2b '],
      phone: '+44 20 7946 0999',
      lastName: 'Roberts',
    });
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { note: 'Calls before noon', tags: ['eu', 'b2b'], phone: '+44 20 7946 0999', firstName: 'Bobinski' },
    ]);
    const stale = await as(owner, 'PATCH', `${DESK}/${bob.id}`, { note: null }, { 'If-Match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    for (const body of [{ email: 'evil@example.com' }, { taxExempt: 1 }, { role: 'x' }, { tags: 'eu' }, { note: 7 }])
      expect([body, (await change(bob.id, body)).status]).toEqual([body, 400]);
    const mine = await shop.call('GET', '/v1/me/export', { bearer: bob.bearer });
    expect(mine.body).toMatchObject({ note: 'Calls before noon', tags: ['eu', 'b2b'] });
    expect((await shop.call('GET', '/v1/me', { bearer: bob.bearer })).body).not.toHaveProperty('note');
    expect((await change(bob.id, { note: null, phone: null })).body).toMatchObject({ note: null, phone: null });

    const log = await as(owner, 'GET', `/v1/admin/audit-log?recordType=customers&recordId=${bob.id}`);
    expect(log.body.data).toHaveLength(2);
    expect(log.body.data[1]).toMatchObject({ action: 'update', recordId: bob.id, after: { tags: ['eu', 'b2b'] } });
    const everything = JSON.stringify(await shop.db.query(`SELECT * FROM audit_log`));
    for (const secret of ['Calls before noon', '7946', 'Roberts', 'Bobinski', bob.email, '$argon2'])
      expect([secret, everything.includes(secret)]).toEqual([secret, false]);
  });

  it('is signed out, helped without a telephone, and given another password', async () => {
    const ada = await signUp(shop, 'helped@example.com');
    await enableTwoFactor(shop, '/v1/me/two-factor', ada.bearer, PASSWORD);
    expect((await read(ada.id)).body.hasTwoFactor).toBe(true);
    expect((await as(owner, 'DELETE', `${DESK}/${ada.id}/sessions`)).status).toBe(204);
    expect(await isIn(ada)).toBe(false);
    expect((await login(ada.email)).body.twoFactorRequired).toBe(true);
    expect((await as(owner, 'DELETE', `${DESK}/${ada.id}/two-factor`)).status).toBe(204);
    expect((await as(owner, 'DELETE', `${DESK}/${ada.id}/two-factor`)).body.code).toBe('two_factor_not_enabled');
    const again = { ...ada, bearer: (await login(ada.email)).body.accessToken };
    expect(await isIn(again)).toBe(true);

    const reset = (body: object) => as(owner, 'POST', `${DESK}/${ada.id}/password-reset`, body);
    expect((await reset({})).status).toBe(202);
    expect(await isIn(again)).toBe(true);
    expect((await reset({ force: true })).status).toBe(202);
    expect([await isIn(again), (await login(ada.email)).status]).toEqual([false, 401]);
    await shop.quiet();
    const body = { token: await linkTo(shop, ada.email, 'password'), password: 'amber tractor 17 lullabies' };
    expect((await shop.call('POST', '/v1/auth/reset-password', { body })).status).toBe(204);
    expect((await login(ada.email, body.password)).status).toBe(200);
  });

  it('is taken out of everything, once nothing is under way', async () => {
    const gone = await signUp(shop, 'gone@example.com');
    await enableTwoFactor(shop, '/v1/me/two-factor', gone.bearer, PASSWORD);
    await change(gone.id, { note: 'A secret wish', tags: ['eu'] });
    expect((await as(owner, 'DELETE', `${DESK}/${gone.id}`)).status).toBe(428);
    const stale = await as(owner, 'DELETE', `${DESK}/${gone.id}`, undefined, { 'If-Match': '"1"' });
    expect(stale.status).toBe(412);
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.call('POST', '/v1/carts', {
      bearer: gone.bearer,
      body: {
        lines: [{ variantId, quantity: 1 }],
        shippingAddress: ADDRESS,
        shippingMethodId: encodeId('shippingMethod', METHOD_ID),
      },
    });
    const placed = await shop.checkout({ id: cart.body.id, token: cart.body.token }, { paymentMethod: 'manual' });
    const busy = await change(gone.id, undefined, 'DELETE');
    expect([busy.status, busy.body.code, busy.body.orderIds]).toEqual([409, 'open_orders', [placed.body.order.id]]);
    const canceled = await shop.call('POST', `/v1/admin/orders/${placed.body.order.id}/cancel`, {
      bearer: owner,
      key: newUuid(),
      body: {},
    });
    expect(canceled.status).toBeLessThan(300);
    expect((await change(gone.id, undefined, 'DELETE')).status).toBe(204);
    expect(await isIn(gone)).toBe(false);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/orders'],
      ['DELETE', '/sessions'],
      ['POST', '/password-reset'],
    ] as const) {
      const answer = await as(owner, method, `${DESK}/${gone.id}${path}`, method === 'POST' ? {} : undefined);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const [row] = await shop.db.query(
      `SELECT email, note, tags, (SELECT count(*) FROM two_factors f WHERE f.customer_id = c.id) AS factors
       FROM customers c WHERE id = (SELECT record_id::uuid FROM audit_log WHERE record_type = 'customers' ORDER BY id DESC LIMIT 1)`,
    );
    expect(row).toEqual({ email: null, note: null, tags: [], factors: 0 });
  });
});

describe('an account that staff open', () => {
  it('belongs to whoever reads the mailbox, and is entered by nobody before', async () => {
    const email = 'new@example.com';
    const made = await create({ email, firstName: 'Nora', note: 'From the fair' });
    expect([made.status, made.headers.get('location')]).toEqual([201, `${DESK}/${made.body.id}`]);
    expect(made.body).toMatchObject({ email, firstName: 'Nora', hasPassword: false, orderCount: 0 });
    expect((await login(email)).body.code).toBe('invalid_credentials');
    const again = await create({ email: email.toUpperCase() });
    expect([again.status, again.body.code, again.body.errors[0].pointer]).toEqual([409, 'email_taken', '/email']);
    const token = await linkTo(shop, email, 'your account');
    const accepted = await shop.call('POST', '/v1/auth/reset-password', { body: { token, password: PASSWORD } });
    expect(accepted.status).toBe(204);
    expect((await login(email)).body.user).toMatchObject({ id: made.body.id, firstName: 'Nora' });
    expect((await read(made.body.id)).body.hasPassword).toBe(true);
    await shop.quiet();
    expect((await mailsTo(email)).filter((subject) => subject.includes('password'))).toEqual([]);
  });

  it('is invited once more, or comes to who registers by themselves, with what was noted', async () => {
    const email = 'self@example.com';
    const made = await create({ email, firstName: 'Selma', lastName: 'Known', note: 'Old friend', invite: false });
    await shop.quiet();
    expect(await mailsTo(email)).toEqual([]);
    expect((await as(owner, 'POST', `${DESK}/${made.body.id}/password-reset`, {})).status).toBe(202);
    await linkTo(shop, email, 'your account');
    // Somebody registers with the address: the mail asks its reader to confirm, as with any new address.
    const registered = await signUp(shop, email, { firstName: 'Sel', lastName: undefined });
    expect(registered.id).toBe(made.body.id);
    expect((await read(made.body.id)).body).toMatchObject({
      firstName: 'Sel',
      lastName: 'Known',
      note: 'Old friend',
      hasPassword: true,
    });
    // The invitation that is still in the mailbox resets the password like any other link; the account is the same.
    expect((await login(email)).status).toBe(200);
  });

  it('is made once, whoever asks at the same time, and is nothing that others may do', async () => {
    const email = 'twice@example.com';
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ email, invite: false })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const viewer = await shop.staff('viewer');
    expect((await as(viewer, 'POST', DESK, { email: 'x@example.com' })).status).toBe(403);
    expect((await as(viewer, 'GET', DESK)).status).toBe(200);
    expect((await as(await shop.staff('fulfillment'), 'GET', DESK)).status).toBe(403);
    for (const body of [
      {},
      { email: 'no' },
      { email: 'a@example.com', password: 'x' },
      { email: 'a@example.com', tags: [''] },
    ])
      expect([body, (await create(body)).status]).toEqual([body, 400]);
  });
});
