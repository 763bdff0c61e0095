import { decodeId, newUuid } from '#libs/ids';
import { createDataSource } from '../../ormconfig.js';
import { announce } from '#libs/outbox';
import { AuditSeals } from '../../src/modules/audit/audit-seals.service.js';
import { patiently } from '../../src/db/migrations/patiently.js';
import { PasswordResetRequested } from '../../src/modules/auth/account.events.js';
import { linkTo, PASSWORD, signUp } from '../support/customers.js';
import { ADDRESS, Shop } from '../support/shop.js';

const NEW = 'amber tractor 17 lullabies';

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000', TRUST_PROXY: 'loopback' } });
});
afterAll(async () => {
  await shop?.stop();
});

const post = (path: string, body: unknown, options: object = {}) => shop.call('POST', path, { body, ...options });
const login = (email: string, password = PASSWORD, more: object = {}) =>
  post('/v1/auth/login', { email, password, ...more });
const mails = (email: string) =>
  shop.db.query<{ subject: string; text_body: string }>(
    `SELECT subject, text_body FROM mailbox WHERE recipient = $1 ORDER BY id`,
    [email],
  );
const codeOf = (answer: { status: number; body: any }) => [answer.status, answer.body.errors?.[0]?.code];

/** An order of a guest with an e-mail address. */
async function guestOrder(email: string, bearer?: string): Promise<{ id: string; token: string }> {
  const cart = await shop.cart([{ variantId: await shop.product(), quantity: 1 }]);
  await shop.call('PATCH', `/v1/carts/${cart.id}`, { token: cart.token, body: { email } });
  const placed = await shop.call('POST', `/v1/carts/${cart.id}/checkout`, {
    body: { paymentMethod: 'manual' },
    token: cart.token,
    bearer,
    key: newUuid(),
  });
  if (placed.status !== 201) throw new Error(`checkout: ${placed.status} ${JSON.stringify(placed.body)}`);
  return { id: placed.body.order.id, token: cart.token };
}

