import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { decodeId } from '#libs/ids';
import { linkTo, PASSWORD, signUp } from '../support/customers.js';
import { CLIENT, IdentityProvider, type Person } from '../support/identity-provider.js';
import { Shop } from '../support/shop.js';
import { appCode, enableTwoFactor } from '../support/two-factor.js';

const RETURN_URL = 'http://localhost:5173/signed-in?from=test';

let shop: Shop;
let provider: IdentityProvider;
beforeAll(async () => {
  const publicUrl = 'http://api.shop.example';
  provider = await IdentityProvider.start(
    ['acme', 'crew'].map((name) => `${publicUrl}/v1/auth/oidc/${name}/callback`),
    ['http://localhost:5173/bye'],
  );
  shop = await Shop.start({
    env: {
      PUBLIC_URL: publicUrl,
      OIDC_PROVIDERS: 'acme,crew,gone',
      ...Object.fromEntries(
        ['ACME', 'CREW', 'GONE'].flatMap((name) => [
          [`OIDC_${name}_ISSUER`, name === 'GONE' ? 'http://127.0.0.1:1' : provider.issuer],
          [`OIDC_${name}_CLIENT_ID`, CLIENT.id],
          [`OIDC_${name}_CLIENT_SECRET`, CLIENT.secret],
        ]),
      ),
      OIDC_ACME_LABEL: 'Acme ID',
      OIDC_CREW_FOR: 'staff',
      RATE_LIMIT_LOGINS_PER_MIN: '1000',
    },
    stripe: false,
  });
});
afterAll(async () => {
  await shop?.stop();
  await provider?.stop();
});

interface Begun {
  url: string;
  verifier: string;
}

async function begin(path = '/v1/auth/oidc/acme/start', over: object = {}, bearer?: string): Promise<Begun> {
  const verifier = randomBytes(32).toString('base64url');
  const answer = await shop.call('POST', path, {
    ...(bearer ? { bearer } : {}),
    body: { returnUrl: RETURN_URL, codeChallenge: createHash('sha256').update(verifier).digest('base64url'), ...over },
  });
  expect([answer.status, answer.body.expiresIn]).toEqual([200, 600]);
  return { url: answer.body.authorizationUrl, verifier };
}

/** The browser at the provider, back at the shop, and on to the page: what the page is told. */
async function visit(url: string, person: Person | null): Promise<URLSearchParams> {
  const callback = await provider.browse(url, person);
  const answer = await shop.call('GET', `${callback.pathname}${callback.search}`, { redirect: 'manual' });
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location')!).searchParams;
}

const finish = (code: string | null, verifier: string, over: object = {}, headers: Record<string, string> = {}) =>
  shop.call('POST', '/v1/auth/oidc/session', { body: { code, codeVerifier: verifier, ...over }, headers });

/** All of it. */
async function signIn(person: Person, path?: string, over?: object) {
  const { url, verifier } = await begin(path, over);
  return finish((await visit(url, person)).get('code'), verifier);
}

const eve: Person = { sub: 'eve-1', email: 'Eve@Example.com', email_verified: true, name: 'Eve Online Adams' };
const customersWith = (email: string) =>
  shop.db.query<{ id: string; password_hash: string | null }>(
    `SELECT id, password_hash FROM customers WHERE lower(email) = lower($1)`,
    [email],
  );

