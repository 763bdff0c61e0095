import { decodeId, encodeId, newUuid } from '#libs/ids';
import { linkTo, PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { ADDRESS, METHOD_ID, Shop } from '../support/shop.js';

const MANY = { RATE_LIMIT_LOGINS_PER_MIN: '100000', TRUST_PROXY: 'loopback' };

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ env: MANY });
});
afterAll(async () => {
  await shop?.stop();
});

const post = (path: string, body: unknown, options: object = {}) => shop.call('POST', path, { body, ...options });
const login = (email: string, password = PASSWORD, more: object = {}) =>
  post('/v1/auth/login', { email, password, ...more });
const me = (bearer?: string) => shop.call('GET', '/v1/me', { bearer });
const mails = (email: string) =>
  shop.db.query<{ subject: string; text_body: string }>(
    `SELECT subject, text_body FROM mailbox WHERE recipient = $1 ORDER BY id`,
    [email],
  );

describe('registering', () => {
  it('opens an account with the link of the mail and the password, and begins a session', async () => {
    const answer = await post('/v1/auth/register', {
      email: 'Grace@example.com',
      password: PASSWORD,
      firstName: 'Grace',
      lastName: 'Hopper',
      acceptsMarketing: true,
    });
    expect([answer.status, answer.body]).toEqual([202, { status: 'mail_sent' }]);
    const token = await linkTo(shop, 'Grace@example.com');
    expect((await login('grace@example.com')).status).toBe(401);

    const verified = await post('/v1/auth/verify-email', { token, password: PASSWORD });
    expect(verified.status).toBe(200);
    expect(verified.body).toMatchObject({
      expiresIn: 600,
      user: {
        type: 'customer',
        id: expect.stringMatching(/^cus_/),
        email: 'Grace@example.com',
        firstName: 'Grace',
        lastName: 'Hopper',
      },
    });
    expect((await me(verified.body.accessToken)).body).toEqual({
      id: verified.body.user.id,
      email: 'Grace@example.com',
      firstName: 'Grace',
      lastName: 'Hopper',
      phone: null,
      acceptsMarketing: true,
      vatNumber: null,
      createdAt: expect.stringMatching(/\.\d{3}Z$/),
      updatedAt: expect.stringMatching(/\.\d{3}Z$/),
    });
    const again = await post('/v1/auth/verify-email', { token, password: PASSWORD });
    expect([again.status, again.body.code]).toEqual([422, 'invalid_link']);
    const session = await login('GRACE@example.com');
    expect([session.status, session.body.user]).toEqual([200, verified.body.user]);
    const renewed = await post('/v1/auth/refresh', { refreshToken: session.body.refreshToken });
    expect([renewed.status, renewed.body.user]).toEqual([200, verified.body.user]);
    expect((await me(renewed.body.accessToken)).status).toBe(200);
    expect((await post('/v1/auth/logout', { refreshToken: renewed.body.refreshToken })).status).toBe(204);
    expect((await me(renewed.body.accessToken)).status).toBe(401);
  });

  it('answers an address that has an account in the same way, and changes nothing', async () => {
    await signUp(shop, 'known@example.com');
    const unknown = await post('/v1/auth/register', { email: 'unknown@example.com', password: 'another 1 long word' });
    const known = await post('/v1/auth/register', { email: 'KNOWN@example.com', password: 'another 1 long word' });
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    const told = await shop.until(
      async () => (await mails('known@example.com')).find((mail) => mail.subject.startsWith('You have')),
      'the mail that tells of the account',
    );
    expect(await mails('KNOWN@example.com')).toEqual([]);
    expect(told.text_body).not.toContain('token=');
    expect((await login('known@example.com')).status).toBe(200);
    expect((await login('known@example.com', 'another 1 long word')).status).toBe(401);
  });

  it('gives nobody an account in the name of another who clicks the link', async () => {
    await post('/v1/auth/register', { email: 'victim@example.com', password: 'chosen by an attacker 1' });
    const token = await linkTo(shop, 'victim@example.com');
    const clicked = await post('/v1/auth/verify-email', { token, password: PASSWORD });
    expect([clicked.status, clicked.body.code]).toEqual([401, 'invalid_credentials']);
    expect((await login('victim@example.com', 'chosen by an attacker 1')).status).toBe(401);
    // The victim registers: the attacker's link dies with that.
    await post('/v1/auth/register', { email: 'victim@example.com', password: PASSWORD });
    const own = await linkTo(shop, 'victim@example.com', '', 1);
    expect((await post('/v1/auth/verify-email', { token: own, password: PASSWORD })).status).toBe(200);
    const late = await post('/v1/auth/verify-email', { token, password: 'chosen by an attacker 1' });
    expect([late.status, late.body.code]).toEqual([422, 'invalid_link']);
  });

  it('happens once, however often the link is opened at the same time', async () => {
    await post('/v1/auth/register', { email: 'eager@example.com', password: PASSWORD });
    const token = await linkTo(shop, 'eager@example.com');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post('/v1/auth/verify-email', { token, password: PASSWORD })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 422, 422, 422, 422]);
  });

  it('needs a link that is not too old, and keeps no secret in clear', async () => {
    await post('/v1/auth/register', { email: 'slow@example.com', password: PASSWORD });
    const token = await linkTo(shop, 'slow@example.com');
    const stored = await shop.db.query(
      `SELECT (SELECT json_agg(k) FROM account_links k)::text || (SELECT json_agg(o) FROM outbox o)::text ||
         (SELECT json_agg(j) FROM jobs j)::text AS everything`,
    );
    expect(stored[0]!.everything).not.toContain(token);
    expect(stored[0]!.everything).not.toContain(PASSWORD);
    await shop.db.query(
      `UPDATE account_links SET expires_at = now() - interval '1 ms' WHERE email = 'slow@example.com'`,
    );
    expect((await post('/v1/auth/verify-email', { token, password: PASSWORD })).status).toBe(422);
  });

  it.each([
    [{ password: 'short 1' }, '/password', 'too_short'],
    [{ password: 'password123' }, '/password', 'too_common'],
    [{ password: 'nina@example.com' }, '/password', 'too_common'],
    [{ email: 'nina' }, '/email', 'invalid_email'],
    [{ id: 'cus_01j4000000e00800000000000a' }, '/id', 'unknown_field'],
    [{ role: 'owner' }, '/role', 'unknown_field'],
  ])('is refused with %j', async (over, pointer, code) => {
    const answer = await post('/v1/auth/register', { email: 'nina@example.com', password: PASSWORD, ...over });
    expect([answer.status, answer.body.errors?.[0]]).toEqual([400, expect.objectContaining({ pointer, code })]);
  });

  it('takes long passwords and those of any script', async () => {
    const password = `${'пароль '.repeat(20)}長いパスワード 🦆`;
    await post('/v1/auth/register', { email: 'long@example.com', password });
    const token = await linkTo(shop, 'long@example.com');
    expect((await post('/v1/auth/verify-email', { token, password: password.normalize('NFD') })).status).toBe(200);
    expect((await login('long@example.com', password)).status).toBe(200);
    expect((await login('long@example.com', password.replace('🦆', ''))).status).toBe(401);
  });

  it('does not fill the mailbox of another', async () => {
    const statuses = [];
    for (let i = 0; i < 7; i += 1)
      statuses.push((await post('/v1/auth/register', { email: 'bombed@example.com', password: PASSWORD })).status);
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429]);
  });
});

