import { newUuid } from '#libs/ids';
import { linkTo } from '../support/customers.js';
import { Shop } from '../support/shop.js';

const PASSWORD = 'velvet otter lantern quartz';
const NEW_PASSWORD = 'amber tractor 17 lullabies';

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
const reset = (id: string, body: object = {}, bearer = owner) =>
  shop.call('POST', `/v1/admin/users/${id}/password-reset`, { bearer, body });
const isIn = async (bearer: string) => (await shop.call('GET', '/v1/admin/me', { bearer })).status === 200;

async function hire(role = 'support'): Promise<{ id: string; email: string; bearer: string }> {
  const email = `${newUuid()}@example.com`;
  const body = { email, name: 'Robin', role, password: PASSWORD };
  const made = await shop.call('POST', '/v1/admin/users', { bearer: owner, body });
  return { id: made.body.id, email, bearer: (await login(email)).body.accessToken };
}

describe('a colleague’s password', () => {
  it('is chosen anew with a link that is sent for them; until then the old one works', async () => {
    const robin = await hire();
    const sent = await reset(robin.id);
    expect([sent.status, sent.body]).toEqual([202, { status: 'mail_sent' }]);
    expect([await isIn(robin.bearer), (await login(robin.email)).status]).toEqual([true, 200]);
    const token = await linkTo(shop, robin.email, 'password');
    const body = { token, password: NEW_PASSWORD };
    expect((await shop.call('POST', '/v1/auth/reset-password', { body })).status).toBe(204);
    expect([await isIn(robin.bearer), (await login(robin.email)).status]).toEqual([false, 401]);
    expect((await login(robin.email, NEW_PASSWORD)).status).toBe(200);
  });

  it('is void at once when it is forced, with every session, and that is written down', async () => {
    const robin = await hire();
    expect((await reset(robin.id, { force: true })).status).toBe(202);
    expect([await isIn(robin.bearer), (await login(robin.email)).status]).toEqual([false, 401]);
    const state = await shop.call('GET', `/v1/admin/users/${robin.id}`, { bearer: owner });
    expect(state.body).toMatchObject({ isInvited: false, suspendedAt: null });
    const log = await shop.call('GET', `/v1/admin/audit-log?recordType=users&recordId=${robin.id}`, { bearer: owner });
    expect(log.body.data[0]).toMatchObject({ action: 'update', after: { password_hash: '[redacted]' } });
    const body = { token: await linkTo(shop, robin.email, 'password'), password: NEW_PASSWORD };
    expect((await shop.call('POST', '/v1/auth/reset-password', { body })).status).toBe(204);
    expect((await login(robin.email, NEW_PASSWORD)).status).toBe(200);
  });

  it('is nobody’s to reset who may do less, nor of those who cannot sign in, nor the last owner’s to lose', async () => {
    const manager = await hire('manager');
    const robin = await hire();
    expect((await reset(robin.id, {}, manager.bearer)).status).toBe(403);
    const role = await shop.call('POST', '/v1/admin/roles', {
      bearer: owner,
      body: { name: 'People', permissions: ['staff.read', 'staff.write'] },
    });
    const email = `${newUuid()}@example.com`;
    await shop.call('POST', '/v1/admin/users/invitations', {
      bearer: owner,
      body: { email, name: 'Pat', customRoleId: role.body.id },
    });
    const [pat] = (await shop.call('GET', '/v1/admin/users?limit=100', { bearer: owner })).body.data.filter(
      (one: any) => one.email === email,
    );
    expect((await reset(pat.id)).body.code).toBe('invalid_state');
    const token = await linkTo(shop, email);
    await shop.call('POST', '/v1/auth/accept-invitation', { body: { token, password: PASSWORD } });
    const bearer = (await login(email)).body.accessToken;
    expect((await reset(robin.id, { force: true }, bearer)).body.code).toBe('permission_not_yours');
    await shop.call('POST', `/v1/admin/users/${robin.id}/suspend`, { bearer: owner });
    expect((await reset(robin.id)).body.code).toBe('invalid_state');
    expect((await reset(`usr_${'0'.repeat(26)}`)).status).toBe(404);
    expect((await reset(robin.id, { force: 'yes' })).body.errors[0].pointer).toBe('/force');

    const lone = await Shop.start();
    try {
      const only = await lone.staff('owner');
      const { id } = (await lone.call('GET', '/v1/admin/me', { bearer: only })).body;
      const path = `/v1/admin/users/${id}/password-reset`;
      const forced = await lone.call('POST', path, { bearer: only, body: { force: true } });
      expect([forced.status, forced.body.code]).toEqual([409, 'last_owner']);
      expect((await lone.call('POST', path, { bearer: only, body: {} })).status).toBe(202);
    } finally {
      await lone.stop();
    }
  });
});
