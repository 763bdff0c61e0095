import { newUuid } from '#libs/ids';
import { linkTo, PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { Shop } from '../support/shop.js';
import { appCode, enableTwoFactor, nextHalfMinute } from '../support/two-factor.js';

const ME = '/v1/me/two-factor';
const STAFF = '/v1/admin/me/two-factor';
const STAFF_PASSWORD = 'velvet otter lantern quartz';

let shop: Shop;
let owner: string;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  owner = await shop.staff('owner');
});
afterAll(async () => {
  await shop?.stop();
});

const post = (path: string, body: unknown, bearer?: string) =>
  shop.call('POST', path, { body, ...(bearer ? { bearer } : {}) });
const login = (email: string, password = PASSWORD, more: object = {}) =>
  post('/v1/auth/login', { email, password, ...more });
const answer = (challenge: string, code: string, more: object = {}) =>
  post('/v1/auth/two-factor', { challenge, code, ...more });
const challengeOf = async (email: string, password = PASSWORD): Promise<string> => {
  const asked = await login(email, password);
  expect([asked.status, asked.body.accessToken]).toEqual([200, undefined]);
  return asked.body.challenge;
};
const isIn = async (bearer: string, path = '/v1/me') => (await shop.call('GET', path, { bearer })).status === 200;
const mailTo = (email: string, subject: string) =>
  shop.until(
    async () =>
      (await shop.db.query(`SELECT 1 FROM mailbox WHERE recipient = $1 AND subject ILIKE $2`, [email, `%${subject}%`]))
        .length > 0,
    `a mail to ${email}: ${subject}`,
  );

/** A customer with a second factor, signed in since before. */
async function secured(): Promise<SignedIn & { secret: string; recoveryCodes: string[] }> {
  const customer = await signUp(shop, `${newUuid()}@example.com`);
  return { ...customer, ...(await enableTwoFactor(shop, ME, customer.bearer, PASSWORD)) };
}

/** A member of staff who can sign in. */
async function hire(role = 'support'): Promise<{ id: string; email: string; bearer: string }> {
  const email = `${newUuid()}@example.com`;
  const made = await post('/v1/admin/users', { email, name: 'Robin', role, password: STAFF_PASSWORD }, owner);
  const session = await login(email, STAFF_PASSWORD);
  return { id: made.body.id, email, bearer: session.body.accessToken };
}

describe('setting up a second factor', () => {
  it('needs the password and the first code, ends the other sessions, and is told by mail', async () => {
    const ada = await signUp(shop, 'ada@example.com');
    const other = (await login(ada.email)).body;
    const state = () => shop.call('GET', ME, { bearer: ada.bearer });
    const off = { isEnabled: false, isRequired: false, enabledAt: null, recoveryCodesLeft: 0 };
    expect((await state()).body).toEqual(off);

    const wrong = await post(ME, { password: 'not the password at all' }, ada.bearer);
    expect([wrong.status, wrong.body.code, wrong.body.errors[0].pointer]).toEqual([422, 'wrong_password', '/password']);
    const early = await post(`${ME}/confirm`, { code: '123456' }, ada.bearer);
    expect([early.status, early.body.code]).toEqual([409, 'two_factor_not_enabled']);

    const { body: first } = await post(ME, { password: PASSWORD }, ada.bearer);
    const { body: setup } = await post(ME, { password: PASSWORD }, ada.bearer);
    expect(setup.secret).not.toBe(first.secret);
    expect(setup.uri).toContain(`secret=${setup.secret}`);
    expect(setup.qrCode).toMatch(/^data:image\/svg\+xml;base64,/);
    expect((await state()).body).toEqual(off);
    expect((await login(ada.email)).body.accessToken).toEqual(expect.any(String));

    const superseded = await post(`${ME}/confirm`, { code: appCode(first.secret) }, ada.bearer);
    expect([superseded.status, superseded.body.code]).toEqual([422, 'invalid_code']);
    const confirmed = await post(`${ME}/confirm`, { code: appCode(setup.secret) }, ada.bearer);
    expect(confirmed.body.recoveryCodes).toHaveLength(10);
    expect(new Set(confirmed.body.recoveryCodes).size).toBe(10);
    expect((await state()).body).toMatchObject({ isEnabled: true, recoveryCodesLeft: 10 });
    expect([await isIn(ada.bearer), await isIn(other.accessToken)]).toEqual([true, false]);
    await mailTo(ada.email, 'codes are asked for');

    for (const [path, body] of [
      [ME, { password: PASSWORD }],
      [`${ME}/confirm`, { code: appCode(setup.secret, 1) }],
    ] as const) {
      const again = await post(path, body, ada.bearer);
      expect([path, again.status, again.body.code]).toEqual([path, 409, 'two_factor_enabled']);
    }
  });

  it('leaves nothing in the database that makes codes', async () => {
    const ada = await secured();
    const rows = await shop.db.query(
      `SELECT row_to_json(f)::text FROM two_factors f UNION ALL SELECT row_to_json(c)::text FROM recovery_codes c`,
    );
    const text = JSON.stringify(rows);
    expect(text).not.toContain(Buffer.from(ada.secret).toString('hex'));
    expect(text).not.toContain(ada.secret);
    for (const code of ada.recoveryCodes) expect(text).not.toContain(code);
  });

  it('ends a change of the e-mail address that waits for its link', async () => {
    const ada = await signUp(shop, 'moves@example.com');
    const next = 'moved@example.com';
    await post('/v1/me/email', { email: next, password: PASSWORD }, ada.bearer);
    const token = await linkTo(shop, next);
    await enableTwoFactor(shop, ME, ada.bearer, PASSWORD);
    expect((await post('/v1/auth/verify-email', { token, password: PASSWORD })).body.code).toBe('invalid_link');

    // One that is asked for afterwards works, and asks for the code, too.
    await post('/v1/me/email', { email: next, password: PASSWORD }, ada.bearer);
    const later = await linkTo(shop, next, '', 1);
    const opened = await post('/v1/auth/verify-email', { token: later, password: PASSWORD });
    expect([opened.status, opened.body]).toEqual([
      200,
      { twoFactorRequired: true, challenge: expect.any(String), expiresIn: 300 },
    ]);
    expect((await shop.call('GET', '/v1/me', { bearer: ada.bearer })).body.email).toBe(next);
  });
});

