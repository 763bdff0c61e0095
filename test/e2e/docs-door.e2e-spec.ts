import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { encodeId } from '#libs/ids';
import { PasswordHasher } from '../../src/modules/auth/index.js';
import { Shop } from '../support/shop.js';
import { appCode, enableTwoFactor } from '../support/two-factor.js';

const STAFF = { email: 'sam@example.com', password: 'velvet-otter-lantern-92' };
const COOKIES = ['/docs', '/openapi.json', '/openapi-admin.json'];

const signingKey = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64');
};

/** A member of staff who can type a password. */
async function employ(shop: Shop, email = STAFF.email): Promise<string> {
  const hash = await shop.app.get(PasswordHasher, { strict: false }).hash(STAFF.password);
  const [row] = await shop.db.query<{ id: string }>(
    `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), $1, 'Sam', $2, 'viewer') RETURNING id`,
    [email, hash],
  );
  return row!.id;
}

function send(shop: Shop, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return fetch(`${shop.url}${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  });
}

/** Signs in by the form and gives the cookie as a browser sends it. */
async function signIn(shop: Shop, email = STAFF.email): Promise<string> {
  const answer = await send(shop, '/docs/sign-in', { email, password: STAFF.password, next: '/docs/admin' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/docs/admin']);
  const cookies = answer.headers.getSetCookie();
  expect(cookies.map((cookie) => /Path=([^;]+)/.exec(cookie)![1])).toEqual(COOKIES);
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict(; Secure)?$/);
    expect(cookie).toContain('Max-Age=43200');
  }
  return cookies[0]!.split(';')[0]!;
}

const statusOf = async (shop: Shop, path: string, headers: Record<string, string> = {}) =>
  (await shop.call('GET', path, { headers })).status;

describe('documents of the API in production', () => {
  let shop: Shop;
  let samId: string;
  beforeAll(async () => {
    shop = await Shop.start({
      env: {
        NODE_ENV: 'production',
        PUBLIC_URL: 'https://api.example.com',
        SMTP_URL: 'smtp://127.0.0.1:9',
        SIGNING_KEY: signingKey(),
        ENCRYPTION_KEY: randomBytes(32).toString('base64'),
        RATE_LIMIT_LOGINS_PER_MIN: '1000',
      },
      stripe: false,
    });
    samId = await employ(shop);
  });
  afterAll(() => shop?.stop());

  it('those for staff answer 401 to everybody else: the page with a form, the document with a problem', async () => {
    const page = await shop.call('GET', '/docs/admin');
    expect(page.status).toBe(401);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toContain(`default-src 'none'`);
    expect(page.headers.get('content-security-policy')).toContain(`form-action 'self'`);
    expect(page.body).not.toMatch(/<script/i);
    const document = await shop.call('GET', '/openapi-admin.json');
    expect([document.status, document.body.code]).toEqual([401, 'unauthenticated']);
    for (const headers of [
      { Cookie: '__Secure-emporium_docs=x' },
      { Cookie: '__Secure-emporium_docs=' },
      { Authorization: 'Bearer a.b.c' },
      { Authorization: `Bearer emp_sk_${'0'.repeat(26)}_${'x'.repeat(43)}` },
      { Authorization: 'Basic eDp5' },
    ] as Record<string, string>[])
      for (const path of ['/docs/admin', '/openapi-admin.json'])
        expect([path, headers, await statusOf(shop, path, headers)]).toEqual([path, headers, 401]);
    expect(await statusOf(shop, '/docs')).toBe(200);
    expect(await statusOf(shop, '/openapi.json')).toBe(200);
  });

  it('ask for the code, too, where the account has a second factor', async () => {
    const email = 'coded@example.com';
    await employ(shop, email);
    const { body: session } = await shop.call('POST', '/v1/auth/login', {
      body: { email, password: STAFF.password },
    });
    const { secret } = await enableTwoFactor(shop, '/v1/admin/me/two-factor', session.accessToken, STAFF.password);
    const fields = { email, password: STAFF.password, next: '/docs/admin' };
    const form = async (code: string) => {
      const answer = await send(shop, '/docs/sign-in', { ...fields, code });
      return { status: answer.status, cookies: answer.headers.getSetCookie(), text: await answer.text() };
    };
    const without = await form('');
    expect([without.status, without.cookies]).toEqual([401, []]);
    expect(without.text).toContain('Enter the code, too.');
    const wrong = await form('000000');
    expect([wrong.status, wrong.cookies]).toEqual([422, []]);
    expect(wrong.text).toContain('This code is wrong');
    const right = await form(` ${appCode(secret)}`);
    expect(right.status).toBe(303);
    expect(await statusOf(shop, '/docs/admin', { Cookie: right.cookies[0]!.split(';')[0]! })).toBe(200);
  });

  it('take no address that Postgres takes for another one: each spelling would have tries of its own', async () => {
    await employ(shop, 'kim@example.com');
    for (const email of ['k\u0130m@example.com', '\u212Aim@example.com']) {
      const fields = { email, password: STAFF.password, next: '/docs/admin' };
      const answer = await send(shop, '/docs/sign-in', fields);
      expect([email, answer.status, answer.headers.getSetCookie()]).toEqual([email, 400, []]);
      expect(await answer.text()).toContain('easily taken for others');
    }
    await signIn(shop, 'KIM@example.com');
  });

  it('staff who sign in see them, until they sign out, are suspended or their sessions end', async () => {
    const cookie = await signIn(shop);
    expect(cookie).toMatch(/^__Secure-emporium_docs=/);
    const Cookie = `other=1; ${cookie}`;
    for (const path of ['/docs/admin', '/openapi-admin.json']) {
      const answer = await shop.call('GET', path, { headers: { Cookie } });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    }
    // The page gets a short token for its calls; the pass itself opens no route.
    const session = await shop.call('POST', '/docs/session', { headers: { Cookie } });
    expect(session.status).toBe(200);
    expect((await shop.call('GET', '/v1/admin/me', { bearer: session.body.accessToken })).body.email).toBe(STAFF.email);
    const pass = cookie.slice(cookie.indexOf('=') + 1);
    expect((await shop.call('GET', '/v1/admin/me', { bearer: pass })).status).toBe(401);
    expect(await statusOf(shop, '/openapi-admin.json', { Authorization: `Bearer ${pass}` })).toBe(401);
    // Nor does an access token do in the place of the pass; as a credential of its own it does.
    expect(await statusOf(shop, '/docs/admin', { Cookie: `__Secure-emporium_docs=${session.body.accessToken}` })).toBe(
      401,
    );
    expect(await statusOf(shop, '/openapi-admin.json', { Authorization: `Bearer ${session.body.accessToken}` })).toBe(
      200,
    );

    const other = await signIn(shop);
    const out = await send(shop, '/docs/sign-out', {}, { Cookie });
    expect([out.status, out.headers.getSetCookie().every((line) => line.includes('Max-Age=0'))]).toEqual([303, true]);
    expect(await statusOf(shop, '/docs/admin', { Cookie })).toBe(401);
    expect((await shop.call('GET', '/v1/admin/me', { bearer: session.body.accessToken })).status).toBe(401);
    expect(await statusOf(shop, '/docs/admin', { Cookie: other })).toBe(200);
    const owner = await shop.staff();
    const path = `/v1/admin/users/${encodeId('user', samId)}`;
    const { headers } = await shop.call('GET', path, { bearer: owner });
    const suspended = await shop.call('POST', `${path}/suspend`, {
      bearer: owner,
      headers: { 'If-Match': headers.get('etag')! },
    });
    expect(suspended.status).toBe(200);
    for (const at of ['/docs/admin', '/openapi-admin.json'])
      expect([at, await statusOf(shop, at, { Cookie: other })]).toEqual([at, 401]);
    expect((await shop.call('POST', '/docs/session', { headers: { Cookie: other } })).status).toBe(401);
    const again = await send(shop, '/docs/sign-in', { ...STAFF, next: '/docs/admin' });
    expect([again.status, again.headers.getSetCookie()]).toEqual([401, []]);
    await shop.db.query('UPDATE users SET suspended_at = NULL WHERE id = $1', [samId]);
  });

  it('lets programs read the document with a key', async () => {
    const made = await shop.call('POST', '/v1/admin/api-keys', {
      bearer: await shop.staff(),
      body: { name: 'Generator', scopes: ['jobs.read'] },
    });
    expect(await statusOf(shop, '/openapi-admin.json', { Authorization: `Bearer ${made.body.key}` })).toBe(200);
  });

  it('the form tells what was wrong, to nobody more than that, and takes nothing from other sites', async () => {
    const wrong = await send(shop, '/docs/sign-in', { email: STAFF.email, password: 'wrong wrong', next: '/evil' });
    const page = await wrong.text();
    expect(wrong.status).toBe(401);
    expect(page).toContain('role="alert"');
    expect(page).toContain(`value="${STAFF.email}"`);
    expect(page).not.toContain('wrong wrong');
    expect(page).not.toContain('/evil');
    const markup = await send(shop, '/docs/sign-in', { email: '"><script>alert(1)</script>', password: 'x' });
    expect(await markup.text()).not.toContain('<script>');
    for (const fields of [{}, { email: STAFF.email }, { email: 'x'.repeat(2_000), password: 'x' }] as Record<
      string,
      string
    >[])
      expect((await send(shop, '/docs/sign-in', fields)).status).toBe(401);
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
    ] as Record<string, string>[])
      for (const path of ['/docs/sign-in', '/docs/sign-out', '/docs/session'])
        expect([
          path,
          headers,
          (await send(shop, path, path === '/docs/session' ? {} : STAFF, headers)).status,
        ]).toEqual([path, headers, path === '/docs/session' ? 415 : 403]);
    // Forms are for these routes only.
    expect((await send(shop, '/v1/auth/login', STAFF)).status).toBe(415);
  });

  it('tells browsers to be strict, lets no page of strangers in, and says nothing of what it is made of', async () => {
    for (const [path, status] of [
      ['/v1/products', 200],
      ['/docs/admin', 401],
      ['/nowhere', 404],
    ] as const) {
      const { headers, status: answered } = await shop.call('GET', path);
      expect([path, answered]).toEqual([path, status]);
      expect(headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`);
      expect(headers.get('referrer-policy')).toMatch(/^(no-referrer|same-origin)$/);
      expect([headers.get('x-powered-by'), headers.get('server')]).toEqual([null, null]);
    }
    for (const Origin of ['null', 'https://evil.shop.example', 'https://api.example.com.evil.example', '*']) {
      const { headers } = await shop.call('GET', '/v1/products', { headers: { Origin } });
      expect([Origin, headers.get('access-control-allow-origin')]).toEqual([Origin, null]);
    }
  });

  it('never shows queues, mailboxes or metrics to the outside', async () => {
    for (const path of ['/dev', '/dev/mailbox', '/dev/mailbox.json', '/dev/jobs', '/queues', '/admin/queues'])
      expect([path, await statusOf(shop, path)]).toEqual([path, 404]);
    for (const headers of [
      { 'X-Forwarded-For': '203.0.113.9' },
      { Forwarded: 'for=203.0.113.9' },
      { Via: '1.1 lb' },
    ] as Record<string, string>[])
      expect(await statusOf(shop, '/metrics', headers)).toBe(404);
  });

  const chromiumPath = process.env.EMPORIUM_TEST_CHROMIUM ?? '/usr/bin/chromium';
  const inBrowser = chromiumPath !== '0' && existsSync(chromiumPath) ? it : it.skip;
  inBrowser('in a browser: a form without scripts, one sign-in for the page and its calls, and a way out', async () => {
    const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    try {
      const context = await browser.newContext({ viewport: { width: 380, height: 800 } });
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on('pageerror', (error) => troubles.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
          troubles.push(message.text());
      });
      const at = shop.url.replace('127.0.0.1', 'localhost');
      await page.goto(`${at}/docs/admin`);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await page.getByLabel('E-mail address').fill(STAFF.email);
      await page.getByLabel('Password').fill('not the password');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      expect(await page.getByLabel('E-mail address').inputValue()).toBe(STAFF.email);
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/sign-in.png` });
      await page.getByLabel('Password').fill(STAFF.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.locator('#note', { hasText: 'Signed in' }).waitFor();
      await page.click('#operations-tag-Staff');
      await page.click('#operations-Staff-getMe .opblock-summary-control');
      const answer = page.waitForResponse((response) => response.url().endsWith('/v1/admin/me'));
      await page.click('#operations-Staff-getMe .execute');
      expect((await answer).status()).toBe(200);
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/docs.png` });
      expect(await page.evaluate('document.cookie')).toBe('');
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await page.waitForURL(`${at}/`);
      expect((await page.goto(`${at}/docs/admin`))!.status()).toBe(401);
      expect(troubles).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe('PUBLIC_DOCS=0', () => {
  it('asks for a sign-in before the documents for storefronts too', async () => {
    const shop = await Shop.start({ env: { PUBLIC_DOCS: '0' }, stripe: false });
    try {
      await employ(shop);
      for (const path of ['/docs', '/openapi.json', '/docs/admin', '/openapi-admin.json'])
        expect([path, await statusOf(shop, path)]).toEqual([path, 401]);
      const Cookie = await signIn(shop);
      for (const path of ['/docs', '/openapi.json', '/docs/admin', '/openapi-admin.json'])
        expect([path, await statusOf(shop, path, { Cookie })]).toEqual([path, 200]);
      // What anybody needs is still there.
      for (const path of ['/', '/errors', '/v1/products'])
        expect([path, await statusOf(shop, path)]).toEqual([path, 200]);
    } finally {
      await shop.stop();
    }
  });
});
