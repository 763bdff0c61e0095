import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { errorCatalog } from '#libs/errors';
import { seedDemoShop, WELL_KNOWN } from '../../src/db/seed/index.js';
import { createDocuments } from '../../src/docs/index.js';
import { StaffService } from '../../src/modules/auth/index.js';
import { Shop } from '../support/shop.js';
import { enableTwoFactor } from '../support/two-factor.js';

const ADMIN = { email: 'admin@emporium.example', password: 'velvet-otter-lantern-92' };
const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ env: { ADMIN_PASSWORD: ADMIN.password } });
  await shop.db.query('DELETE FROM shipping_zones');
  await seedDemoShop(shop.app, shop.config);
  await shop.app.get(StaffService, { strict: false }).ensureFirstOwner();
});
afterAll(async () => {
  await shop?.stop();
});

const operationsOf = (document: any): { path: string; method: string; operation: any }[] =>
  Object.entries<any>(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })),
  );

/** The scheme of one way to be let in. */
const nameIn = (requirement: object) => Object.keys(requirement)[0]!;

describe('OpenAPI', () => {
  it.each(['storefront', 'staff'] as const)('%s: a sound 3.1 document', async (kind) => {
    const { body: document, headers } = await shop.call(
      'GET',
      kind === 'staff' ? '/openapi-admin.json' : '/openapi.json',
    );
    expect(headers.get('content-type')).toContain('application/json');
    expect(document.openapi).toBe('3.1.0');
    expect(JSON.stringify(document)).not.toContain('"nullable"');

    const operations = operationsOf(document);
    const ids = operations.map(({ operation }) => operation.operationId as string);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);

    const described = new Map(document.tags.map((tag: any) => [tag.name, tag.description]));
    for (const { operation, path, method } of operations) {
      const where = `${method} ${path}`;
      expect([where, operation.tags]).toEqual([where, [expect.any(String)]]);
      expect([where, described.get(operation.tags[0])]).toEqual([where, expect.stringMatching(/\w/)]);
      expect([where, operation.summary]).toEqual([where, expect.stringMatching(/\w/)]);
      const statuses = Object.keys(operation.responses);
      expect([where, statuses.filter((status) => status.startsWith('2')).length <= 1]).toEqual([where, true]);
      expect([where, statuses.some((status) => /^[23]/.test(status))]).toEqual([where, true]);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
      const declared = (operation.parameters ?? []).filter((p: any) => p.in === 'path').map((p: any) => p.name);
      expect([where, declared.sort()]).toEqual([where, inPath.sort()]);
      for (const { name, example, schema } of (operation.parameters ?? []).filter((p: any) => p.in === 'path'))
        expect([where, name, example ?? schema.example ?? schema.enum]).not.toEqual([where, name, undefined]);
      for (const requirement of operation.security ?? []) {
        for (const name of Object.keys(requirement)) expect(document.components.securitySchemes).toHaveProperty(name);
      }
      if (path.startsWith('/v1/admin/'))
        // Alternatives: their order says nothing.
        expect([where, operation.security.sort((a: object, b: object) => (nameIn(a) < nameIn(b) ? -1 : 1))]).toEqual([
          where,
          [
            { apiKey: [] },
            { bearer: [] },
            { oauth: path.startsWith('/v1/admin/me') ? [] : [expect.stringMatching(/^[\w-]+\.\w+$/)] },
          ],
        ]);
    }

    const dangling = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)]
      .map((match) => match[1]!)
      .filter((pointer) => pointer.split('/').reduce((node: any, key) => node?.[key], document) === undefined);
    expect(dangling).toEqual([]);
    const used = JSON.stringify([document.paths, document.components]);
    for (const kind of ['schemas', 'responses'])
      for (const name of Object.keys(document.components[kind]))
        expect(used).toContain(`"#/components/${kind}/${name}"`);
    // Over a thousand operations could be described before a browser has much to read.
    expect(used.length / operations.length).toBeLessThan(3_000);
  });

  it('splits by whom it is for; both can sign in', () => {
    const { storefront, staff } = createDocuments(shop.app);
    const shared = ['/v1/auth/login', '/v1/auth/logout', '/v1/auth/refresh', '/v1/auth/two-factor', '/v1/oauth/token'];
    const staffPaths = Object.keys(staff.paths);
    expect(staffPaths.filter((path) => !path.startsWith('/v1/admin/')).sort()).toEqual(shared);
    expect(Object.keys(storefront.paths).filter((path) => path.startsWith('/v1/admin'))).toEqual([]);
    expect(Object.keys(storefront.paths)).toEqual(expect.arrayContaining([...shared, '/v1/products', '/health/ready']));
    expect(staffPaths).toContain('/v1/admin/jobs');
  });

  it('names the guest token as a credential, and each error once, with its body', () => {
    const { storefront } = createDocuments(shop.app) as { storefront: any };
    const getCart = storefront.paths['/v1/carts/{id}'].get;
    expect(getCart.security).toEqual([{ cartToken: [] }, { bearer: [] }]);
    expect(getCart.parameters.map((p: any) => p.name)).toEqual(['id']);
    const known = new Set(errorCatalog().map((error) => error.code));
    const names = Object.keys(storefront.components.responses);
    for (const { operation } of operationsOf(storefront)) {
      for (const [status, answer] of Object.entries<any>(operation.responses)) {
        // One route speaks as OAuth clients do.
        if (status.startsWith('4') && !answer.content?.['application/json'])
          expect(names).toContain(answer.$ref?.split('/').pop());
        const response = answer.$ref ? storefront.components.responses[answer.$ref.split('/').pop()] : answer;
        const examples = response.content?.['application/problem+json']?.examples;
        for (const [code, { value }] of Object.entries<any>(examples ?? {})) {
          expect(known.has(code)).toBe(true);
          expect([value.code, String(value.status)]).toEqual([code, status]);
          expect(response.description.split(`\`${code}\`:`)).toHaveLength(2);
        }
      }
    }
  });

  it('gives bodies as examples that are accepted as they stand', async () => {
    const { storefront, staff } = createDocuments(shop.app) as { storefront: any; staff: any };
    const example = (document: any, path: string, method: string) =>
      document.paths[path][method].requestBody.content['application/json'].example;
    const created = await shop.call('POST', '/v1/carts', { body: example(storefront, '/v1/carts', 'post') });
    expect(created.status).toBe(201);
    const bearer = await shop.staff();
    for (let turn = 0; turn < 2; turn += 1) {
      const adjusted = await shop.call('POST', '/v1/admin/stock-adjustments', {
        bearer,
        key: randomBytes(8).toString('hex'),
        body: example(staff, '/v1/admin/stock-adjustments', 'post'),
      });
      expect([adjusted.status, adjusted.body.variantId]).toEqual([201, WELL_KNOWN.variantId]);
    }
    const methods = '/v1/admin/shipping-zones/{id}/methods';
    const method = await shop.call('POST', methods.replace('{id}', WELL_KNOWN.shippingZoneId), {
      bearer,
      body: example(staff, methods, 'post'),
    });
    expect(method.status).toBe(201);
  });

  it('gives each text of a form that has to look a certain way an example, since the page makes one up otherwise', () => {
    const { staff } = createDocuments(shop.app) as { staff: any };
    const forms = Object.values<any>(staff.paths).flatMap((path) =>
      Object.values<any>(path).flatMap((operation) => operation.requestBody?.content['multipart/form-data'] ?? []),
    );
    expect(forms.length).toBeGreaterThan(0);
    const patterned = forms.flatMap(({ schema }) => Object.values<any>(schema.properties)).filter((p) => p.pattern);
    expect(patterned.length).toBeGreaterThan(0);
    for (const { pattern, example } of patterned) expect(example).toMatch(new RegExp(pattern));
    // What the page sends of itself must not be another currency than the shop's.
    expect(staff.paths['/v1/admin/imports'].post.requestBody.content['multipart/form-data'].schema).toMatchObject({
      properties: { currency: { example: '' } },
    });
  });
});