describe('signing in at a provider of identities', () => {
  it('lists the providers, for whom they are', async () => {
    expect((await shop.call('GET', '/v1/auth/providers')).body.data).toEqual([
      { name: 'acme', label: 'Acme ID', audiences: ['customers'] },
      { name: 'crew', label: 'Crew', audiences: ['staff'] },
      { name: 'gone', label: 'Gone', audiences: ['customers'] },
    ]);
  });

  it('opens an account at the first time and the same one ever after; no token stands in an address', async () => {
    const { url, verifier } = await begin();
    const asked = new URL(url).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      scope: 'openid email profile',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)).toMatch(/^[\w-]{43}$/);
    const back = await visit(url, eve);
    expect([...back.keys()]).toEqual(['from', 'code']);
    const session = await finish(back.get('code'), verifier, { session: 'cookie' });
    expect(session.status).toBe(200);
    expect(session.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
    expect(session.body.user).toMatchObject({
      type: 'customer',
      email: eve.email,
      firstName: 'Eve',
      lastName: 'Online Adams',
    });
    const [account] = await customersWith('eve@example.com');
    expect(account!.password_hash).toBeNull();
    const again = await signIn({ ...eve, email: 'another@example.com' });
    expect(again.body.user.id).toBe(session.body.user.id);
    expect((await shop.call('GET', '/v1/me', { bearer: again.body.accessToken })).body.email).toBe(eve.email);
    expect(
      (await shop.call('POST', '/v1/auth/refresh', { body: { refreshToken: again.body.refreshToken } })).status,
    ).toBe(200);
    const events = await shop.db.query(`SELECT FROM outbox WHERE topic = 'customer.registered' AND aggregate_id = $1`, [
      account!.id,
    ]);
    expect(events).toHaveLength(1);
  });

  it('a code works once, for the page that began, and within a minute', async () => {
    const one = await begin();
    const code = (await visit(one.url, eve)).get('code');
    expect((await finish(code, randomBytes(32).toString('base64url'))).body.code).toBe('sign_in_not_finished');
    // Somebody else had it: it is over for the page, too.
    expect((await finish(code, one.verifier)).status).toBe(422);
    const two = await begin();
    const twice = (await visit(two.url, eve)).get('code');
    const answers = await Promise.all([finish(twice, two.verifier), finish(twice, two.verifier)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    const three = await begin();
    const late = (await visit(three.url, eve)).get('code');
    await shop.db.query(`UPDATE oidc_attempts SET expires_at = now() - interval '1 second' WHERE person IS NOT NULL`);
    expect((await finish(late, three.verifier)).status).toBe(422);
    expect(
      await shop.db.query(`SELECT FROM oidc_attempts WHERE redeemed_at IS NOT NULL AND person IS NOT NULL`),
    ).toEqual([]);
  });

  it('a state works once, at its provider, unchanged', async () => {
    const { url } = await begin();
    const callback = await provider.browse(url, eve);
    const call = (path: string) => shop.call('GET', path, { headers: { Accept: 'text/html' } });
    const wrong = new URL(callback);
    wrong.searchParams.set('state', randomBytes(32).toString('base64url'));
    expect((await call(`${wrong.pathname}${wrong.search}`)).body.code).toBe('sign_in_not_finished');
    expect((await call(`/v1/auth/oidc/crew/callback${callback.search}`)).status).toBe(422);
    expect((await call('/v1/auth/oidc/acme/callback')).status).toBe(422);
    expect((await call(`/v1/auth/oidc/nobody/callback${callback.search}`)).body.code).toBe('provider_not_found');
    // A code of the provider that belongs to another sign-in does not fit this one: PKCE and nonce are of this one.
    const other = await begin();
    const stolen = await provider.browse(other.url, { ...eve, sub: 'mallory' });
    const mixed = new URL(callback);
    mixed.searchParams.set('code', stolen.searchParams.get('code')!);
    const told = await shop.call('GET', `${mixed.pathname}${mixed.search}`, { redirect: 'manual' });
    expect(new URL(told.headers.get('location')!).searchParams.get('error')).toBe('sign_in_not_finished');
    expect((await call(`${callback.pathname}${callback.search}`)).status).toBe(422);
  });

  it('links to an account by a verified address only', async () => {
    const ada = await signUp(shop, 'ada@example.com');
    for (const email_verified of [false, undefined, 'no'] as const) {
      const refused = await signIn({ sub: 'thief', email: 'ADA@example.com', email_verified });
      expect([refused.status, refused.body.code]).toEqual([403, 'email_not_verified']);
    }
    expect((await signIn({ sub: 'nameless' })).body.code).toBe('email_not_verified');
    expect((await signIn({ sub: 'odd', email: 'no address', email_verified: true })).status).toBe(403);
    const linked = await signIn({ sub: 'ada-1', email: 'ADA@example.com', email_verified: true });
    expect(linked.body.user.id).toBe(ada.id);
    // The password still works.
    const login = await shop.call('POST', '/v1/auth/login', { body: { email: 'ada@example.com', password: PASSWORD } });
    expect(login.status).toBe(200);
  });

  it('takes no address that only looks like that of another', async () => {
    await signUp(shop, 'mika@example.com');
    for (const email of ['m\u0130ka@example.com', 'mi\u212Aa@example.com']) {
      const refused = await signIn({ sub: `look-alike of ${email}`, email, email_verified: true });
      expect([email, refused.status, refused.body.code]).toEqual([email, 403, 'email_not_verified']);
    }
  });

  it('asks customers who have a second factor here for its code, and goes on as the page wanted', async () => {
    const one = await signUp(shop, 'coded@example.com');
    const { secret } = await enableTwoFactor(shop, '/v1/me/two-factor', one.bearer, PASSWORD);
    const person = { sub: 'coded-1', email: 'coded@example.com', email_verified: true };
    // The first time, and when the identity is known.
    for (const half of [0, 1]) {
      const asked = await signIn(person);
      expect([asked.status, asked.body]).toEqual([
        200,
        { twoFactorRequired: true, challenge: expect.any(String), expiresIn: 300 },
      ]);
      const session = await shop.call('POST', '/v1/auth/two-factor', {
        body: { challenge: asked.body.challenge, code: appCode(secret, half) },
      });
      expect([session.status, session.body.user.id]).toEqual([200, one.id]);
    }
  });

  it('links an account that has a second factor when its code was right, not before, and tells of it then', async () => {
    const one = await signUp(shop, 'late@example.com');
    const { recoveryCodes } = await enableTwoFactor(shop, '/v1/me/two-factor', one.bearer, PASSWORD);
    const accountId = decodeId('customer', one.id);
    const person = { sub: 'late-1', email: 'late@example.com', email_verified: true };
    const linked = () =>
      shop.db.query(
        `SELECT customer_id AS account, provider, email, (SELECT count(*)::int FROM outbox WHERE topic = 'account.identity_changed' AND aggregate_id = $1) AS told
         FROM identities WHERE subject = 'late-1'`,
        [accountId],
      );
    const answer = (challenge: string, code: string) =>
      shop.call('POST', '/v1/auth/two-factor', { body: { challenge, code } });
    const [first, second] = [await signIn(person), await signIn(person)].map(({ body }) => body.challenge);
    expect(await linked()).toEqual([]);
    expect((await answer(first, '000000')).status).toBe(422);
    expect(await linked()).toEqual([]);
    // Both were asked for before there was a link: it is made once.
    const sessions = await Promise.all([answer(first, recoveryCodes[0]!), answer(second, recoveryCodes[1]!)]);
    expect(sessions.map(({ status }) => status)).toEqual([200, 200]);
    expect(await linked()).toEqual([{ account: accountId, provider: 'acme', email: 'late@example.com', told: 1 }]);
    expect(
      await shop.db.query(`SELECT FROM login_challenges WHERE used_at IS NOT NULL AND identity IS NOT NULL`),
    ).toEqual([]);
  });

  it('an identity that opens another account by now is not linked to a second one', async () => {
    const one = await signUp(shop, 'coder@example.com');
    const { secret } = await enableTwoFactor(shop, '/v1/me/two-factor', one.bearer, PASSWORD);
    const waiting = await signIn({ sub: 'moved-1', email: 'coder@example.com', email_verified: true });
    const other = await signIn({ sub: 'moved-1', email: 'moved@example.com', email_verified: true });
    const refused = await shop.call('POST', '/v1/auth/two-factor', {
      body: { challenge: waiting.body.challenge, code: appCode(secret) },
    });
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_challenge']);
    expect((await signIn({ sub: 'moved-1' })).body.user.id).toBe(other.body.user.id);
  });

  it('two first sign-ins at once of somebody who has an account are let in', async () => {
    await signUp(shop, 'both@example.com');
    const person = { sub: 'both-1', email: 'both@example.com', email_verified: true };
    const codes = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const { url, verifier } = await begin();
        return { code: (await visit(url, person)).get('code'), verifier };
      }),
    );
    const sessions = await Promise.all(codes.map(({ code, verifier }) => finish(code, verifier)));
    expect(sessions.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await shop.db.query(`SELECT FROM identities WHERE subject = 'both-1'`)).toHaveLength(1);
  });

  it('two first sign-ins at once make one account', async () => {
    const person = { sub: 'rush-1', email: 'rush@example.com', email_verified: true };
    const sessions = await Promise.all(Array.from({ length: 4 }, () => signIn(person)));
    // The last is a sign-in like any other: whoever lost the race is let in the next time at the latest.
    expect(sessions.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(sessions.filter(({ status }) => status >= 500)).toEqual([]);
    expect(await customersWith('rush@example.com')).toHaveLength(1);
    expect(await shop.db.query(`SELECT FROM identities WHERE subject = 'rush-1'`)).toHaveLength(1);
  });

  it('goes back to pages of the storefront only', async () => {
    for (const returnUrl of ['https://evil.example/', 'http://localhost.evil.example/', 'http://x@localhost:5173/']) {
      const refused = await shop.call('POST', '/v1/auth/oidc/acme/start', {
        body: { returnUrl, codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
      });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/returnUrl']);
    }
    const crew = await shop.call('POST', '/v1/auth/oidc/crew/start', {
      body: { returnUrl: RETURN_URL, codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
    });
    expect(crew.body.code).toBe('provider_not_found');
  });

  it('tells the page when the visitor declines', async () => {
    const { url } = await begin();
    expect((await visit(url, null)).get('error')).toBe('access_denied');
  });
});

describe('staff', () => {
  const CREW = '/v1/auth/oidc/crew/start';
  const staff = { as: 'staff' };

  it('come in when they are staff already, and nobody becomes staff', async () => {
    const stranger = await signIn({ sub: 'x', email: 'nobody@example.com', email_verified: true }, CREW, staff);
    expect([stranger.status, stranger.body.code]).toEqual([403, 'not_our_staff']);
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), 'sam@example.com', 'Sam', '!', 'support')`,
    );
    const sam = { sub: 'sam-1', email: 'sam@example.com', email_verified: true };
    const unverified = await signIn({ ...sam, email_verified: false }, CREW, staff);
    expect(unverified.body.code).toBe('email_not_verified');
    const session = await signIn(sam, CREW, staff);
    expect(session.body.user).toMatchObject({ type: 'staff', email: 'sam@example.com', role: 'support' });
    const me = () => shop.call('GET', '/v1/admin/me', { bearer: session.body.accessToken });
    expect((await me()).status).toBe(200);
    // The identity is theirs now, whatever the address says; a suspension ends it.
    expect((await signIn({ sub: 'sam-1' }, CREW, staff)).status).toBe(200);
    await shop.db.query(`UPDATE users SET suspended_at = now() WHERE email = 'sam@example.com'`);
    expect((await me()).status).toBe(401);
    expect((await signIn(sam, CREW, staff)).body.code).toBe('not_our_staff');
    expect(await shop.db.query(`SELECT FROM customers WHERE email = 'sam@example.com'`)).toEqual([]);
  });

  it('are asked for the code of their second factor, also where the shop asks all for one', async () => {
    const kim = { sub: 'kim-1', email: 'kim@example.com', email_verified: true };
    const owner = await shop.staff('owner');
    await shop.call('POST', '/v1/admin/users', {
      bearer: owner,
      body: { email: kim.email, name: 'Kim', role: 'support', password: 'velvet otter lantern quartz' },
    });
    const me = async (bearer: string) => (await shop.call('GET', '/v1/admin/me', { bearer })).body;
    const before = (await signIn(kim, CREW, staff)).body.accessToken;
    await shop.db.query(`UPDATE shop_settings SET two_factor_required = true`);
    try {
      // Who has none comes in to set one up, and for nothing else.
      const orders = await shop.call('GET', '/v1/admin/orders', { bearer: before });
      expect([orders.status, orders.body.code]).toEqual([403, 'two_factor_required']);
      const { secret } = await enableTwoFactor(shop, '/v1/admin/me/two-factor', before, 'velvet otter lantern quartz');
      // As somebody who comes from there for the first time: the link is made with the right code.
      const links = () => shop.db.query(`SELECT provider FROM identities WHERE subject = 'kim-1'`);
      await shop.db.query(`DELETE FROM identities WHERE subject = 'kim-1'`);
      const asked = await signIn(kim, CREW, staff);
      expect([asked.status, asked.body]).toEqual([
        200,
        { twoFactorRequired: true, challenge: expect.any(String), expiresIn: 300 },
      ]);
      const answer = (code: string) =>
        shop.call('POST', '/v1/auth/two-factor', { body: { challenge: asked.body.challenge, code } });
      expect((await answer('000000')).status).toBe(422);
      expect(await links()).toEqual([]);
      const session = await answer(appCode(secret));
      expect(await links()).toEqual([{ provider: 'crew' }]);
      expect(session.status).toBe(200);
      expect(await me(session.body.accessToken)).toMatchObject({ email: kim.email });
    } finally {
      await shop.db.query(`UPDATE shop_settings SET two_factor_required = false`);
    }
  }, 60_000);
});

describe('the customer’s own identities', () => {
  const subjectsOf = async (name: string) => {
    const rows = await shop.db.query<{ subject: string }>(
      `SELECT subject FROM identities WHERE subject LIKE $1 ORDER BY subject`,
      [`${name}-%`],
    );
    return rows.map(({ subject }) => subject);
  };
  const resetPassword = async (as: string, email: string) => {
    expect((await shop.call('POST', '/v1/auth/forgot-password', { body: { email, as } })).status).toBe(202);
    const body = { token: await linkTo(shop, email, 'password'), password: 'amber tractor 17 lullabies' };
    expect((await shop.call('POST', '/v1/auth/reset-password', { body })).status).toBe(204);
  };

  it('are linked by who is signed in here and there, listed, exported and taken away', async () => {
    const bob = await signUp(shop, 'bob@example.com');
    const cat = await signUp(shop, 'cat@example.com');
    const person = { sub: 'bob-at-acme', email: 'other@example.com', email_verified: false };
    const START = '/v1/me/identities/acme/start';
    const { url, verifier } = await begin(START, { password: PASSWORD }, bob.bearer);
    const body = { code: (await visit(url, person)).get('code'), codeVerifier: verifier };
    // A code for a link opens no session, and is of no use to anybody else.
    const stolen = await begin(START, { password: PASSWORD }, bob.bearer);
    const code = (await visit(stolen.url, person)).get('code');
    expect((await finish(code, stolen.verifier)).status).toBe(422);
    const other = await shop.call('POST', '/v1/me/identities', {
      bearer: cat.bearer,
      body: { code, codeVerifier: stolen.verifier },
    });
    expect(other.body.code).toBe('sign_in_not_finished');
    const linked = await shop.call('POST', '/v1/me/identities', { bearer: bob.bearer, body });
    expect([linked.status, linked.body]).toMatchObject([201, { provider: 'acme', email: 'other@example.com' }]);
    expect((await signIn(person)).body.user.id).toBe(bob.id);
    // It is Bob's: Cat cannot have it, too.
    const twice = await begin(START, { password: PASSWORD }, cat.bearer);
    const taken = await shop.call('POST', '/v1/me/identities', {
      bearer: cat.bearer,
      body: { code: (await visit(twice.url, person)).get('code'), codeVerifier: twice.verifier },
    });
    expect([taken.status, taken.body.code]).toEqual([409, 'identity_taken']);
    const list = await shop.call('GET', '/v1/me/identities', { bearer: bob.bearer });
    expect(list.body.data).toHaveLength(1);
    const { id } = list.body.data[0];
    expect((await shop.call('DELETE', `/v1/me/identities/${id}`, { bearer: cat.bearer })).status).toBe(404);
    expect((await shop.call('DELETE', `/v1/me/identities/${id}`, { bearer: bob.bearer })).status).toBe(204);
    expect((await signIn(person)).body.code).toBe('email_not_verified');
  });

  it('are linked with the password of an account that has one; who has none shows none', async () => {
    const START = '/v1/me/identities/acme/start';
    const dora = await signUp(shop, 'dora@example.com');
    const body = { returnUrl: RETURN_URL, codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' };
    const none = await shop.call('POST', START, { bearer: dora.bearer, body });
    expect([none.status, none.body.errors[0]]).toMatchObject([400, { pointer: '/password', code: 'required' }]);
    const wrong = await shop.call('POST', START, {
      bearer: dora.bearer,
      body: { ...body, password: 'not hers at all' },
    });
    expect([wrong.status, wrong.body.code]).toEqual([422, 'wrong_password']);
    const elsewhere = await signIn({ sub: 'only-1', email: 'only@example.com', email_verified: true });
    expect((await shop.call('POST', START, { bearer: elsewhere.body.accessToken, body })).status).toBe(200);
  });

  it('are told of by mail, of staff, too, but not to who comes for the first time; and stand in the export', async () => {
    const mails = async (email: string) => {
      await shop.quiet();
      const rows = await shop.db.query<{ subject: string }>(
        `SELECT subject FROM mailbox WHERE recipient = $1 AND subject LIKE 'You can%' ORDER BY id`,
        [email],
      );
      return rows.map(({ subject }) => subject);
    };
    const fred = await signUp(shop, 'fred@example.com');
    await signIn({ sub: 'fred-1', email: 'fred@example.com', email_verified: true });
    await signIn({ sub: 'fred-1', email: 'fred@example.com', email_verified: true });
    expect(await mails(fred.email)).toEqual(['You can sign in with Acme ID now']);
    const { url, verifier } = await begin('/v1/me/identities/acme/start', { password: PASSWORD }, fred.bearer);
    const code = (await visit(url, { sub: 'fred-2' })).get('code');
    const linked = await shop.call('POST', '/v1/me/identities', {
      bearer: fred.bearer,
      body: { code, codeVerifier: verifier },
    });
    const { body: data } = await shop.call('GET', '/v1/me/export', { bearer: fred.bearer });
    expect(data.more.identities).toMatchObject([
      { provider: 'acme', email: 'fred@example.com' },
      { id: linked.body.id, provider: 'acme', email: null },
    ]);
    await shop.call('DELETE', `/v1/me/identities/${linked.body.id}`, { bearer: fred.bearer });
    expect(await mails(fred.email)).toEqual([
      'You can sign in with Acme ID now',
      'You can sign in with Acme ID now',
      'You cannot sign in with Acme ID any more',
    ]);

    await signIn({ sub: 'first-1', email: 'first@example.com', email_verified: true });
    expect(await mails('first@example.com')).toEqual([]);

    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), 'lou@example.com', 'Lou', '!', 'support')`,
    );
    await signIn({ sub: 'lou-1', email: 'lou@example.com', email_verified: true }, '/v1/auth/oidc/crew/start', {
      as: 'staff',
    });
    expect(await mails('lou@example.com')).toEqual(['You can sign in with Crew now']);
  });

  it('the last way in stays; a deleted account keeps none', async () => {
    const session = await signIn({ sub: 'dan-1', email: 'dan@example.com', email_verified: true });
    const bearer = session.body.accessToken;
    const { id } = (await shop.call('GET', '/v1/me/identities', { bearer })).body.data[0];
    const refused = await shop.call('DELETE', `/v1/me/identities/${id}`, { bearer });
    expect([refused.status, refused.body.code]).toEqual([409, 'last_way_in']);
    // Nor can a thief of the session end the account; why it takes a password is said, and is no failed sign-in.
    for (let i = 0; i < 30; i += 1) {
      const kept = await shop.call('DELETE', '/v1/me', { bearer, body: { password: PASSWORD } });
      expect(kept).toMatchObject({
        body: { code: 'wrong_password', detail: expect.stringContaining('forgot-password') },
      });
    }
    const ada = await signUp(shop, 'gone@example.com');
    await signIn({ sub: 'gone-1', email: 'gone@example.com', email_verified: true });
    await enableTwoFactor(shop, '/v1/me/two-factor', ada.bearer, PASSWORD);
    // Another account there, whose sign-in waits for a code that never comes.
    await signIn({ sub: 'gone-2', email: 'gone@example.com', email_verified: true });
    const waiting = () => shop.db.query(`SELECT FROM login_challenges WHERE identity ->> 'subject' = 'gone-2'`);
    expect(await waiting()).toHaveLength(1);
    const deleted = await shop.call('DELETE', '/v1/me', { bearer: ada.bearer, body: { password: PASSWORD } });
    expect(deleted.status).toBe(204);
    expect(await shop.db.query(`SELECT FROM identities WHERE subject = 'gone-1'`)).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it('are gone after a reset of the password, of staff, too; who is vouched for by a verified address is linked again', async () => {
    const gil = await signUp(shop, 'gil@example.com');
    const own = { sub: 'gil-1', email: 'gil@example.com', email_verified: true };
    await signIn(own);
    // Of somebody who had the password for a while.
    const stranger = { sub: 'gil-2', email: 'stranger@example.com', email_verified: false };
    const { url, verifier } = await begin('/v1/me/identities/acme/start', { password: PASSWORD }, gil.bearer);
    const body = { code: (await visit(url, stranger)).get('code'), codeVerifier: verifier };
    expect((await shop.call('POST', '/v1/me/identities', { bearer: gil.bearer, body })).status).toBe(201);
    await resetPassword('customer', gil.email);
    expect(await subjectsOf('gil')).toEqual([]);
    await shop.quiet();
    const mails = await shop.db.query(
      `SELECT FROM mailbox WHERE recipient = 'gil@example.com' AND subject = 'You cannot sign in with Acme ID any more'`,
    );
    expect(mails).toHaveLength(2);
    expect((await signIn(stranger)).body.code).toBe('email_not_verified');
    expect((await signIn(own)).body.user.id).toBe(gil.id);
    expect(await subjectsOf('gil')).toEqual(['gil-1']);

    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), 'ned@example.com', 'Ned', '!', 'support')`,
    );
    const crew = ['/v1/auth/oidc/crew/start', { as: 'staff' }] as const;
    await signIn({ sub: 'ned-1', email: 'ned@example.com', email_verified: true }, ...crew);
    await resetPassword('staff', 'ned@example.com');
    expect(await subjectsOf('ned')).toEqual([]);
    expect((await signIn({ sub: 'ned-1' }, ...crew)).body.code).toBe('email_not_verified');
  });

  it('stay when the password is changed by who knows it, which the mail says, unless they shall go, too', async () => {
    const ivy = await signUp(shop, 'ivy@example.com');
    await signIn({ sub: 'ivy-1', email: 'ivy@example.com', email_verified: true });
    const mail = async (older: number) =>
      shop.until(async () => {
        const rows = await shop.db.query<{ text_body: string }>(
          `SELECT text_body FROM mailbox WHERE recipient = $1 AND subject = 'Your password was changed' ORDER BY id DESC`,
          [ivy.email],
        );
        return rows.length > older && rows[0]!.text_body;
      }, 'the mail of a changed password');
    const change = (body: object) => shop.call('POST', '/v1/me/password', { bearer: ivy.bearer, body });
    const passwords = [PASSWORD, 'amber tractor 17 lullabies', 'cobalt heron 55 umbrellas'];
    expect((await change({ password: passwords[0], newPassword: passwords[1] })).status).toBe(204);
    expect(await mail(0)).toContain('with an account at Acme ID');
    expect(await subjectsOf('ivy')).toEqual(['ivy-1']);
    const all = { password: passwords[1], newPassword: passwords[2], unlinkIdentities: true };
    expect((await change({ ...all, password: 'not hers at all' })).status).toBe(422);
    expect(await subjectsOf('ivy')).toEqual(['ivy-1']);
    expect((await change(all)).status).toBe(204);
    expect(await subjectsOf('ivy')).toEqual([]);
    expect(await mail(1)).not.toMatch(/acme/i);
  });

  it('are not added by a thief while the owner resets the password', async () => {
    const hal = await signUp(shop, 'hal@example.com');
    await shop.call('POST', '/v1/auth/forgot-password', { body: { email: hal.email, as: 'customer' } });
    const token = await linkTo(shop, hal.email, 'password');
    const { url, verifier } = await begin('/v1/me/identities/acme/start', { password: PASSWORD }, hal.bearer);
    const code = (await visit(url, { sub: 'hal-2', email: 'thief@example.com', email_verified: true })).get('code');
    const waiting = (count: number) =>
      shop.until(
        async () =>
          (
            await shop.db.query(
              `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
            )
          ).length === count,
        `${count} to wait for the account`,
      );
    const [reset, link] = await shop.db.transaction(async (tx) => {
      await tx.query(`SELECT FROM customers WHERE lower(email) = $1 FOR UPDATE`, [hal.email]);
      // First the reset, right behind it the link, whose bearer is still good.
      const body = { token, password: 'amber tractor 17 lullabies' };
      const first = shop.call('POST', '/v1/auth/reset-password', { body });
      await waiting(1);
      const second = shop.call('POST', '/v1/me/identities', {
        bearer: hal.bearer,
        body: { code, codeVerifier: verifier },
      });
      await waiting(2);
      return [first, second];
    });
    expect((await reset).status).toBe(204);
    expect(await link).toMatchObject({ status: 422, body: { code: 'sign_in_not_finished' } });
    expect(await subjectsOf('hal')).toEqual([]);
  });

  it('are gone at once when staff force the reset', async () => {
    const uma = await signUp(shop, 'uma@example.com');
    await signIn({ sub: 'uma-1', email: 'uma@example.com', email_verified: true });
    const forced = await shop.call('POST', `/v1/admin/customers/${uma.id}/password-reset`, {
      bearer: await shop.staff('owner'),
      body: { force: true },
    });
    expect(forced.status).toBe(202);
    expect(await subjectsOf('uma')).toEqual([]);
    expect((await signIn({ sub: 'uma-1' })).body.code).toBe('email_not_verified');
  });

  it('signing out here ends the session here; the provider has a page of its own for that', async () => {
    const session = await signIn(eve);
    await shop.call('POST', '/v1/auth/logout', { body: { refreshToken: session.body.refreshToken } });
    expect((await shop.call('GET', '/v1/me', { bearer: session.body.accessToken })).status).toBe(401);
    const out = await shop.call('POST', '/v1/auth/oidc/acme/end-session', {
      body: { returnUrl: 'http://localhost:5173/bye' },
    });
    expect(out.body.endSessionUrl).toContain(`${provider.issuer}/session/end?`);
    expect(new URL(out.body.endSessionUrl).searchParams.get('client_id')).toBe(CLIENT.id);
  });
});

