import * as oauth from 'openid-client';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { AccessTokens } from '../../src/modules/auth/access-token.js';
import { Shop } from '../support/shop.js';

let shop: Shop;
let ownerId: string;
let owner: string;
beforeAll(async () => {
  shop = await Shop.start({ stripe: false });
  ownerId = newUuid();
  await shop.db.query(
    `INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, 'olga@example.com', 'Olga', '!', 'owner')`,
    [ownerId],
  );
  owner = await shop.app.get(AccessTokens, { strict: false }).issue(ownerId, newUuid(), 1);
});
afterAll(() => shop?.stop());

interface Key {
  id: string;
  key: string;
}
const makeKey = async (scopes: string[]): Promise<Key> =>
  (await shop.call('POST', '/v1/admin/api-keys', { bearer: owner, body: { name: 'Robot', scopes } })).body;

async function ask(form: Record<string, string> | string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${shop.url}/v1/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, any> };
}
const basic = ({ id, key }: Key) => ({ Authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}` });
const GRANT = { grant_type: 'client_credentials' };

describe('client credentials', () => {
  it.each([
    ['client_secret_basic', oauth.ClientSecretBasic],
    ['client_secret_post', oauth.ClientSecretPost],
  ])('a client of the standard gets a token: %s', async (_name, method) => {
    const key = await makeKey(['orders.read', 'catalog.read']);
    const configuration = new oauth.Configuration(
      { issuer: shop.url, token_endpoint: `${shop.url}/v1/oauth/token` },
      key.id,
      undefined,
      method(key.key),
    );
    oauth.allowInsecureRequests(configuration);
    const tokens = await oauth.clientCredentialsGrant(configuration, { scope: 'catalog.read' });
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'catalog.read' });
    const bearer = tokens.access_token;
    expect((await shop.call('GET', '/v1/admin/products', { bearer })).status).toBe(200);
    expect((await shop.call('GET', '/v1/admin/orders', { bearer })).body.code).toBe('forbidden');
    expect((await shop.call('GET', '/v1/me', { bearer })).status).toBe(403);
    const claims = JSON.parse(Buffer.from(bearer.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({
      sub: key.id,
      client_id: key.id,
      aud: 'emporium-integrations',
      scope: 'catalog.read',
    });
    expect(claims.exp - claims.iat).toBe(600);
  });

  it('gives what the key and its owner may do at that moment, and all of it when no scope is asked for', async () => {
    const key = await makeKey(['orders.read', 'catalog.write', 'catalog.read']);
    const all = await ask(GRANT, basic(key));
    expect([all.status, all.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(all.body.scope.split(' ').sort()).toEqual(['catalog.read', 'catalog.write', 'orders.read']);
    await shop.db.query(`UPDATE users SET role = 'viewer' WHERE id = $1`, [ownerId]);
    const bearer = all.body.access_token as string;
    const product = { title: 'Hat', handle: 'hat' };
    expect((await shop.call('GET', '/v1/admin/products', { bearer })).status).toBe(200);
    expect((await shop.call('POST', '/v1/admin/products', { bearer, body: product })).status).toBe(403);
    expect((await ask({ ...GRANT, scope: 'catalog.write' }, basic(key))).body.error).toBe('invalid_scope');
    await shop.db.query(`UPDATE users SET role = 'owner' WHERE id = $1`, [ownerId]);
  });

  it('a token is over at once with its key, and with the account behind it', async () => {
    const key = await makeKey(['catalog.read']);
    const { body } = await ask(GRANT, basic(key));
    const read = async () => (await shop.call('GET', '/v1/admin/products', { bearer: body.access_token })).status;
    expect(await read()).toBe(200);
    await shop.db.query(`UPDATE users SET suspended_at = now() WHERE id = $1`, [ownerId]);
    expect(await read()).toBe(401);
    await shop.db.query(`UPDATE users SET suspended_at = NULL WHERE id = $1`, [ownerId]);
    expect(await read()).toBe(200);
    await shop.db.query(`UPDATE api_keys SET revoked_at = now() WHERE id = $1`, [decodeId('apiKey', key.id)]);
    expect(await read()).toBe(401);
    expect((await ask(GRANT, basic(key))).body.error).toBe('invalid_client');
  });

  it('what it changes is written down as done by the key', async () => {
    const key = await makeKey(['settings.write', 'settings.read']);
    const { body } = await ask(GRANT, basic(key));
    const bearer = body.access_token as string;
    const { headers } = await shop.call('GET', '/v1/admin/settings', { bearer });
    const changed = await shop.call('PATCH', '/v1/admin/settings', {
      bearer,
      body: { name: 'Robots and Sons' },
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect(changed.status).toBe(200);
    const [entry] = await shop.db.query(`SELECT actor, on_behalf_of FROM audit_log ORDER BY id DESC LIMIT 1`);
    expect(entry).toEqual({ actor: `key:${key.id}`, on_behalf_of: `staff:${encodeId('user', ownerId)}` });
  });

  it('errors are those of RFC 6749, and say nothing of which part was wrong', async () => {
    const key = await makeKey(['catalog.read']);
    const other = await makeKey(['catalog.read']);
    const form = { ...GRANT, client_id: key.id, client_secret: key.key };
    const cases: [string, number, Record<string, string> | string, Record<string, string>?][] = [
      ['invalid_request', 400, { client_id: key.id, client_secret: key.key }],
      ['unsupported_grant_type', 400, { ...form, grant_type: 'password' }],
      ['unsupported_grant_type', 400, { ...form, grant_type: 'authorization_code' }],
      ['invalid_request', 400, `grant_type=client_credentials&grant_type=client_credentials&client_id=${key.id}`],
      ['invalid_request', 400, form, basic(key)],
      ['invalid_scope', 400, { ...form, scope: 'catalog.write' }],
      ['invalid_scope', 400, { ...form, scope: 'nonsense' }],
      ['invalid_scope', 400, { ...form, scope: ' ' }],
      ['invalid_client', 401, GRANT],
      ['invalid_client', 401, { ...form, client_secret: other.key }],
      ['invalid_client', 401, { ...form, client_id: other.id }],
      ['invalid_client', 401, { ...form, client_secret: 'x\0' }],
      ['invalid_client', 401, { ...form, client_id: 'nobody' }],
      ['invalid_client', 401, GRANT, { Authorization: 'Basic !!!' }],
      ['invalid_client', 401, GRANT, { Authorization: `Bearer ${key.key}` }],
      ['invalid_client', 401, { ...GRANT, client_id: other.id }, basic(key)],
      ['invalid_client', 401, GRANT, { Authorization: `Basic ${Buffer.from('%:%').toString('base64')}` }],
    ];
    const words = new Set<string>();
    for (const [error, status, fields, headers] of cases) {
      const answer = await ask(fields, headers);
      expect([fields, answer.status, answer.body.error]).toEqual([fields, status, error]);
      expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Basic realm="emporium"' : null);
      if (status === 401 && !headers && fields !== GRANT) words.add(answer.body.error_description);
    }
    // Of a script in a page, whose reader the browser would ask for a password.
    const script = await ask(GRANT, { Authorization: 'Basic !!!', Origin: shop.url });
    expect([script.status, script.headers.get('www-authenticate')]).toEqual([401, 'Form realm="emporium"']);
    expect(words.size).toBe(1);
    const json = await shop.call('POST', '/v1/oauth/token', { body: form });
    expect([json.status, json.body.error]).toEqual([400, 'invalid_request']);
    expect((await shop.call('POST', '/v1/oauth/token')).body.error).toBe('invalid_request');
  });
});