describe('an account', () => {
  let ada: SignedIn;
  beforeAll(async () => {
    ada = await signUp(shop, 'ada.account@example.com');
  });

  it('is changed field by field, on the version that was read', async () => {
    const read = await me(ada.bearer);
    const etag = read.headers.get('etag')!;
    expect(read.headers.get('cache-control')).toBe('private, no-store');
    const patch = (body: object, headers: Record<string, string> = {}) =>
      shop.call('PATCH', '/v1/me', { bearer: ada.bearer, body, headers });
    const changed = await patch({ phone: '+1 555 0100', acceptsMarketing: true }, { 'If-Match': etag });
    expect([changed.status, changed.body]).toMatchObject([200, { phone: '+1 555 0100', firstName: 'Ada' }]);
    const stale = await patch({ firstName: 'Augusta' }, { 'If-Match': etag });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    expect((await patch({ phone: null, lastName: '' })).body).toMatchObject({ phone: null, lastName: '' });
    for (const field of ['id', 'email', 'passwordHash', 'tokenVersion', 'createdAt', 'deletedAt', 'stripeCustomerId'])
      expect([field, (await patch({ [field]: 'x' })).status]).toEqual([field, 400]);
  });

  it('is not for staff, nor the shop for customers', async () => {
    const owner = await shop.staff('owner');
    const refused = await me(owner);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    for (const path of ['/v1/admin/me', '/v1/admin/orders', '/v1/admin/users', '/v1/admin/settings']) {
      const answer = await shop.call('GET', path, { bearer: ada.bearer });
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'forbidden']);
    }
    expect((await me()).status).toBe(401);
    expect((await me(`${ada.bearer}x`)).status).toBe(401);
  });

  it('of staff with the same address is the one that opens, unless the storefront says otherwise', async () => {
    const both = await signUp(shop, 'both@example.com');
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role)
       SELECT gen_random_uuid(), email, 'Both', password_hash, 'viewer' FROM customers WHERE email = $1`,
      [both.email],
    );
    expect((await login(both.email)).body.user).toMatchObject({ type: 'staff', role: 'viewer' });
    expect((await login(both.email, PASSWORD, { as: 'customer' })).body.user).toMatchObject({ type: 'customer' });
    expect((await login(ada.email, PASSWORD, { as: 'staff' })).status).toBe(401);
  });
});

describe('passwords', () => {
  const forgot = (email: string) => post('/v1/auth/forgot-password', { email });
  const reset = (token: string, password: string) => post('/v1/auth/reset-password', { token, password });
  const NEW = 'amber tractor 17 lullabies';

  it('are chosen anew with the link of a mail, which ends every session and works once', async () => {
    const one = await signUp(shop, 'forgetful@example.com');
    const answers = [await forgot('FORGETFUL@example.com'), await forgot('nobody.at.all@example.com')];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [202, { status: 'mail_sent' }],
      [202, { status: 'mail_sent' }],
    ]);
    const token = await linkTo(shop, 'forgetful@example.com', 'another password');
    expect((await reset(token, 'short')).body.errors[0]).toMatchObject({ pointer: '/password', code: 'too_short' });
    expect((await reset(token, NEW)).status).toBe(204);
    expect((await me(one.bearer)).status).toBe(401);
    expect((await post('/v1/auth/refresh', { refreshToken: one.refreshToken })).status).toBe(401);
    expect((await login(one.email)).status).toBe(401);
    expect((await login(one.email, NEW)).status).toBe(200);
    expect([(await reset(token, NEW)).status, (await reset('x'.repeat(43), NEW)).status]).toEqual([422, 422]);
    await shop.quiet();
    expect((await mails(one.email)).at(-1)!.subject).toBe('Your password was changed');
    expect(await mails('nobody.at.all@example.com')).toEqual([]);
  });

  it('of staff too, by the rules of staff', async () => {
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), 'clerk@example.com', 'Clerk', 'none', 'support')`,
    );
    await forgot('clerk@example.com');
    const token = await linkTo(shop, 'clerk@example.com');
    expect((await reset(token, 'twelve 4 chr')).body.errors[0]).toMatchObject({ code: 'too_short' });
    expect((await reset(token, NEW)).status).toBe(204);
    expect((await login('clerk@example.com', NEW)).body.user).toMatchObject({ type: 'staff', role: 'support' });
  });

  it('are changed by who knows the present one; other sessions end, this one goes on', async () => {
    const one = await signUp(shop, 'changer@example.com');
    const other = (await login(one.email)).body;
    const change = (password: string, newPassword: string) =>
      post('/v1/me/password', { password, newPassword }, { bearer: one.bearer });
    const wrong = await change('not the password', NEW);
    expect([wrong.status, wrong.body.code]).toEqual([422, 'wrong_password']);
    expect((await change(PASSWORD, 'password1')).body.errors[0].pointer).toBe('/newPassword');
    expect((await change(PASSWORD, NEW)).status).toBe(204);
    expect([(await me(one.bearer)).status, (await me(other.accessToken)).status]).toEqual([200, 401]);
    expect((await post('/v1/auth/refresh', { refreshToken: one.refreshToken })).status).toBe(200);
    expect((await login(one.email, NEW)).status).toBe(200);
  });
});

