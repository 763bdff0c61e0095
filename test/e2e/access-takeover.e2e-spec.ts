import { hash } from '@node-rs/argon2';
import { decodeId, newUuid } from '#libs/ids';
import { linkTo, PASSWORD, signUp } from '../support/customers.js';
import { Shop } from '../support/shop.js';
import { appCode, enableTwoFactor } from '../support/two-factor.js';

const NEW = 'amber tractor 17 lullabies';
const STAFF_PASSWORD = 'velvet otter lantern quartz';
const STAFF = '/v1/admin/me/two-factor';

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' }, stripe: false });
});
afterAll(async () => {
  await shop?.stop();
});

const post = (path: string, body: unknown, bearer?: string) =>
  shop.call('POST', path, { body, ...(bearer ? { bearer } : {}) });
const login = (email: string, password = PASSWORD) => post('/v1/auth/login', { email, password });
const isIn = async (bearer: string) => (await shop.call('GET', '/v1/me', { bearer })).status === 200;
const hashOf = async (email: string) =>
  (await shop.db.query<{ password_hash: string }>(`SELECT password_hash FROM customers WHERE email = $1`, [email]))[0]!
    .password_hash;

/** Whether something is not done although it had time to be. */
const waits = (work: Promise<unknown>) =>
  Promise.race([work.then(() => false), new Promise<true>((done) => setTimeout(() => done(true), 1_000))]);

describe('a password that was hashed at lower costs', () => {
  it.each([
    ['the password alone', false],
    ['password and code', true],
  ])('is hashed anew at a sign-in with %s', async (_what, hasFactor) => {
    const one = await signUp(shop, `${newUuid()}@example.com`);
    const factor = hasFactor ? await enableTwoFactor(shop, '/v1/me/two-factor', one.bearer, PASSWORD) : null;
    const old = await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    await shop.db.query(`UPDATE customers SET password_hash = $2 WHERE email = $1`, [one.email, old]);
    const signIn = await login(one.email);
    expect(await hashOf(one.email)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const session = factor
      ? await post('/v1/auth/two-factor', { challenge: signIn.body.challenge, code: appCode(factor.secret) })
      : signIn;
    expect([session.status, await isIn(session.body.accessToken)]).toEqual([200, true]);
    // A wrong one renews nothing.
    await shop.db.query(`UPDATE customers SET password_hash = $2 WHERE email = $1`, [one.email, old]);
    expect((await login(one.email, NEW)).status).toBe(401);
    expect(await hashOf(one.email)).toBe(old);
  });
});

describe('a stolen session of staff', () => {
  it('takes nobody’s own second factor away without password and code', async () => {
    const owner = await shop.staff('owner');
    const email = `${newUuid()}@example.com`;
    const { body: member } = await post(
      '/v1/admin/users',
      { email, name: 'Robin', role: 'owner', password: STAFF_PASSWORD },
      owner,
    );
    const { accessToken } = (await login(email, STAFF_PASSWORD)).body;
    const { secret } = await enableTwoFactor(shop, STAFF, accessToken, STAFF_PASSWORD);
    const { body: key } = await post('/v1/admin/api-keys', { name: 'Robot', scopes: ['staff.write'] }, accessToken);
    const path = `/v1/admin/users/${member.id}/two-factor`;
    for (const bearer of [accessToken, key.key]) {
      // The key may not touch owners anyway; that it is not told so first does not matter.
      const refused = await shop.call('DELETE', path, { bearer });
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    }
    expect((await shop.call('GET', `/v1/admin/users/${member.id}`, { bearer: owner })).body.hasTwoFactor).toBe(true);
    const proof = { password: STAFF_PASSWORD, code: appCode(secret) };
    expect((await post(`${STAFF}/disable`, proof, accessToken)).status).toBe(204);
  });
});

describe('an e-mail address that is given up', () => {
  it('opens nothing of who has it next: links that were sent to it before are void', async () => {
    const owner = await shop.staff('owner');
    const address = 'desk@example.com';
    const before = await signUp(shop, address);
    const sent = await post(`/v1/admin/customers/${before.id}/password-reset`, {}, owner);
    expect(sent.status).toBe(202);
    const old = await linkTo(shop, address, 'another password');
    expect((await post('/v1/me/email', { email: 'moved@example.com', password: PASSWORD }, before.bearer)).status).toBe(
      202,
    );
    const move = await linkTo(shop, 'moved@example.com');
    expect((await post('/v1/auth/verify-email', { token: move, password: PASSWORD })).status).toBe(200);

    await shop.db.query(`DELETE FROM mailbox WHERE recipient = $1`, [address]);
    const next = await signUp(shop, address);
    const taken = await post('/v1/auth/reset-password', { token: old, password: NEW });
    expect([taken.status, taken.body.code]).toEqual([422, 'invalid_link']);
    expect([await isIn(next.bearer), (await login(address)).status]).toEqual([true, 200]);
  });
});

describe('setting up a second factor while somebody signs in with the password', () => {
  it('leaves no session that was begun without the code', async () => {
    const one = await signUp(shop, 'races@example.com');
    const id = decodeId('customer', one.id);
    let signIn: ReturnType<typeof login> | undefined;
    await shop.db.transaction(async (tx) => {
      await tx.query(`SELECT FROM customers WHERE id = $1 FOR NO KEY UPDATE`, [id]);
      await tx.query(
        `INSERT INTO two_factors (id, customer_id, secret, confirmed_at) VALUES ($1, $2, ''::bytea, now())`,
        [newUuid(), id],
      );
      signIn = login(one.email);
      expect(await waits(signIn)).toBe(true);
    });
    const answer = await signIn!;
    expect([answer.status, answer.body.twoFactorRequired, answer.body.accessToken]).toEqual([200, true, undefined]);
    const live = await shop.call('GET', '/v1/me/sessions', { bearer: one.bearer });
    expect(live.body.data).toHaveLength(1);
  });

  it('waits for a sign-in that is under way, and ends it', async () => {
    const one = await signUp(shop, 'waits@example.com');
    const id = decodeId('customer', one.id);
    const { body } = await post('/v1/me/two-factor', { password: PASSWORD }, one.bearer);
    let confirmed: ReturnType<typeof post> | undefined;
    await shop.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO refresh_tokens (id, customer_id, family_id, token_hash, expires_at)
         SELECT $1, id, $2, $3, now() + interval '1 day' FROM customers WHERE id = $4 FOR SHARE`,
        [newUuid(), newUuid(), Buffer.from(newUuid()), id],
      );
      confirmed = post('/v1/me/two-factor/confirm', { code: appCode(body.secret) }, one.bearer);
      expect(await waits(confirmed)).toBe(true);
    });
    expect((await confirmed!).status).toBe(200);
    const live = await shop.call('GET', '/v1/me/sessions', { bearer: one.bearer });
    expect(live.body.data).toHaveLength(1);
  });
});