describe('the page of docs/sign-in.md', () => {
  it('signs somebody in with its script as it stands', async () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/sign-in.md'), 'utf8');
    const script = /```js\n([\s\S]*?)```/.exec(guide)![1]!;
    const kept = new Map<string, string>();
    const place = { origin: 'http://localhost:5173', search: '', assign: (url: string) => void (place.search = url) };
    const sessionStorage = {
      setItem: (name: string, value: string) => kept.set(name, value),
      getItem: (name: string) => kept.get(name),
    };
    const browser = { fetch, crypto, btoa, TextEncoder, URLSearchParams, Uint8Array, sessionStorage, location: place };
    const page = runInNewContext(`${script}\n({ signInWith, finishSignIn })`, { ...browser, API: shop.url }) as {
      signInWith(provider: string): Promise<void>;
      finishSignIn(): Promise<any>;
    };
    await page.signInWith('acme');
    const person = { sub: 'guide-1', email: 'guide@example.com', email_verified: true };
    place.search = `?${(await visit(place.search, person)).toString()}`;
    const session = await page.finishSignIn();
    expect(session.user.email).toBe('guide@example.com');
    expect(session.refreshToken).toBeUndefined();
    await page.signInWith('acme');
    place.search = `?${(await visit(place.search, null)).toString()}`;
    expect(await page.finishSignIn()).toBeNull();
  });
});

describe('a provider that is down', () => {
  afterEach(() => {
    provider.mood = 'well';
  });

  it('is said to be, soon', async () => {
    const body = { returnUrl: RETURN_URL, codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' };
    const gone = await shop.call('POST', '/v1/auth/oidc/gone/start', { body });
    expect([gone.status, gone.body.code, gone.headers.get('retry-after')]).toEqual([503, 'provider_unavailable', '5']);
  });

  it.each(['hang', 'broken'] as const)('also when it does so on the way back: %s', async (mood) => {
    const { url } = await begin();
    const callback = await provider.browse(url, eve);
    provider.mood = mood;
    const started = Date.now();
    const told = await shop.call('GET', `${callback.pathname}${callback.search}`, { redirect: 'manual' });
    expect(new URL(told.headers.get('location')!).searchParams.get('error')).toBe('provider_unavailable');
    expect(Date.now() - started).toBeLessThan(12_000);
    // The shop goes on.
    expect((await shop.call('GET', '/v1/products')).status).toBe(200);
  });
});