describe('another e-mail address', () => {
  it('takes effect when its link is opened; the old one is told', async () => {
    const one = await signUp(shop, 'before@example.com');
    const ask = (email: string, password = PASSWORD) =>
      post('/v1/me/email', { email, password }, { bearer: one.bearer });
    expect((await ask('after@example.com', 'not the password')).body.code).toBe('wrong_password');
    expect((await ask('after@example.com')).status).toBe(202);
    const token = await linkTo(shop, 'after@example.com');
    expect((await me(one.bearer)).body.email).toBe('before@example.com');
    await shop.quiet();
    expect((await mails('before@example.com')).at(-1)!.subject).toBe('Your e-mail address is about to change');
    expect((await post('/v1/auth/verify-email', { token, password: 'somebody else 1' })).status).toBe(401);
    expect((await post('/v1/auth/verify-email', { token, password: PASSWORD })).body.user.email).toBe(
      'after@example.com',
    );
    expect((await me(one.bearer)).body.email).toBe('after@example.com');
    expect([(await login('before@example.com')).status, (await login('after@example.com')).status]).toEqual([401, 200]);
  });

  it('of somebody else is answered alike and comes to nothing', async () => {
    const one = await signUp(shop, 'greedy@example.com');
    await signUp(shop, 'taken@example.com');
    const answer = await post('/v1/me/email', { email: 'taken@example.com', password: PASSWORD }, one);
    expect([answer.status, answer.body]).toEqual([202, { status: 'mail_sent' }]);
    await shop.quiet();
    expect((await mails('taken@example.com')).at(-1)!.subject).toBe('You have an account already');
  });
});

