import { createPublicKey, verify } from 'node:crypto';
import { PASSWORD, type SignedIn, signUp } from '../support/customers.js';
import { race } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

const PAGE = 'https://shop.example.com';

let shop: Shop;
let ada: SignedIn;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000', CORS_ORIGINS: PAGE } });
  ada = await signUp(shop, 'ada@example.com');
});
afterAll(async () => {
  await shop?.stop();
});

describe('a session in a cookie', () => {
  const login = () =>
    shop.call('POST', '/v1/auth/login', {
      body: { email: ada.email, password: PASSWORD, session: 'cookie' },
      headers: { Origin: PAGE },
    });
  const cookieOf = (answer: { headers: Headers }) => answer.headers.get('set-cookie')!.split(';')[0]!;
  const refresh = (cookie: string, headers: Record<string, string> = { Origin: PAGE }) =>
    shop.call('POST', '/v1/auth/refresh', { body: {}, headers: { Cookie: cookie, ...headers } });

  it('is out of reach of scripts and of other sites', async () => {
    const answer = await login();
    expect([answer.status, answer.body.refreshToken]).toEqual([200, undefined]);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^emporium_session=[\w-]{43}; Path=\/v1\/auth; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
  });

  it('is renewed with another cookie, and ends with a sign-out that takes it away', async () => {
    const first = cookieOf(await login());
    const renewed = await refresh(first);
    expect([renewed.status, renewed.body.refreshToken]).toEqual([200, undefined]);
    const second = cookieOf(renewed);
    expect(second).not.toBe(first);
    expect((await shop.call('GET', '/v1/me', { bearer: renewed.body.accessToken })).status).toBe(200);
    const logout = await shop.call('POST', '/v1/auth/logout', { body: {}, headers: { Cookie: second, Origin: PAGE } });
    expect([logout.status, logout.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await refresh(second)).status).toBe(401);
    expect((await shop.call('GET', '/v1/me', { bearer: renewed.body.accessToken })).status).toBe(401);
  });

  it('does nothing for a page of somebody else, and is not used up by it', async () => {
    const cookie = cookieOf(await login());
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: `${PAGE}.evil.example` },
      { 'Sec-Fetch-Site': 'cross-site' },
    ] as Record<string, string>[]) {
      const answer = await refresh(cookie, headers);
      expect([headers, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([headers, 403, null]);
      const logout = await shop.call('POST', '/v1/auth/logout', { body: {}, headers: { Cookie: cookie, ...headers } });
      expect(logout.status).toBe(403);
    }
    // A form can be sent from anywhere, but not as JSON.
    const form = await fetch(`${shop.url}/v1/auth/refresh`, {
      method: 'POST',
      headers: { Cookie: cookie, 'Content-Type': 'text/plain' },
      body: '{}',
    });
    expect(form.status).toBe(415);
    expect((await refresh(cookie)).status).toBe(200);
    expect((await refresh('')).status).toBe(401);
  });
});

describe('a refresh token that two have', () => {
  race('leaves no session that lives on in part, whoever comes first', async () => {
    const { body } = await shop.call('POST', '/v1/auth/login', { body: { email: ada.email, password: PASSWORD } });
    const refresh = (refreshToken: string) => shop.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
    const crowd = await Promise.all(Array.from({ length: 8 }, () => refresh(body.refreshToken)));
    const [next, ...others] = crowd.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    // The thief and the owner go on at the same moment, each with what they have.
    await Promise.all([refresh(next!.body.refreshToken), refresh(body.refreshToken), refresh(next!.body.refreshToken)]);
    await refresh(body.refreshToken);
    expect((await shop.call('GET', '/v1/me', { bearer: next!.body.accessToken })).status).toBe(401);
    await shop.balance();
  });
});

describe('signing keys', () => {
  it('are published, so that others can check our tokens', async () => {
    const { status, body, headers } = await shop.call('GET', '/.well-known/jwks.json');
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    expect(body.keys).toEqual([
      {
        kid: expect.any(String),
        kty: 'EC',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
        alg: 'ES256',
        use: 'sig',
      },
    ]);
    const [header, claims, signature] = ada.bearer.split('.') as [string, string, string];
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const key = createPublicKey({ key: body.keys.find((one: any) => one.kid === kid), format: 'jwk' });
    const isGood = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    expect(isGood).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      aud: 'emporium-storefront',
      sub: ada.id,
    });
  });
});
