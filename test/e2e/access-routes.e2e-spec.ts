import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { RouteAudit } from '../../src/modules/auth/route-audit.js';
import { Shop } from '../support/shop.js';

const ROOT = join(import.meta.dirname, '../..');

/**
 * What is served without a controller, and so without the guard that asks who may enter: who may nevertheless, which the
 * routes see to by themselves.
 */
const WITHOUT_CONTROLLER: Record<string, 'anybody' | 'origins' | 'staff' | 'own forms' | 'nobody in production'> = {
  'OPTIONS *': 'origins',
  'GET /': 'anybody',
  'GET /docs': 'anybody',
  'GET /docs/admin': 'staff',
  'GET /docs/assets/:file': 'anybody',
  'GET /openapi.json': 'anybody',
  'GET /openapi-admin.json': 'staff',
  'GET /errors': 'anybody',
  'GET /errors/:code': 'anybody',
  'POST /docs/sign-in': 'own forms',
  'POST /docs/sign-out': 'own forms',
  'POST /docs/session': 'own forms',
  'GET /dev/jobs': 'nobody in production',
  'GET /dev/mailbox': 'nobody in production',
  'GET /dev/mailbox.json': 'nobody in production',
  'GET /dev/mailbox/:id': 'nobody in production',
  'GET /dev/mailbox/:id/text': 'nobody in production',
  'GET /dev/mailbox/:id/html': 'nobody in production',
};
const EXAMPLES: Record<string, string> = { ':file': 'page.js', ':code': 'out_of_stock', ':id': '1' };

/** Every route that the HTTP server answers, as `GET /v1/products`, but the HEAD that Fastify adds to each GET. */
function routesOf(server: FastifyInstance): string[] {
  const parts: string[] = [];
  const routes = server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', rest] = /^([│ ]*)[├└]── (.*)$/.exec(line) ?? [];
      if (rest === undefined) return [];
      const [, part = '', methods = ''] = /^(.*?)(?: \(([A-Z, -]+)\))?$/.exec(rest)!;
      const depth = indent.length / 4;
      parts.splice(depth, parts.length, part);
      return methods.split(', ').flatMap((method) => (/^[A-Z]+$/.test(method) ? [`${method} ${parts.join('')}`] : []));
    });
  return routes.filter((route) => !(route.startsWith('HEAD ') && routes.includes(route.replace('HEAD', 'GET'))));
}

const addressOf = (route: string) => route.split(' ')[1]!.replaceAll(/:\w+/g, (name) => EXAMPLES[name]!);
/** The same for routes that differ in the names of their parameters only: the server keeps them together. */
const shapeOf = (route: string) => route.replaceAll(/:[\w|:]+/g, ':x');
const shapesBut = (kind: string) =>
  Object.entries(WITHOUT_CONTROLLER)
    .flatMap(([route, who]) => (who === kind ? [] : [shapeOf(route)]))
    .sort();

/** The routes of the server that are of no controller, and those of controllers that the server does not have. */
function compare(shop: Shop) {
  const served = routesOf(shop.app.getHttpAdapter().getInstance()).map(shapeOf);
  const declared = shop.app
    .get(RouteAudit, { strict: false })
    .routes()
    .map(({ method, path }) => shapeOf(`${method} ${path}`));
  return {
    outside: served.filter((route) => !declared.includes(route)).sort(),
    lost: declared.filter((route) => !served.includes(route)),
  };
}

describe('the last step of the build', () => {
  /** As `npm run build` runs it. */
  const check = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['dist/src/check-routes.js', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH },
    }).then(
      ({ stderr }) => ({ code: 0, stderr }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );

  it('fails for a route of staff that names no permission, and names the route', async () => {
    const { code, stderr } = await check('test/fixtures/routes/without-permission.mjs');
    expect(code).toBe(1);
    expect(stderr).toBe(
      "Error: GET /v1/admin/ledgers (LedgersController.list) needs exactly one of @Public(), @Shopper(), @Customer(), @Staff('permission').\n" +
        "Error: GET /v1/admin/ledgers/totals (LedgersController.totals) is for staff and names no permission: @Staff('permission').\n",
    );
  });

  it('lets the shop pass, without settings, database or network; both ways to build have it', async () => {
    expect(await check()).toEqual({ code: 0, stderr: '' });
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(scripts.build).toBe('nest build && node dist/src/check-routes.js');
    expect(readFileSync(join(ROOT, 'scripts/lib/project.mjs'), 'utf8')).toContain("'check-routes.js'");
  });
});

describe('routes of the HTTP server', () => {
  const shops: Shop[] = [];
  const start = async (env: Record<string, string> = {}) => {
    const shop = await Shop.start({ env, stripe: false });
    shops.push(shop);
    return shop;
  };
  afterAll(() => Promise.all(shops.map((shop) => shop.stop())));

  it('are those of controllers, which say who may enter, and a few that are named here', async () => {
    expect(compare(await start())).toEqual({ outside: shapesBut(''), lost: [] });
  });

  it('in production: what is named here lets in whom it says, and what is for development is not there', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const shop = await start({
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://api.example.com',
      SMTP_URL: 'smtp://127.0.0.1:9',
      SIGNING_KEY: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    });
    expect(compare(shop)).toEqual({ outside: shapesBut('nobody in production'), lost: [] });
    const statuses = { anybody: 200, origins: 204, staff: 401, 'own forms': 403, 'nobody in production': 404 };
    for (const [route, who] of Object.entries(WITHOUT_CONTROLLER)) {
      const [method] = route.split(' ');
      const isOfBrowsers = who === 'own forms' || who === 'origins';
      const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' };
      const path = who === 'origins' ? '/v1/carts' : addressOf(route);
      const answer = await shop.call(method!, path, isOfBrowsers ? { headers } : {});
      expect([route, answer.status]).toEqual([route, statuses[who]]);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    const withoutPass = await shop.call('POST', '/docs/session');
    expect(withoutPass.status).toBe(401);
  });
});