describe('addresses', () => {
  let one: SignedIn;
  let other: SignedIn;
  beforeAll(async () => {
    one = await signUp(shop, 'addresses@example.com');
    other = await signUp(shop, 'addresses.other@example.com');
  });
  const create = (over: object = {}, who = one) => post('/v1/me/addresses', { ...ADDRESS, ...over }, who);
  const list = async (who = one) => (await shop.call('GET', '/v1/me/addresses', who)).body.data;

  it('are kept, one of them proposed for parcels and one for invoices', async () => {
    const first = await create();
    expect([first.status, first.headers.get('location')]).toEqual([201, `/v1/me/addresses/${first.body.id}`]);
    expect(first.body).toMatchObject({ ...ADDRESS, isDefaultShipping: true, isDefaultBilling: true, company: null });
    const second = await create({ line1: '2 Side Street', isDefaultShipping: true });
    expect(second.body).toMatchObject({ line1: '2 Side Street', isDefaultShipping: true, isDefaultBilling: false });
    expect((await list()).map((a: any) => [a.line1, a.isDefaultShipping, a.isDefaultBilling])).toEqual([
      ['1 Main Street', false, true],
      ['2 Side Street', true, false],
    ]);
    const path = `/v1/me/addresses/${second.body.id}`;
    const changed = await shop.call('PATCH', path, {
      bearer: one.bearer,
      body: { city: 'Shelbyville', company: 'Acme', isDefaultBilling: true },
      headers: { 'If-Match': second.headers.get('etag')! },
    });
    expect(changed.body).toMatchObject({ line1: '2 Side Street', city: 'Shelbyville', company: 'Acme' });
    const stale = await shop.call('DELETE', path, {
      bearer: one.bearer,
      headers: { 'If-Match': second.headers.get('etag')! },
    });
    expect(stale.status).toBe(412);
    expect((await shop.call('DELETE', path, one)).status).toBe(204);
    expect((await shop.call('GET', path, one)).status).toBe(404);
    expect(await list()).toHaveLength(1);
  });

  it('have one default, however many are made at once', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, i) => create({ line1: `${i} Race`, isDefaultShipping: true })));
    expect((await list()).filter((a: any) => a.isDefaultShipping)).toHaveLength(1);
  });

  it('of others are not found', async () => {
    const { body } = await create({}, other);
    const path = `/v1/me/addresses/${body.id}`;
    for (const [method, options] of [
      ['GET', {}],
      ['PATCH', { body: { city: 'X' } }],
      ['DELETE', {}],
    ] as const)
      expect([method, (await shop.call(method, path, { bearer: one.bearer, ...options })).status]).toEqual([
        method,
        404,
      ]);
    expect((await list(other))[0].city).toBe(ADDRESS.city);
  });

  it('are refused when they are none', async () => {
    expect((await create({ country: 'XX' })).body.errors[0].pointer).toBe('/country');
    expect((await create({ customerId: other.id })).body.errors[0].code).toBe('unknown_field');
  });
});