describe('a sign-in in two steps', () => {
  it('begins a session with the code of the app, as the client asks for it', async () => {
    const ada = await secured();
    const asked = await login(ada.email);
    expect([asked.status, asked.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    expect(asked.body).toEqual({
      twoFactorRequired: true,
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      expiresIn: 300,
    });
    const { challenge } = asked.body;
    const wrong = await answer(challenge, '000000');
    expect([wrong.status, wrong.body.code, wrong.body.errors[0].pointer]).toEqual([422, 'invalid_code', '/code']);
    const cart = await shop.call('POST', '/v1/carts', { body: {} });
    const done = await shop.call('POST', '/v1/auth/two-factor', {
      body: { challenge, code: ` ${appCode(ada.secret)} `, session: 'cookie', cartId: cart.body.id },
      token: cart.body.token,
    });
    expect([done.status, done.body.refreshToken]).toEqual([200, undefined]);
    expect(done.body.user).toMatchObject({ type: 'customer', id: ada.id });
    expect(done.body.cart).toMatchObject({ id: cart.body.id, outcome: 'claimed' });
    expect(done.headers.get('set-cookie')).toContain('emporium_session=');
    expect(await isIn(done.body.accessToken)).toBe(true);
    const twice = await answer(challenge, appCode(ada.secret, 1));
    expect([twice.status, twice.body.code]).toEqual([401, 'invalid_challenge']);
  });

  it('takes no code twice, nor one before the last, not even at the same time', async () => {
    const ada = await secured();
    const code = appCode(ada.secret);
    const challenges = await Promise.all(Array.from({ length: 6 }, () => challengeOf(ada.email)));
    const answers = await Promise.all(challenges.map((challenge) => answer(challenge, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422, 422, 422, 422]);
    const fresh = await challengeOf(ada.email);
    for (const old of [code, appCode(ada.secret, -1)])
      expect((await answer(fresh, old)).body.code).toBe('invalid_code');
    expect((await answer(fresh, appCode(ada.secret, 1))).status).toBe(200);
  });

  it('takes each recovery code once, however it is typed, and tells by mail', async () => {
    const ada = await secured();
    const [first, second] = ada.recoveryCodes as [string, string];
    const challenges = await Promise.all([challengeOf(ada.email), challengeOf(ada.email)]);
    const answers = await Promise.all(challenges.map((challenge) => answer(challenge, first)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    const typed = ` ${second.toUpperCase().replaceAll('-', ' ')} `;
    const done = await answer(await challengeOf(ada.email), typed);
    expect(done.status).toBe(200);
    await mailTo(ada.email, 'recovery code was used');
    const state = await shop.call('GET', ME, { bearer: done.body.accessToken });
    expect(state.body.recoveryCodesLeft).toBe(8);
  });

  it('is over after five wrong codes, with the time, and with another password', async () => {
    const ada = await secured();
    const wrong = await challengeOf(ada.email);
    for (let turn = 0; turn < 5; turn += 1) expect((await answer(wrong, '000000')).status).toBe(422);
    expect((await answer(wrong, appCode(ada.secret))).body.code).toBe('invalid_challenge');

    const late = await challengeOf(ada.email);
    await shop.db.query(`UPDATE login_challenges SET expires_at = now() - interval '1 ms'`);
    expect((await answer(late, appCode(ada.secret))).body.code).toBe('invalid_challenge');

    const stale = await challengeOf(ada.email);
    const newPassword = 'amber tractor 17 lullabies';
    expect((await post('/v1/me/password', { password: PASSWORD, newPassword }, ada.bearer)).status).toBe(204);
    expect((await answer(stale, appCode(ada.secret))).body.code).toBe('invalid_challenge');
    expect((await answer('x'.repeat(43), appCode(ada.secret))).body.code).toBe('invalid_challenge');
    // None of it has used the code up.
    const fresh = await challengeOf(ada.email, newPassword);
    expect((await answer(fresh, appCode(ada.secret))).status).toBe(200);
  });

  it('slows down who guesses codes, and gives up on them after a hundred, until the password is another', async () => {
    const ada = await secured();
    const statuses: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const challenge = await challengeOf(ada.email);
      for (let code = 0; code < 5; code += 1) statuses.push((await answer(challenge, '000000')).status);
    }
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);

    const bob = await secured();
    await shop.db.query(
      `UPDATE two_factors SET failures = 100 WHERE customer_id = (SELECT id FROM customers WHERE email = $1)`,
      [bob.email],
    );
    for (const code of [appCode(bob.secret), bob.recoveryCodes[0]!]) {
      const locked = await answer(await challengeOf(bob.email), code);
      expect([locked.status, locked.body.code]).toEqual([403, 'two_factor_locked']);
    }
    await post('/v1/auth/forgot-password', { email: bob.email });
    const password = 'amber tractor 17 lullabies';
    const token = await linkTo(shop, bob.email, 'password');
    expect((await post('/v1/auth/reset-password', { token, password })).status).toBe(204);
    // The mailbox alone is not enough: the code is asked for as before.
    expect((await answer(await challengeOf(bob.email, password), appCode(bob.secret))).status).toBe(200);
  });

  it('says nothing of the second factor to who has not the password, nor to who is suspended', async () => {
    const ada = await secured();
    const wrong = await login(ada.email, 'not the password at all');
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials']);
    const robin = await hire();
    await enableTwoFactor(shop, STAFF, robin.bearer, STAFF_PASSWORD);
    const challenge = await challengeOf(robin.email, STAFF_PASSWORD);
    await shop.call('POST', `/v1/admin/users/${robin.id}/suspend`, { bearer: owner });
    expect((await answer(challenge, '123456')).body.code).toBe('invalid_challenge');
    expect((await login(robin.email, STAFF_PASSWORD)).body.code).toBe('invalid_credentials');
  });
});

describe('changing a second factor', () => {
  it('needs password and code; old recovery codes are void', async () => {
    const ada = await secured();
    const renew = (body: object) => post(`${ME}/recovery-codes`, body, ada.bearer);
    expect((await renew({ password: 'not the password at all', code: appCode(ada.secret) })).body.code).toBe(
      'wrong_password',
    );
    expect((await renew({ password: PASSWORD, code: '000000' })).body.code).toBe('invalid_code');
    const renewed = await renew({ password: PASSWORD, code: appCode(ada.secret) });
    expect(renewed.body.recoveryCodes).toHaveLength(10);
    await mailTo(ada.email, 'new recovery codes');
    const challenge = await challengeOf(ada.email);
    expect((await answer(challenge, ada.recoveryCodes[0]!)).status).toBe(422);
    expect((await answer(challenge, renewed.body.recoveryCodes[0])).status).toBe(200);
  });

  it('takes it away with password and code, ends the other sessions, and lets it be set up anew', async () => {
    const ada = await secured();
    const other = (await answer(await challengeOf(ada.email), appCode(ada.secret))).body;
    await nextHalfMinute(shop);
    const disable = (body: object) => post(`${ME}/disable`, body, ada.bearer);
    expect((await disable({ password: PASSWORD, code: '000000' })).status).toBe(422);
    expect((await disable({ password: PASSWORD, code: ada.recoveryCodes[3] })).status).toBe(204);
    expect([await isIn(ada.bearer), await isIn(other.accessToken)]).toEqual([true, false]);
    await mailTo(ada.email, 'asks for no code');
    expect((await disable({ password: PASSWORD, code: '000000' })).body.code).toBe('two_factor_not_enabled');
    expect((await login(ada.email)).body.accessToken).toEqual(expect.any(String));
    await enableTwoFactor(shop, ME, ada.bearer, PASSWORD);
  });
});

describe('the second factor of staff', () => {
  it('is seen and taken away by colleagues who may, with every session, and written down without the secret', async () => {
    const robin = await hire();
    const { secret } = await enableTwoFactor(shop, STAFF, robin.bearer, STAFF_PASSWORD);
    const path = `/v1/admin/users/${robin.id}`;
    expect((await shop.call('GET', path, { bearer: owner })).body.hasTwoFactor).toBe(true);
    const session = (await answer(await challengeOf(robin.email, STAFF_PASSWORD), appCode(secret))).body;
    expect(session.user).toMatchObject({ type: 'staff', id: robin.id });
    const reset = (bearer: string, of = path) => shop.call('DELETE', `${of}/two-factor`, { bearer });
    expect((await reset(await shop.staff('manager'))).status).toBe(403);
    expect((await reset(owner)).status).toBe(204);
    expect((await reset(owner)).body.code).toBe('two_factor_not_enabled');
    expect((await reset(owner, `/v1/admin/users/usr_${'0'.repeat(26)}`)).status).toBe(404);
    expect([await isIn(robin.bearer, '/v1/admin/me'), await isIn(session.accessToken, '/v1/admin/me')]).toEqual([
      false,
      false,
    ]);
    expect((await login(robin.email, STAFF_PASSWORD)).body.accessToken).toEqual(expect.any(String));
    await mailTo(robin.email, 'asks for no code');
    const log = await shop.call('GET', '/v1/admin/audit-log?recordType=two_factors&limit=100', { bearer: owner });
    const actions = log.body.data.map((entry: any) => entry.action);
    expect(actions).toEqual(expect.arrayContaining(['insert', 'update', 'delete']));
    for (const { before, after } of log.body.data)
      for (const row of [before, after]) if (row && 'secret' in row) expect(row.secret).toBe('[redacted]');
  });

  it('is not for API keys', async () => {
    const key = await post('/v1/admin/api-keys', { name: 'Robot', scopes: ['orders.read'] }, owner);
    for (const [method, path] of [
      ['GET', STAFF],
      ['POST', STAFF],
    ] as const) {
      const body = method === 'POST' ? { password: STAFF_PASSWORD } : undefined;
      const refused = await shop.call(method, path, { bearer: key.body.key, body });
      expect([method, refused.status]).toEqual([method, 403]);
    }
  });

  it('can be asked of all: who has none can only set one up, at once', async () => {
    const robin = await hire('manager');
    const sam = await hire('manager');
    await enableTwoFactor(shop, STAFF, sam.bearer, STAFF_PASSWORD);
    const key = await post('/v1/admin/api-keys', { name: 'Robot', scopes: ['orders.read'] }, owner);
    const settings = async (twoFactorRequired: boolean) => {
      await shop.db.query(`UPDATE shop_settings SET two_factor_required = $1`, [twoFactorRequired]);
    };
    const etag = (await shop.call('GET', '/v1/admin/settings', { bearer: owner })).headers.get('etag')!;
    const changed = await shop.call('PATCH', '/v1/admin/settings', {
      bearer: owner,
      body: { twoFactorRequired: true },
      headers: { 'If-Match': etag },
    });
    expect([changed.status, changed.body.twoFactorRequired]).toEqual([200, true]);
    try {
      const orders = (bearer: string) => shop.call('GET', '/v1/admin/orders', { bearer });
      const refused = await orders(robin.bearer);
      expect([refused.status, refused.body.code]).toEqual([403, 'two_factor_required']);
      expect((await shop.call('GET', '/v1/admin/me', { bearer: robin.bearer })).status).toBe(200);
      expect((await shop.call('GET', STAFF, { bearer: robin.bearer })).body.isRequired).toBe(true);
      expect([(await orders(sam.bearer)).status, (await orders(key.body.key)).status]).toEqual([200, 200]);
      await enableTwoFactor(shop, STAFF, robin.bearer, STAFF_PASSWORD);
      expect((await orders(robin.bearer)).status).toBe(200);
      const ada = await signUp(shop, 'without@example.com');
      expect([(await shop.call('GET', ME, { bearer: ada.bearer })).body.isRequired, await isIn(ada.bearer)]).toEqual([
        false,
        true,
      ]);
    } finally {
      await settings(false);
    }
  });
});
