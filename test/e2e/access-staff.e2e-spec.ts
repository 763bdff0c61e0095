import { decodeId } from '#libs/ids';
import { linkTo } from '../support/customers.js';
import { Shop } from '../support/shop.js';

const PASSWORD = 'velvet otter lantern quartz';

let shop: Shop;
let owner: string;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  owner = await shop.staff('owner');
});
afterAll(async () => {
  await shop?.stop();
});

const login = (email: string, password = PASSWORD) =>
  shop.call('POST', '/v1/auth/login', { body: { email, password } });
const meOf = (bearer: string) => shop.call('GET', '/v1/admin/me', { bearer });
const as = (bearer: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  shop.call(method, path, { bearer, body, headers });
/** Somebody who was invited and has chosen a password. */
async function hire(email: string, role: object): Promise<{ id: string; bearer: string; refreshToken: string }> {
  const invited = await as(owner, 'POST', '/v1/admin/users/invitations', { email, name: 'Robin', ...role });
  expect([invited.status, invited.body.isInvited]).toEqual([201, true]);
  const token = await linkTo(shop, email);
  const body = { token, password: PASSWORD };
  expect((await shop.call('POST', '/v1/auth/accept-invitation', { body })).status).toBe(204);
  const session = await login(email);
  return { id: invited.body.id, bearer: session.body.accessToken, refreshToken: session.body.refreshToken };
}
const etagOf = async (path: string) => (await as(owner, 'GET', path)).headers.get('etag')!;
const patch = async (path: string, body: unknown, bearer = owner) =>
  as(bearer, 'PATCH', path, body, { 'If-Match': await etagOf(path) });

describe('invitations', () => {
  it('let somebody choose a password, once', async () => {
    const email = 'first@example.com';
    const invite = () => as(owner, 'POST', '/v1/admin/users/invitations', { email, name: 'First', role: 'support' });
    const invited = await invite();
    expect(invited.body).toMatchObject({ email, role: 'support', isInvited: true, customRole: null });
    expect((await login(email)).status).toBe(401);
    const token = await linkTo(shop, email, 'work with us');
    const again = await invite();
    expect([again.status, again.body.id]).toEqual([201, invited.body.id]);
    const accept = (password: string) => shop.call('POST', '/v1/auth/accept-invitation', { body: { token, password } });
    expect((await accept('too short')).body.errors[0]).toMatchObject({ pointer: '/password', code: 'too_short' });
    expect((await accept(PASSWORD)).status).toBe(204);
    expect((await accept('another long password 9')).body.code).toBe('invalid_link');
    expect((await login(email)).body.user).toMatchObject({ id: invited.body.id, role: 'support' });
    expect((await invite()).body.code).toBe('email_taken');
    const none = await as(owner, 'POST', '/v1/admin/users/invitations', { email: 'x@example.com', name: 'X' });
    expect([none.status, none.body.errors[0].pointer]).toEqual([400, '/role']);
  });
});

describe('owners', () => {
  it('are told by mail of who works here now, of roles and of API keys', async () => {
    const boss = await hire('boss@example.com', { role: 'owner' });
    const kim = await hire('kim@example.com', { role: 'viewer' });
    expect((await patch(`/v1/admin/users/${kim.id}`, { role: 'owner' })).status).toBe(200);
    const key = await as(boss.bearer, 'POST', '/v1/admin/api-keys', { name: 'ERP', scopes: ['orders.read'] });
    expect(key.status).toBe(201);
    await shop.quiet();
    const mails = (to: string) =>
      shop.db.query<{ subject: string; text: string }>(
        `SELECT subject, text_body AS text FROM mailbox WHERE recipient = $1 AND subject NOT LIKE 'Work with us%' ORDER BY id`,
        [to],
      );
    const told = await mails('boss@example.com');
    expect(told.map(({ subject }) => subject).sort()).toEqual([
      'Somebody has another role',
      'Somebody new works here',
      'There is a new API key',
    ]);
    const ofKey = told.find(({ subject }) => subject.includes('API key'))!.text;
    for (const part of ['ERP (…', 'orders.read', 'boss@example.com', `/v1/admin/api-keys/${key.body.id}`])
      expect(ofKey).toContain(part);
    expect(told.find(({ subject }) => subject.includes('role'))!.text).toContain('kim@example.com');
    // Who was given it knows.
    expect((await mails('kim@example.com')).map(({ subject }) => subject)).toEqual(['There is a new API key']);
    const events = await shop.db.query<{ payload: unknown }>(
      `SELECT payload FROM outbox WHERE topic = 'staff.access_given'`,
    );
    expect(JSON.stringify(events)).not.toMatch(/@example|ERP/);
  });
});

describe('members of staff', () => {
  it('get another role at once', async () => {
    const robin = await hire('robin@example.com', { role: 'viewer' });
    const path = `/v1/admin/users/${robin.id}`;
    expect((await as(robin.bearer, 'GET', '/v1/admin/audit-log')).status).toBe(403);
    expect((await as(owner, 'PATCH', path, { role: 'manager' })).status).toBe(428);
    const changed = await patch(path, { role: 'manager', name: 'Robin W.' });
    expect([changed.status, changed.body]).toMatchObject([200, { role: 'manager', name: 'Robin W.' }]);
    expect((await as(robin.bearer, 'GET', '/v1/admin/audit-log')).status).toBe(200);
    const stale = await as(owner, 'PATCH', path, { role: 'viewer' }, { 'If-Match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    expect((await patch(path, { id: 'usr_x' })).status).toBe(400);
    expect((await patch(path, { permissions: ['orders.read'] })).status).toBe(400);
  });

  it('are kept out at once, and come back with a new sign-in', async () => {
    const robin = await hire('out@example.com', { role: 'manager' });
    const path = `/v1/admin/users/${robin.id}`;
    expect((await as(owner, 'POST', `${path}/suspend`)).body.suspendedAt).toEqual(expect.any(String));
    expect((await meOf(robin.bearer)).status).toBe(401);
    const refresh = () => shop.call('POST', '/v1/auth/refresh', { body: { refreshToken: robin.refreshToken } });
    expect([(await refresh()).status, (await login('out@example.com')).status]).toEqual([401, 401]);
    expect((await as(owner, 'POST', `${path}/reactivate`)).body.suspendedAt).toBeNull();
    expect([(await refresh()).status, (await meOf(robin.bearer)).status]).toEqual([401, 401]);
    const back = (await login('out@example.com')).body;
    expect((await meOf(back.accessToken)).status).toBe(200);
    expect((await as(owner, 'DELETE', `${path}/sessions`)).status).toBe(204);
    expect((await meOf(back.accessToken)).status).toBe(401);
  });

  it('are never without an owner who can sign in', async () => {
    const lone = await Shop.start();
    try {
      const [one, two] = [await lone.staff('owner'), await lone.staff('owner')];
      const rows = await lone.db.query<{ id: string }>(`SELECT id FROM users ORDER BY created_at, id`);
      const ids = await Promise.all(
        [one, two].map(async (bearer) => (await lone.call('GET', '/v1/admin/me', { bearer })).body.id as string),
      );
      expect(rows).toHaveLength(2);
      await lone.db.query(`UPDATE users SET password_hash = 'set'`);
      // Both suspend the other at the same time: they are let in, and only then their rows can be had.
      const { asked } = await lone.db.transaction(async (tx) => {
        await tx.query(`SELECT FROM users FOR UPDATE`);
        const calls = [
          lone.call('POST', `/v1/admin/users/${ids[1]}/suspend`, { bearer: one }),
          lone.call('POST', `/v1/admin/users/${ids[0]}/suspend`, { bearer: two }),
        ];
        await lone.until(async () => {
          const waiting = await lone.db.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          );
          return waiting.length === 2;
        }, 'both to wait');
        return { asked: calls };
      });
      const answers = await Promise.all(asked);
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
      expect(answers.find((answer) => answer.status === 409)!.body.code).toBe('last_owner');
      const [left] = answers[0]!.status === 200 ? [ids[0]!] : [ids[1]!];
      const bearer = answers[0]!.status === 200 ? one : two;
      const etag = (await lone.call('GET', `/v1/admin/users/${left}`, { bearer })).headers.get('etag')!;
      const demoted = await lone.call('PATCH', `/v1/admin/users/${left}`, {
        bearer,
        body: { role: 'viewer' },
        headers: { 'If-Match': etag },
      });
      expect([demoted.status, demoted.body.code]).toEqual([409, 'last_owner']);
    } finally {
      await lone.stop();
    }
  });
});

describe('roles of the shop’s own making', () => {
  it('open what they name, and change at once for everybody who has them', async () => {
    const made = await as(owner, 'POST', '/v1/admin/roles', { name: 'Photographer', permissions: ['catalog.read'] });
    expect(made.body).toMatchObject({ id: expect.stringMatching(/^role_/), isBuiltIn: false, members: 0 });
    const path = `/v1/admin/roles/${made.body.id}`;
    const robin = await hire('photo@example.com', { customRoleId: made.body.id });
    expect((await meOf(robin.bearer)).body).toMatchObject({
      customRole: { id: made.body.id, name: 'Photographer' },
      permissions: ['catalog.read'],
    });
    const statuses = async () => [
      (await as(robin.bearer, 'GET', '/v1/admin/products')).status,
      (await as(robin.bearer, 'GET', '/v1/admin/orders')).status,
    ];
    expect(await statuses()).toEqual([200, 403]);
    expect((await patch(path, { permissions: ['orders.read'] })).body.members).toBe(1);
    expect(await statuses()).toEqual([403, 200]);
    const inUse = await as(owner, 'DELETE', path, undefined, { 'If-Match': await etagOf(path) });
    expect([inUse.status, inUse.body.code]).toEqual([409, 'role_in_use']);
    expect((await patch(`/v1/admin/users/${robin.id}`, { role: 'support' })).body.customRole).toBeNull();
    const gone = await as(owner, 'DELETE', path, undefined, { 'If-Match': await etagOf(path) });
    expect(gone.status).toBe(204);
    expect((await as(owner, 'GET', path)).status).toBe(404);
  });

  it('are refused when they make no sense', async () => {
    const create = (body: object) => as(owner, 'POST', '/v1/admin/roles', { name: 'Odd', permissions: [], ...body });
    expect((await create({ permissions: ['orders.read', 'everything'] })).body.errors[0].pointer).toBe(
      '/permissions/1',
    );
    expect((await create({})).status).toBe(201);
    expect((await create({ name: 'ODD' })).body.code).toBe('role_name_taken');
    const listed = (await as(owner, 'GET', '/v1/admin/roles')).body.data;
    expect(listed.filter((role: any) => role.isBuiltIn).map((role: any) => role.name)).toEqual([
      'owner',
      'manager',
      'support',
      'fulfillment',
      'viewer',
    ]);
  });

  it('never let anybody give or take what they may not do themselves', async () => {
    const role = await as(owner, 'POST', '/v1/admin/roles', {
      name: 'Team lead',
      permissions: ['staff.read', 'staff.write', 'orders.read', 'keys.read', 'keys.write'],
    });
    const lead = await hire('lead@example.com', { customRoleId: role.body.id });
    const boss = (await meOf(owner)).body.id;
    const tries = await Promise.all([
      as(lead.bearer, 'POST', '/v1/admin/users', {
        email: 'a@example.com',
        name: 'A',
        password: PASSWORD,
        role: 'owner',
      }),
      as(lead.bearer, 'POST', '/v1/admin/users/invitations', { email: 'b@example.com', name: 'B', role: 'support' }),
      as(lead.bearer, 'POST', `/v1/admin/users/${boss}/suspend`),
      as(lead.bearer, 'DELETE', `/v1/admin/users/${boss}/sessions`),
      patch(`/v1/admin/users/${lead.id}`, { role: 'owner' }, lead.bearer),
      patch(`/v1/admin/roles/${role.body.id}`, { permissions: ['settings.write'] }, lead.bearer),
      as(lead.bearer, 'POST', '/v1/admin/roles', { name: 'Boss', permissions: ['settings.write'] }),
      as(lead.bearer, 'POST', '/v1/admin/api-keys', { name: 'All', scopes: ['orders.refund'] }),
    ]);
    expect(tries.map((t) => [t.status, t.body.code])).toEqual(tries.map(() => [403, 'permission_not_yours']));
    expect(tries[0]!.body.missing).toContain('settings.write');
  });
});

describe('API keys', () => {
  const make = (body: object = {}, bearer = owner) =>
    as(bearer, 'POST', '/v1/admin/api-keys', { name: 'Warehouse', scopes: ['orders.read'], ...body });

  it('open what their scopes name, are shown once and kept as a hash', async () => {
    const made = await make();
    expect(made.status).toBe(201);
    const { key, id } = made.body;
    expect(key).toMatch(/^emp_sk_[0-9a-z]{26}_[\w-]{43}$/);
    expect(made.body).toMatchObject({ hint: key.slice(-4), lastUsedAt: null, scopes: ['orders.read'] });
    expect((await as(key, 'GET', '/v1/admin/orders')).status).toBe(200);
    const refused = await as(key, 'GET', '/v1/admin/products');
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    const read = await shop.until(async () => {
      const { body } = await as(owner, 'GET', `/v1/admin/api-keys/${id}`);
      return body.lastUsedAt && body;
    }, 'the use of the key to be noted');
    expect(read.key).toBeUndefined();
    const [row] = await shop.db.query(`SELECT to_jsonb(k)::text AS text FROM api_keys k WHERE id = $1`, [
      decodeId('apiKey', id),
    ]);
    expect(row!.text).not.toContain(key.slice(-43));
    for (const wrong of [`${key}x`, key.slice(0, -1), key.replace('emp_sk', 'emp_pk'), 'emp_sk_', `emp_sk_' OR 1=1`])
      expect([wrong, (await as(wrong, 'GET', '/v1/admin/orders')).status]).toEqual([wrong, 401]);
    expect((await as(key, 'GET', '/v1/me')).status).toBe(401);
  });

  it('end when they expire or are revoked', async () => {
    const soon = await make({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    expect((await as(soon.body.key, 'GET', '/v1/admin/orders')).status).toBe(200);
    await shop.db.query(`UPDATE api_keys SET expires_at = now() - interval '1 ms' WHERE id = $1`, [
      decodeId('apiKey', soon.body.id),
    ]);
    expect((await as(soon.body.key, 'GET', '/v1/admin/orders')).status).toBe(401);
    const made = await make();
    for (let turn = 0; turn < 2; turn += 1)
      expect((await as(owner, 'DELETE', `/v1/admin/api-keys/${made.body.id}`)).status).toBe(204);
    expect((await as(made.body.key, 'GET', '/v1/admin/orders')).status).toBe(401);
    const over = await as(owner, 'POST', `/v1/admin/api-keys/${made.body.id}/rotate`, {});
    expect([over.status, over.body.code]).toEqual([409, 'invalid_state']);
  });

  it('are rotated with an overlap', async () => {
    const made = await make();
    const rotate = (id: string, body: object) => as(owner, 'POST', `/v1/admin/api-keys/${id}/rotate`, body);
    const next = await rotate(made.body.id, { overlapHours: 1 });
    expect([next.status, next.body.name, next.body.scopes]).toEqual([201, 'Warehouse', ['orders.read']]);
    const works = async (key: string) => (await as(key, 'GET', '/v1/admin/orders')).status;
    expect([await works(made.body.key), await works(next.body.key)]).toEqual([200, 200]);
    const old = (await as(owner, 'GET', `/v1/admin/api-keys/${made.body.id}`)).body;
    expect(Date.parse(old.expiresAt) - Date.now()).toBeGreaterThan(3_500_000);
    const last = await rotate(next.body.id, { overlapHours: 0 });
    expect([await works(next.body.key), await works(last.body.key)]).toEqual([401, 200]);
  });

  it('can do no more than whoever made them can at the moment', async () => {
    const second = await hire('keeper@example.com', { role: 'owner' });
    const made = await make({ scopes: ['settings.read', 'orders.read'] }, second.bearer);
    const path = `/v1/admin/users/${second.id}`;
    const works = async (what: string) => (await as(made.body.key, 'GET', what)).status;
    expect([await works('/v1/admin/settings'), await works('/v1/admin/orders')]).toEqual([200, 200]);
    await patch(path, { role: 'fulfillment' });
    expect([await works('/v1/admin/settings'), await works('/v1/admin/orders')]).toEqual([403, 200]);
    await as(owner, 'POST', `${path}/suspend`);
    expect(await works('/v1/admin/orders')).toBe(401);
  });
});