describe('sessions', () => {
  it('are listed and ended one by one or all together, with their access tokens', async () => {
    const one = await signUp(shop, 'sessions@example.com');
    const phone = await post(
      '/v1/auth/login',
      { email: one.email, password: PASSWORD },
      { headers: { 'User-Agent': 'Phone 1' } },
    );
    const laptop = (await login(one.email)).body;
    const list = async () => (await shop.call('GET', '/v1/me/sessions', one)).body.data;
    const sessions = await list();
    expect(sessions).toHaveLength(3);
    expect(sessions.filter((s: any) => s.isCurrent)).toHaveLength(1);
    const onPhone = sessions.find((s: any) => s.userAgent === 'Phone 1');
    expect((await shop.call('DELETE', `/v1/me/sessions/${onPhone.id}`, one)).status).toBe(204);
    expect([(await me(phone.body.accessToken)).status, (await me(laptop.accessToken)).status]).toEqual([401, 200]);
    expect((await post('/v1/auth/refresh', { refreshToken: phone.body.refreshToken })).status).toBe(401);
    expect(await list()).toHaveLength(2);

    const stranger = await signUp(shop, 'sessions.other@example.com');
    const [theirs] = (await shop.call('GET', '/v1/me/sessions', stranger)).body.data;
    expect((await shop.call('DELETE', `/v1/me/sessions/${theirs.id}`, one)).status).toBe(404);
    expect((await shop.call('DELETE', '/v1/me/sessions', one)).status).toBe(204);
    expect([(await me(one.bearer)).status, (await me(laptop.accessToken)).status]).toEqual([401, 401]);
    expect((await me(stranger.bearer)).status).toBe(200);
  });
});

