import { linkTo, PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { Shop } from '../support/shop.js';

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
    const before = (await mails('known@example.com')).length;
    const unknown = await post('/v1/auth/register', { email: 'unknown@example.com', password: 'another 1 long word' });
    const known = await post('/v1/auth/register', { email: 'KNOWN@example.com', password: 'another 1 long word' });
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    const told = await shop.until(
      async () => (await mails('KNOWN@example.com')).at(-1),
      'the mail that tells of the account',
    );
    expect(told.subject).toBe('You have an account already');
    expect(told.text_body).not.toContain('token=');
    expect((await mails('known@example.com')).length).toBe(before);
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
    await shop.db.query(`UPDATE account_links SET expires_at = now() WHERE email = 'slow@example.com'`);
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