describe('pages', () => {
  // What is compared above is computed in the process of the shop, which refuses reads while it does not get to them.
  beforeAll(async () => {
    await sleep(600);
    const { EventLoopDelay } = await import('../../src/modules/operations/event-loop-delay.js');
    const eventLoop = shop.app.get(EventLoopDelay, { strict: false });
    await shop.until(async () => !eventLoop.isTooBusy, 'the shop gets to its requests again');
  });

  it('shows a way around at /, and explains every error', async () => {
    const index = await shop.call('GET', '/');
    for (const path of [
      '/docs',
      '/docs/admin',
      '/health/ready',
      '/dev/mailbox',
      '/dev/jobs',
      '/errors',
      '/v1/products',
    ]) {
      expect(index.body).toContain(`href="${path}"`);
      expect([path, (await shop.call('GET', path)).status]).toEqual([path, 200]);
    }
    const list = await shop.call('GET', '/errors', { headers: { Accept: 'application/json' } });
    expect(list.body.data.length).toBe(errorCatalog().length);
    for (const { code } of list.body.data) {
      const page = await shop.call('GET', `/errors/${code}`);
      expect([code, page.status, page.body.includes(`<code>${code}</code>`)]).toEqual([code, 200, true]);
    }
    const one = await shop.call('GET', '/errors/version_mismatch', { headers: { Accept: 'application/json' } });
    expect(one.body).toMatchObject({ code: 'version_mismatch', status: 412 });
    expect((await shop.call('GET', '/errors/no_such_code')).body).toMatchObject({ code: 'not_found' });
  });

  it('serves the files of the pages and no others', async () => {
    for (const file of ['page.js', 'page.css', 'swagger-ui-bundle.js', 'swagger-ui.css']) {
      const asset = await shop.call('GET', `/docs/assets/${file}`);
      expect([file, asset.status]).toEqual([file, 200]);
      expect(asset.headers.get('content-type')).toMatch(file.endsWith('.js') ? /javascript/ : /css/);
    }
    for (const file of ['package.json', '..%2findex.ts', '%2e%2e%2fsetup-docs.ts', 'swagger-ui.js', '']) {
      expect([file, (await shop.call('GET', `/docs/assets/${file}`)).status]).toEqual([file, 404]);
    }
    const page = await shop.call('GET', '/docs');
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'self';`);
  });

  it('has nothing below /dev in production', async () => {
    const production = await Shop.start({
      env: {
        NODE_ENV: 'production',
        PUBLIC_URL: 'https://api.example.com',
        SMTP_URL: 'smtp://127.0.0.1:9',
        SIGNING_KEY: signingKey(),
        ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      },
      stripe: false,
    });
    try {
      for (const path of ['/dev/mailbox', '/dev/mailbox.json', '/dev/mailbox/1', '/dev/jobs']) {
        expect([path, (await production.call('GET', path)).status]).toEqual([path, 404]);
      }
      expect((await production.call('GET', '/')).body).not.toContain('/dev/');
    } finally {
      await production.stop();
    }
  });
});

const chromiumPath = process.env.EMPORIUM_TEST_CHROMIUM ?? '/usr/bin/chromium';
const withBrowser = chromiumPath !== '0' && existsSync(chromiumPath) ? describe : describe.skip;

withBrowser('Swagger UI in a browser', () => {
  let browser: Browser;
  let page: Page;
  let operations: ReturnType<typeof operationsOf>;
  const troubles: string[] = [];

  beforeAll(async () => {
    const { storefront, staff } = createDocuments(shop.app);
    operations = [...operationsOf(storefront), ...operationsOf(staff)];
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function open(path: string, width = 1200): Promise<void> {
    page = await (await browser.newContext({ viewport: { width, height: 900 } })).newPage();
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        troubles.push(message.text());
    });
    await page.goto(`${shop.url}${path}`);
    await page.waitForSelector('.opblock');
  }

  /** Opens an operation, presses Execute as it stands, and gives what went over the wire. */
  async function execute(tag: string, id: string, body?: unknown) {
    const selector = `#operations-${tag}-${id}`;
    if ((await page.$(selector)) === null) await page.click(`[id="operations-tag-${tag}"]`);
    if ((await page.$(`${selector}.is-open`)) === null) await page.click(`${selector} .opblock-summary-control`);
    await page.waitForSelector(`${selector} .execute`);
    if (body !== undefined) await page.fill(`${selector} textarea`, JSON.stringify(body));
    const { path, method } = operations.find((o) => o.operation.operationId === id)!;
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
    const answer = page.waitForResponse(
      (r) => r.request().method() === method.toUpperCase() && pattern.test(new URL(r.url()).pathname),
    );
    await page.click(`${selector} .execute`);
    const response = await answer;
    await page.waitForTimeout(100);
    return {
      status: response.status(),
      path: new URL(response.url()).pathname,
      headers: await response.request().allHeaders(),
    };
  }

  it('staff sign in once; keys, ETags and ids are filled in, twice over', async () => {
    await open('/docs/admin');
    expect((await execute('Settings', 'getSettings')).status).toBe(401);
    expect((await execute('Authentication', 'login', ADMIN)).status).toBe(200);
    expect(await page.textContent('#note')).toContain('Signed in');

    expect((await execute('Settings', 'getSettings')).status).toBe(200);
    const first = await execute('Settings', 'updateSettings');
    const second = await execute('Settings', 'updateSettings');
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(Number(second.headers['if-match']!.replaceAll('"', ''))).toBe(
      Number(first.headers['if-match']!.replaceAll('"', '')) + 1,
    );

    const keys = new Set<string>();
    for (let turn = 0; turn < 2; turn += 1) {
      const adjusted = await execute('Inventory', 'adjustStock');
      expect(adjusted.status).toBe(201);
      keys.add(adjusted.headers['idempotency-key']!);
    }
    expect(keys.size).toBe(2);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);

    // Never seen on this page: its ETag is read first, that of a translation with the list that it will be in.
    expect((await execute('Products', 'updateProduct')).status).toBe(200);
    expect((await execute('Translations', 'setProductTranslation')).status).toBe(200);
    expect((await execute('Products', 'setBundleParts')).status).toBe(200);
    // Nor was the shipping profile that its example names.
    expect((await execute('Shipping', 'createShippingMethod')).status).toBe(201);
    for (let turn = 0; turn < 2; turn += 1) expect((await execute('Taxes', 'createTaxRate')).status).toBe(201);
    // Somebody is there to be grouped, and nobody has contested a payment yet.
    for (let turn = 0; turn < 2; turn += 1)
      expect((await execute('Customers', 'putCustomerGroupMember')).status).toBe(204);
    expect((await execute('Customers', 'removeCustomerGroupMember')).status).toBe(204);
    const dispute = await execute('Disputes', 'getDispute');
    expect([dispute.status, dispute.path]).toEqual([404, `/v1/admin/disputes/dsp_${'0'.repeat(26)}`]);
    expect(await page.textContent('#note')).toContain('There is no dsp_');
    const deleted = await execute('Taxes', 'deleteTaxRate');
    expect(deleted.status).toBe(204);
    expect(deleted.path).not.toContain(WELL_KNOWN.taxRateId);
    expect(troubles).toEqual([]);
    // Half a minute of clicks, and more beside other browsers.
  }, 180_000);

  it('keeps the session over a reload, and renews an expired one silently', async () => {
    await page.reload();
    await page.waitForSelector('.opblock');
    expect((await execute('Staff', 'getMe')).status).toBe(200);
    await page.evaluate(`{
      const kept = JSON.parse(localStorage.authorized);
      kept.bearer.value = kept.bearer.value.slice(0, -6) + 'AAAAAA';
      localStorage.authorized = JSON.stringify(kept);
    }`);
    await page.reload();
    await page.waitForSelector('.opblock');
    await execute('Staff', 'getMe');
    await page.locator('#note', { hasText: 'renewed' }).waitFor();
    await page
      .locator('#operations-Staff-getMe .live-responses-table td.response-col_status', { hasText: '200' })
      .waitFor();
    const next = await execute('Staff', 'getMe');
    expect(next.status).toBe(200);
    expect(next.headers.authorization).not.toContain('AAAAAA');
    expect((await execute('Authentication', 'logout')).status).toBe(204);
    expect((await execute('Staff', 'getMe')).status).toBe(401);
  });

  it('staff with a second factor are asked for its code', async () => {
    const password = 'velvet-otter-lantern-93';
    const robin = { email: 'robin@emporium.example', name: 'Robin', role: 'support', password };
    await shop.call('POST', '/v1/admin/users', { bearer: await shop.staff(), body: robin });
    const { body: session } = await shop.call('POST', '/v1/auth/login', { body: { email: robin.email, password } });
    const { recoveryCodes } = await enableTwoFactor(shop, '/v1/admin/me/two-factor', session.accessToken, password);
    await open('/docs/admin');
    const answers = ['999999', recoveryCodes[0]!];
    const questions: string[] = [];
    page.on('dialog', (dialog) => {
      questions.push(dialog.message());
      void dialog.accept(answers.shift());
    });
    await execute('Authentication', 'login', { email: robin.email, password });
    await page.locator('#note', { hasText: `Signed in as ${robin.email}` }).waitFor();
    expect([questions.length, questions[1]]).toEqual([2, expect.stringContaining('Once more')]);
    expect((await execute('Staff', 'getTwoFactor')).status).toBe(200);

    // Whoever closes the question gives the code to the form.
    await open('/docs/admin');
    page.on('dialog', (dialog) => void dialog.dismiss());
    await execute('Authentication', 'login', { email: robin.email, password });
    const code = { challenge: 'string', code: recoveryCodes[1] };
    expect((await execute('Authentication', 'loginTwoFactor', code)).status).toBe(200);
    expect((await execute('Staff', 'getTwoFactor')).status).toBe(200);
    expect(troubles).toEqual([]);
  });

  it('takes a JWT, an API key and an OAuth client in its dialog, people first, and says what scopes open', async () => {
    const bearer = await shop.staff();
    const { body: key } = await shop.call('POST', '/v1/admin/api-keys', {
      bearer,
      body: { name: 'Dialog', scopes: ['orders.read', 'catalog.read'] },
    });
    const ways: ((box: Locator) => Promise<void>)[] = [
      (box) => box.locator('input').fill(bearer),
      (box) => box.locator('input').fill(key.key),
      async (box) => {
        expect(await box.innerText()).toContain('see orders');
        await box.getByLabel('client_id').fill(key.id);
        await box.getByLabel('client_secret').fill(key.key);
        await box.locator('.scopes label .item').first().click();
      },
    ];
    for (const [n, enter] of ways.entries()) {
      await open('/docs/admin');
      await page.click('.auth-wrapper .authorize');
      const box = page.locator('.dialog-ux .auth-container').nth(n);
      await enter(box);
      await box.locator('button.authorize').click();
      await box.locator('button', { hasText: 'Logout' }).waitFor();
      await page.click('.dialog-ux .close-modal');
      const { status, headers } = await execute('Orders', 'listOrders');
      expect([n, status, headers.authorization?.startsWith('Bearer ')]).toEqual([n, 200, true]);
    }
    expect(troubles).toEqual([]);
  }, 180_000);

  it('a shopper buys with the examples alone', async () => {
    await open('/docs');
    // The browser does not ask for a password, behind which the page would wait.
    expect((await execute('Authentication', 'createToken')).status).toBe(401);
    const created = await execute('Cart', 'createCart');
    expect(created.status).toBe(201);
    const cart = await execute('Cart', 'getCart');
    expect([cart.status, cart.path]).toEqual([200, expect.stringMatching(/^\/v1\/carts\/cart_/)]);
    expect(cart.headers['x-cart-token']).toMatch(/^\S{16,}$/);
    expect((await execute('Cart', 'updateCart')).status).toBe(200);
    expect((await execute('Cart', 'updateCart')).status).toBe(200);
    const order = await execute('Checkout', 'checkout');
    expect(order.status).toBe(201);
    expect(order.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await execute('Orders', 'getOrder')).status).toBe(200);
    expect(troubles).toEqual([]);
  });

  it.each(['/docs', '/docs/admin'])('%s fits a window of 380 px', async (path) => {
    await open(path, 380);
    const [tag, id] = path === '/docs' ? ['Cart', 'updateCart'] : ['Settings', 'updateSettings'];
    await execute(tag!, id!).catch(() => undefined);
    await page.click('.btn.authorize');
    await page.waitForSelector('.modal-ux');
    const fits = await page.evaluate(`({
      page: document.documentElement.scrollWidth <= innerWidth,
      inputs: [...document.querySelectorAll('#swagger-ui input, #swagger-ui textarea, #swagger-ui button, .modal-ux')].every((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left >= 0 && right <= innerWidth + 1;
      }),
    })`);
    expect(fits).toEqual({ page: true, inputs: true });
  });
});

function signingKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64');
}