describe('carts and orders of customers', () => {
  let variant: string;
  let second: string;
  beforeAll(async () => {
    [variant, second] = await Promise.all([shop.product({ stock: 500 }), shop.product({ stock: 500, price: 2500 })]);
  });
  const METHOD = encodeId('shippingMethod', METHOD_ID);
  const makeCart = (who: { bearer?: string }, over: object = {}) =>
    post('/v1/carts', { lines: [{ variantId: variant, quantity: 1 }], ...over }, who);
  const checkout = (id: string, options: object) =>
    shop.call('POST', `/v1/carts/${id}/checkout`, { body: { paymentMethod: 'manual' }, key: newUuid(), ...options });
  const myOrders = async (who: SignedIn) => (await shop.call('GET', '/v1/me/orders', who)).body;
  const guestOrder = async (email: string) => {
    const cart = await shop.cart([{ variantId: variant, quantity: 1 }]);
    await shop.call('PATCH', `/v1/carts/${cart.id}`, { token: cart.token, body: { email } });
    const placed = await checkout(cart.id, { token: cart.token });
    return { id: placed.body.order.id as string, token: cart.token };
  };

  it('go with the access token alone, from the cart to the order and its end', async () => {
    const one = await signUp(shop, 'buyer@example.com');
    const made = await makeCart(one, { shippingAddress: ADDRESS, shippingMethodId: METHOD });
    expect(made.body.email).toBe('buyer@example.com');
    const path = `/v1/carts/${made.body.id}`;
    const added = await shop.call('POST', `${path}/lines`, { ...one, body: { variantId: second, quantity: 2 } });
    expect([added.status, added.body.itemCount]).toEqual([201, 3]);
    const line = added.body.lines.find((l: any) => l.variantId === second).id;
    expect((await shop.call('PATCH', `${path}/lines/${line}`, { ...one, body: { quantity: 1 } })).status).toBe(200);
    expect((await shop.call('DELETE', `${path}/lines/${line}`, one)).body.itemCount).toBe(1);
    expect((await shop.call('PATCH', path, { ...one, body: { email: 'gift@example.com' } })).status).toBe(200);
    const placed = await checkout(made.body.id, one);
    expect(placed.status).toBe(201);
    const order = `/v1/orders/${placed.body.order.id}`;
    for (const at of [order, `${order}/events`])
      expect([at, (await shop.call('GET', at, one)).status]).toEqual([at, 200]);
    expect((await myOrders(one)).data.map((o: any) => o.id)).toEqual([placed.body.order.id]);
    expect((await shop.call('POST', `${order}/cancel`, { ...one, body: {} })).body.status).toBe('canceled');
  });

  it('are not found by anybody else', async () => {
    const [one, other] = [await signUp(shop, 'mine@example.com'), await signUp(shop, 'notmine@example.com')];
    const made = await makeCart(one, { shippingAddress: ADDRESS, shippingMethodId: METHOD });
    const path = `/v1/carts/${made.body.id}`;
    const placed = await (async () => {
      const cart = await makeCart(one, { shippingAddress: ADDRESS, shippingMethodId: METHOD });
      return checkout(cart.body.id, one);
    })();
    const order = `/v1/orders/${placed.body.order.id}`;
    const staff = await shop.staff('owner');
    for (const who of [{ bearer: other.bearer }, {}, { token: 'x'.repeat(32) }, { bearer: staff }]) {
      const tries = await Promise.all([
        shop.call('GET', path, who),
        shop.call('PATCH', path, { ...who, body: { email: 'evil@example.com' } }),
        shop.call('POST', `${path}/lines`, { ...who, body: { variantId: variant, quantity: 1 } }),
        shop.call('DELETE', path, who),
        checkout(made.body.id, who),
        shop.call('GET', order, who),
        shop.call('POST', `${order}/cancel`, { ...who, body: {} }),
        shop.call('GET', `${order}/events`, who),
      ]);
      expect(tries.map((t) => t.status)).toEqual(tries.map(() => 404));
    }
    expect((await shop.call('GET', path, { bearer: `${one.bearer}x`, token: made.body.token })).status).toBe(401);
    expect((await shop.call('GET', path, { token: made.body.token })).status).toBe(200);
  });

  it('of a guest are merged at the sign-in, and the answer says what changed', async () => {
    const one = await signUp(shop, 'merger@example.com');
    const guest = await makeCart({});
    const claimed = await post(
      '/v1/auth/login',
      { email: one.email, password: PASSWORD, cartId: guest.body.id },
      { token: guest.body.token },
    );
    expect(claimed.body.cart).toEqual({ id: guest.body.id, outcome: 'claimed', changes: [] });
    expect((await shop.call('GET', `/v1/carts/${guest.body.id}`, one)).body.email).toBe(one.email);

    const another = await makeCart(
      {},
      {
        lines: [
          { variantId: variant, quantity: 2 },
          { variantId: second, quantity: 3 },
        ],
      },
    );
    const merged = await post(
      '/v1/auth/login',
      { email: one.email, password: PASSWORD, cartId: another.body.id },
      { token: another.body.token },
    );
    expect(merged.body.cart).toEqual({
      id: guest.body.id,
      outcome: 'merged',
      changes: [
        { variantId: variant, change: 'increased', quantity: 3, wanted: 3 },
        { variantId: second, change: 'added', quantity: 3, wanted: 3 },
      ],
    });
    expect((await shop.call('GET', `/v1/carts/${another.body.id}`, { token: another.body.token })).status).toBe(404);
    expect((await shop.call('GET', `/v1/carts/${guest.body.id}`, one)).body.itemCount).toBe(6);
    // A cart whose token is not known stays where it is, and the sign-in works.
    const foreign = await makeCart({});
    const kept = await post('/v1/auth/login', { email: one.email, password: PASSWORD, cartId: foreign.body.id });
    expect([kept.status, kept.body.cart]).toEqual([200, { id: guest.body.id, outcome: 'unchanged', changes: [] }]);
    expect((await shop.call('GET', `/v1/carts/${foreign.body.id}`, { token: foreign.body.token })).status).toBe(200);
  });

  it('are merged on demand, up to what a line holds, leaving out what is not for sale', async () => {
    const [one, other] = [await signUp(shop, 'merger2@example.com'), await signUp(shop, 'merger3@example.com')];
    const gone = await shop.product({ stock: 5 });
    const own = await makeCart(one, { lines: [{ variantId: variant, quantity: 9000 }] });
    const guest = await makeCart(
      {},
      {
        lines: [
          { variantId: variant, quantity: 2000 },
          { variantId: gone, quantity: 1 },
        ],
      },
    );
    await shop.db.query(`UPDATE variants SET status = 'archived' WHERE id = $1`, [decodeId('variant', gone)]);
    const merge = (options: object, body: object = {}) =>
      shop.call('POST', `/v1/carts/${guest.body.id}/merge`, { body, token: guest.body.token, ...options });
    expect((await merge({})).status).toBe(401);
    expect((await merge({ bearer: one.bearer, token: undefined })).status).toBe(404);
    expect((await merge({ bearer: other.bearer }, { intoCartId: own.body.id })).status).toBe(404);
    const merged = await merge({ bearer: one.bearer });
    expect(merged.status).toBe(200);
    expect(merged.body).toMatchObject({
      outcome: 'merged',
      changes: [
        { variantId: variant, change: 'increased', quantity: 9999, wanted: 11_000 },
        { variantId: gone, change: 'left_out', quantity: 0, wanted: 1 },
      ],
      cart: { id: own.body.id, itemCount: 9999 },
    });
    expect((await merge({ bearer: one.bearer })).status).toBe(404);
  });

  it('become one cart, however often a guest cart is brought along at once', async () => {
    const one = await signUp(shop, 'merger4@example.com');
    const guests = await Promise.all([makeCart({}), makeCart({}), makeCart({})]);
    const answers = await Promise.all(
      guests.flatMap(({ body }) =>
        [1, 2].map(() => shop.call('POST', `/v1/carts/${body.id}/merge`, { ...one, token: body.token, body: {} })),
      ),
    );
    expect(answers.filter((a) => a.status === 200).length).toBeGreaterThanOrEqual(3);
    expect(answers.every((a) => [200, 404].includes(a.status))).toBe(true);
    const rows = await shop.db.query<{ n: number; quantity: number }>(
      `SELECT count(DISTINCT c.id) AS n, sum(l.quantity)::int AS quantity FROM carts c JOIN cart_lines l ON l.cart_id = c.id WHERE c.customer_id = $1`,
      [decodeId('customer', one.id)],
    );
    expect(rows[0]).toEqual({ n: 1, quantity: 3 });
  });

  it('of a guest become the account’s once the address is shown to be theirs, and not before', async () => {
    const early = await guestOrder('Later@example.com');
    await post('/v1/auth/register', { email: 'later@example.com', password: PASSWORD });
    const token = await linkTo(shop, 'later@example.com');
    const [before] = await shop.db.query(`SELECT customer_id FROM orders WHERE id = $1`, [decodeId('order', early.id)]);
    expect(before!.customer_id).toBeNull();
    const { accessToken, user } = (await post('/v1/auth/verify-email', { token, password: PASSWORD })).body;
    const one: SignedIn = { id: user.id, email: user.email, bearer: accessToken, refreshToken: '' };
    expect((await myOrders(one)).data.map((o: any) => o.id)).toEqual([early.id]);
    expect((await shop.call('GET', `/v1/orders/${early.id}`, one)).status).toBe(200);
    expect((await shop.call('GET', `/v1/orders/${early.id}`, { token: early.token })).status).toBe(200);
    const late = await guestOrder('later@example.com');
    await login('later@example.com');
    expect((await myOrders(one)).data.map((o: any) => o.id)).toEqual([late.id, early.id]);
    const page = (await shop.call('GET', '/v1/me/orders?limit=1&include=total', one)).body;
    expect([page.data.length, page.page.total, page.page.next]).toEqual([1, 2, expect.any(String)]);
  });

  it('can be taken along, with everything that is known', async () => {
    const one = await signUp(shop, 'export@example.com');
    await post('/v1/me/addresses', ADDRESS, one);
    const cart = await makeCart(one);
    const order = await guestOrder(one.email);
    await login(one.email);
    const answer = await shop.call('GET', '/v1/me/export', one);
    expect(answer.headers.get('content-disposition')).toContain('attachment');
    expect(answer.body).toMatchObject({
      account: { email: one.email },
      addresses: [{ line1: ADDRESS.line1 }],
      orders: [{ id: order.id, lines: [{ quantity: 1 }] }],
      carts: [{ id: cart.body.id }],
    });
    expect(answer.body.sessions).toHaveLength(2);
    expect(JSON.stringify(answer.body)).not.toMatch(/argon2|token/i);
  });

  it('lose their person when the account is deleted, and keep their amounts', async () => {
    const one = await signUp(shop, 'leaver@example.com');
    await post('/v1/me/addresses', ADDRESS, one);
    const order = await guestOrder(one.email);
    await login(one.email);
    const remove = (password = PASSWORD) => shop.call('DELETE', '/v1/me', { ...one, body: { password } });
    expect((await remove('not the password')).body.code).toBe('wrong_password');
    const refused = await remove();
    expect([refused.status, refused.body.code, refused.body.orderIds]).toEqual([409, 'open_orders', [order.id]]);
    await shop.call('POST', `/v1/orders/${order.id}/cancel`, { ...one, body: {} });
    const open = await makeCart(one);
    expect((await remove()).status).toBe(204);
    expect([(await me(one.bearer)).status, (await login(one.email)).status]).toEqual([401, 401]);
    expect((await post('/v1/auth/refresh', { refreshToken: one.refreshToken })).status).toBe(401);
    expect((await shop.call('GET', `/v1/carts/${open.body.id}`, { token: open.body.token })).status).toBe(404);
    const left = (await shop.call('GET', `/v1/orders/${order.id}`, { token: order.token })).body;
    expect(left).toMatchObject({
      email: 'deleted@customer.invalid',
      total: { amount: 1500 },
      shippingAddress: { firstName: '', line1: '', country: 'US' },
    });
    await shop.quiet();
    const rows = await shop.db.query(
      `SELECT (SELECT json_agg(o) FROM orders o WHERE customer_id = $1)::text || (SELECT json_agg(c) FROM customers c WHERE id = $1)::text ||
         (SELECT json_agg(c) FROM carts c WHERE id IN (SELECT cart_id FROM orders WHERE customer_id = $1))::text AS rest,
         (SELECT count(*) FROM customer_addresses WHERE customer_id = $1) AS addresses,
         (SELECT count(*) FROM account_links WHERE email = $2) AS links`,
      [decodeId('customer', one.id), one.email],
    );
    expect(rows[0]).toMatchObject({ addresses: 0, links: 0 });
    for (const datum of [one.email, 'Lovelace', '1 Main Street', '62701', 'argon2'])
      expect(rows[0]!.rest).not.toContain(datum);
    // The address is free again.
    expect((await signUp(shop, 'LEAVER@example.com')).id).not.toBe(one.id);
  });
});