describe('addresses that look alike', () => {
  it.each([
    ['a letter whose lower case is in ASCII', 'm\u0130a@example.com'],
    ['the sign of kelvin', 'mi\u212Aa@example.com'],
    ['a long s', 'mi\u017Fa@example.com'],
    ['a capital sharp s', 'gro\u1E9E@example.com'],
    ['a theta symbol', '\u03F4a@example.com'],
    ['a letter of full width', '\uFF4Dika@example.com'],
    ['a letter in two parts', 'rene\u0301@example.com'],
  ])('are refused with %s', async (_what, email) => {
    for (const path of ['/v1/auth/register', '/v1/auth/forgot-password', '/v1/auth/login']) {
      const body = path.endsWith('forgot-password') ? { email } : { email, password: PASSWORD };
      expect([path, ...codeOf(await post(path, body))]).toEqual([path, 400, 'ambiguous_email']);
    }
  });

  it('of other scripts are taken', async () => {
    for (const email of ['ren\u00E9@example.com', '\u00C9mile@example.com', '\u0438\u0432\u0430\u043D@example.com'])
      expect([email, (await post('/v1/auth/forgot-password', { email })).status]).toEqual([email, 202]);
  });

  it('get no link to the account of another: it goes to the address that the account has', async () => {
    const one = await signUp(shop, 'mika@example.com');
    await post('/v1/auth/forgot-password', { email: 'MIKA@example.com' });
    await linkTo(shop, one.email, 'another password');
    // As it would be with an address that was stored before look-alikes were refused.
    const linkId = newUuid();
    await shop.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO account_links (id, purpose, email, token_hash, expires_at)
         VALUES ($1, 'reset_password', $2, $3, now() + interval '1 hour')`,
        [linkId, 'mi\u212Aa@example.com', Buffer.from(linkId)],
      );
      announce(tx, {
        definition: PasswordResetRequested,
        aggregateType: 'account_link',
        aggregateId: linkId,
        payload: { linkId },
      });
    });
    await shop.quiet();
    expect(await mails('MIKA@example.com')).toEqual([]);
    expect(await mails('mi\u212Aa@example.com')).toEqual([]);
    const toOwner = (await mails(one.email)).filter((mail) => mail.subject === 'Choose another password');
    expect(toOwner).toHaveLength(2);
  });

  it('claim no orders of guests', async () => {
    const variantOrder = await guestOrder('kate@example.com');
    await shop.db.query(`UPDATE orders SET email = $2 WHERE id = $1`, [
      decodeId('order', variantOrder.id),
      '\u212Aate@example.com',
    ]);
    const kate = await signUp(shop, 'kate@example.com');
    await login(kate.email);
    const own = await guestOrder('Kate@example.com');
    await login(kate.email);
    const { body } = await shop.call('GET', '/v1/me/orders', { bearer: kate.bearer });
    expect(body.data.map((order: any) => order.id)).toEqual([own.id]);
  });
});

describe('a password that changes', () => {
  it('while somebody signs in with the old one leaves them outside', async () => {
    const one = await signUp(shop, 'racer@example.com');
    let signedIn: ReturnType<typeof login> | undefined;
    await shop.db.transaction(async (tx) => {
      await tx.query(`UPDATE customers SET password_hash = 'another' WHERE id = $1`, [decodeId('customer', one.id)]);
      signedIn = login(one.email);
      const isOver = await Promise.race([signedIn.then(() => true), new Promise((done) => setTimeout(done, 1_500))]);
      expect(isOver).toBeUndefined();
    });
    expect((await signedIn!).status).toBe(401);
  });

  it('ends the links with which another could be chosen', async () => {
    const one = await signUp(shop, 'linked@example.com');
    await post('/v1/auth/forgot-password', { email: one.email });
    const token = await linkTo(shop, one.email, 'another password');
    const changed = await post('/v1/me/password', { password: PASSWORD, newPassword: NEW }, { bearer: one.bearer });
    expect(changed.status).toBe(204);
    expect((await post('/v1/auth/reset-password', { token, password: PASSWORD })).status).toBe(422);
  });

  it('by the link of a mail lets its owner in at once, whoever guessed before', async () => {
    const one = await signUp(shop, 'guessed@example.com');
    const guessing = { headers: { 'X-Forwarded-For': '203.0.113.9' } };
    for (let i = 0; i < 12; i += 1)
      await post('/v1/auth/login', { email: one.email, password: 'a wrong one' }, guessing);
    const home = { headers: { 'X-Forwarded-For': '198.51.100.7' } };
    expect((await post('/v1/auth/login', { email: one.email, password: PASSWORD }, home)).status).toBe(429);
    await post('/v1/auth/forgot-password', { email: one.email }, home);
    const token = await linkTo(shop, one.email, 'another password');
    expect((await post('/v1/auth/reset-password', { token, password: NEW }, home)).status).toBe(204);
    for (let i = 0; i < 13; i += 1)
      await post('/v1/auth/login', { email: one.email, password: 'a wrong one' }, guessing);
    expect((await post('/v1/auth/login', { email: one.email, password: NEW }, home)).status).toBe(200);
  });
});

describe('mails', () => {
  it('of one kind do not use up those of another, nor those of customers those of staff', async () => {
    const one = await signUp(shop, 'flooded@example.com');
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, $2, 'Flo', 'none', 'viewer')`,
      [newUuid(), one.email],
    );
    for (let i = 0; i < 6; i += 1) await post('/v1/auth/register', { email: one.email, password: PASSWORD });
    const forgot = (as: string) => post('/v1/auth/forgot-password', { email: one.email, as });
    for (let i = 0; i < 5; i += 1) expect((await forgot('customer')).status).toBe(202);
    expect([(await forgot('customer')).status, (await forgot('staff')).status]).toEqual([429, 202]);
  });

  it('do not call people what a stranger typed', async () => {
    await post('/v1/auth/register', {
      email: 'spammed@example.com',
      password: PASSWORD,
      firstName: 'You won! See evil.example',
    });
    await linkTo(shop, 'spammed@example.com');
    for (const mail of await mails('spammed@example.com')) expect(mail.text_body).not.toContain('evil.example');
  });

  it('about another e-mail address go to the one of the time of the wish, also when it is gone', async () => {
    const one = await signUp(shop, 'older@example.com');
    await post('/v1/me/email', { email: 'newer@example.com', password: PASSWORD }, { bearer: one.bearer });
    await shop.db.query(`UPDATE customers SET email = 'newer@example.com' WHERE id = $1`, [
      decodeId('customer', one.id),
    ]);
    await shop.quiet();
    expect((await mails(one.email)).map((mail) => mail.subject)).toContain('Your e-mail address is about to change');
    expect((await mails('newer@example.com')).map((mail) => mail.subject)).not.toContain(
      'Your e-mail address is about to change',
    );
  });

  it('with which a password is chosen go to staff or to customers as they were asked for', async () => {
    const one = await signUp(shop, 'twofold@example.com');
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, 'TwoFold@example.com', 'Two', 'none', 'viewer')`,
      [newUuid()],
    );
    await post('/v1/auth/forgot-password', { email: one.email, as: 'customer' });
    await linkTo(shop, one.email, 'another password');
    await post('/v1/auth/forgot-password', { email: one.email, as: 'staff' });
    await linkTo(shop, 'TwoFold@example.com', 'another password');
    await signUp(shop, 'stranger.to.staff@example.com');
    await post('/v1/auth/forgot-password', { email: 'stranger.to.staff@example.com', as: 'staff' });
    await shop.quiet();
    const subjects = (await mails('stranger.to.staff@example.com')).map((mail) => mail.subject);
    expect(subjects).not.toContain('Choose another password');
  });
});

describe('what a guest did', () => {
  it('since the last sign-in goes with the account when it is deleted, and into the export', async () => {
    const one = await signUp(shop, 'leaver@example.com');
    const order = await guestOrder('Leaver@example.com');
    const exported = await shop.call('GET', '/v1/me/export', { bearer: one.bearer });
    expect(exported.body.orders.map((row: any) => row.id)).toEqual([order.id]);
    const late = await guestOrder('leaver@example.com');
    const remove = () => shop.call('DELETE', '/v1/me', { bearer: one.bearer, body: { password: PASSWORD } });
    const refused = await remove();
    expect([refused.status, refused.body.orderIds]).toEqual([409, [order.id, late.id]]);
    for (const { id } of [order, late])
      await shop.db.query(`UPDATE orders SET status = 'canceled' WHERE id = $1`, [decodeId('order', id)]);
    const last = await guestOrder('leaver@example.com');
    await shop.db.query(`UPDATE orders SET status = 'canceled' WHERE id = $1`, [decodeId('order', last.id)]);
    expect((await remove()).status).toBe(204);
    const left = await shop.db.query(`SELECT 1 FROM orders WHERE lower(email) = 'leaver@example.com'`);
    expect(left).toEqual([]);
  });

  it('belongs to who was signed in, though they showed the token of the cart only', async () => {
    const one = await signUp(shop, 'tokened@example.com');
    const order = await guestOrder('gift@example.com', one.bearer);
    expect((await shop.call('GET', `/v1/orders/${order.id}`, { bearer: one.bearer })).status).toBe(200);
  });

  it('is out of reach of the token that somebody slipped them, once it is theirs', async () => {
    const one = await signUp(shop, 'fixated@example.com');
    const cart = await shop.cart([{ variantId: await shop.product(), quantity: 1 }]);
    const merged = await post(`/v1/carts/${cart.id}/merge`, {}, { bearer: one.bearer, token: cart.token });
    expect([merged.status, merged.body.outcome]).toEqual([200, 'claimed']);
    await shop.call('PATCH', `/v1/carts/${cart.id}`, { bearer: one.bearer, body: { shippingAddress: ADDRESS } });
    expect((await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).status).toBe(404);
    expect((await shop.call('GET', `/v1/carts/${cart.id}`, { bearer: one.bearer })).status).toBe(200);
  });

  it('mails nothing to whoever slipped them the cart', async () => {
    const line = async () => ({ variantId: await shop.product(), quantity: 1 });
    const slipped = async (body: object) =>
      (await post('/v1/carts', { lines: [await line()], email: 'slipper@example.com', ...body })).body;
    const one = await signUp(shop, 'slipped@example.com');
    const claimed = await slipped({});
    await post(`/v1/carts/${claimed.id}/merge`, {}, { bearer: one.bearer, token: claimed.token });
    const seen = await shop.call('GET', `/v1/carts/${claimed.id}`, { bearer: one.bearer });
    expect(seen.body.email).toBe('slipped@example.com');
    await shop.db.query(`UPDATE carts SET email = NULL WHERE id = $1`, [decodeId('cart', claimed.id)]);
    const merged = await slipped({});
    await post(`/v1/carts/${merged.id}/merge`, {}, { bearer: one.bearer, token: merged.token });
    const after = await shop.call('GET', `/v1/carts/${claimed.id}`, { bearer: one.bearer });
    expect([after.body.email, after.body.lines.length]).toEqual(['slipped@example.com', 2]);
  });

  it('leaves links of staff with the same address alone when the customer goes', async () => {
    const one = await signUp(shop, 'invited@example.com');
    const owner = await shop.staff('owner');
    await post('/v1/admin/users/invitations', { email: one.email, name: 'Inv', role: 'viewer' }, { bearer: owner });
    const token = await linkTo(shop, one.email, 'work with us');
    const gone = await shop.call('DELETE', '/v1/me', { bearer: one.bearer, body: { password: PASSWORD } });
    expect(gone.status).toBe(204);
    expect(
      (await post('/v1/auth/accept-invitation', { token, password: 'velvet-otter-lantern-quartz-318' })).status,
    ).toBe(204);
  });
});

describe('keys and names', () => {
  it('a key makes no keys, and shows what it may itself', async () => {
    const owner = await shop.staff('owner');
    const scopes = ['keys.read', 'keys.write', 'orders.read'];
    const made = await post('/v1/admin/api-keys', { name: 'Robot', scopes }, { bearer: owner });
    expect(made.status).toBe(201);
    const key = { bearer: made.body.key };
    expect((await post('/v1/admin/api-keys', { name: 'Child', scopes: ['orders.read'] }, key)).status).toBe(403);
    expect((await post(`/v1/admin/api-keys/${made.body.id}/rotate`, {}, key)).status).toBe(403);
    const me = await shop.call('GET', '/v1/admin/me', key);
    expect([...me.body.permissions].sort()).toEqual(scopes);
  });

  it('a key is not over before it begins', async () => {
    const owner = await shop.staff('owner');
    const body = { name: 'Late', scopes: ['orders.read'], expiresAt: '2020-01-01' };
    const answer = await post('/v1/admin/api-keys', body, { bearer: owner });
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, '/expiresAt']);
  });

  it('names are not blank', async () => {
    const owner = { bearer: await shop.staff('owner') };
    const name = ' \t ';
    for (const [path, body] of [
      ['/v1/admin/api-keys', { name, scopes: ['orders.read'] }],
      ['/v1/admin/roles', { name, permissions: ['orders.read'] }],
      ['/v1/admin/users/invitations', { name, email: 'blank@example.com', role: 'viewer' }],
      [
        '/v1/admin/users',
        { name, email: 'blank@example.com', role: 'viewer', password: 'velvet-otter-lantern-quartz-318' },
      ],
    ] as const) {
      const answer = await post(path, body, owner);
      expect([path, answer.status, answer.body.errors?.[0]?.pointer]).toEqual([path, 400, '/name']);
    }
  });
});

describe('seals of the audit log', () => {
  it('fit whatever columns a later version of the shop adds', async () => {
    const owner = await shop.staff('owner');
    await post('/v1/admin/roles', { name: `Role ${newUuid()}`, permissions: ['orders.read'] }, { bearer: owner });
    await shop.until(
      async () => (await shop.app.get(AuditSeals, { strict: false }).seal()) > 0,
      'a seal: transactions of other databases may keep it waiting',
    );
    await shop.db.query(`ALTER TABLE audit_log ADD COLUMN note text`);
    const { body } = await shop.call('GET', '/v1/admin/audit-log/check', { bearer: owner });
    expect([body.isIntact, body.broken]).toEqual([true, []]);
  });
});

describe('a trigger on a busy table', () => {
  const TRIGGER = `CREATE OR REPLACE TRIGGER users_audit AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW WHEN (current_setting('emporium.actor', true) <> '') EXECUTE FUNCTION audit_change('password_hash')`;

  it('is made once its writers let it, and what is wrong with it is said at once', async () => {
    const source = await createDataSource(shop.config.databaseUrl).initialize();
    const runner = source.createQueryRunner();
    try {
      await runner.query(`SET lock_timeout = '100ms'`);
      let made: Promise<void> | undefined;
      await shop.db.transaction(async (tx) => {
        await tx.query(`UPDATE users SET name = name`);
        await expect(runner.query(TRIGGER)).rejects.toThrow('lock timeout');
        made = patiently(runner, TRIGGER);
        const early = await Promise.race([made.then(() => 'made'), new Promise((done) => setTimeout(done, 300))]);
        expect(early).toBeUndefined();
      });
      await made;
      await expect(patiently(runner, `CREATE TRIGGER`)).rejects.toThrow('syntax error');
    } finally {
      await runner.release();
      await source.destroy();
    }
  });
});
