import { newUuid } from '#libs/ids';
import { createDocuments } from '../../src/docs/index.js';
import { accessRulesOf } from '../../src/modules/auth/access.decorators.js';
import { ROLE_PERMISSIONS, ROLES } from '../../src/modules/auth/index.js';
import { RouteAudit } from '../../src/modules/auth/route-audit.js';
import { belongingOf } from '../support/belongings.js';
import { Records } from '../support/fuzz/records.js';
import { type Person, World } from '../support/fuzz/world.js';
import { CLIENT, IdentityProvider } from '../support/identity-provider.js';
import { Shop } from '../support/shop.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Routes of customers whose id is of nobody. */
const OF_NOBODY: Record<string, string> = {
  'POST /v1/me/identities/{provider}/start': 'it names a provider that the shop knows, for everybody',
};
/** Routes that others may call with the same id, for themselves. */
const OPEN_TO_OTHERS: Record<string, string> = {
  'PUT /v1/me/wishlist/{variantId}': 'a variant is of the shop, and goes to the list of who calls',
};
interface Route {
  method: string;
  /** with `{id}` in it */
  path: string;
  operation: any;
}

const publicUrl = 'http://api.shop.example';
let shop: Shop;
let provider: IdentityProvider;
let world: World;
let records: Records;
let routes: Route[];
let bob: Person;
let keyOfEverything: string;
let keyOfNobody: string;

beforeAll(async () => {
  provider = await IdentityProvider.start([`${publicUrl}/v1/auth/oidc/google/callback`]);
  shop = await Shop.start({
    env: {
      PUBLIC_URL: publicUrl,
      OIDC_PROVIDERS: 'google',
      OIDC_GOOGLE_ISSUER: provider.issuer,
      OIDC_GOOGLE_CLIENT_ID: CLIENT.id,
      OIDC_GOOGLE_CLIENT_SECRET: CLIENT.secret,
      RATE_LIMIT_LOGINS_PER_MIN: '100000',
    },
  });
  // The demo shop, in which the examples of the documents work.
  world = await World.open(shop);
  bob = await world.person('customer');
  const { storefront, staff } = createDocuments(shop.app);
  const seen = new Set<string>();
  routes = [storefront, staff].flatMap((document) =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = item[method];
        const name = `${method} ${path}`;
        if (!operation || seen.has(name)) return [];
        seen.add(name);
        return [{ method: method.toUpperCase(), path, operation }];
      }),
    ),
  );
  const keyWith = async (name: string, scopes: readonly string[]) =>
    (await world.asStaff('POST', '/v1/admin/api-keys', { name, scopes })).body.key as string;
  keyOfNobody = await keyWith('Little', ['jobs.read']);
  keyOfEverything = await keyWith('Large', ROLE_PERMISSIONS.owner);
  await makeWork();
  records = await Records.of(shop.db);
}, 120_000);
afterAll(async () => {
  await shop?.stop();
  await provider?.stop();
});

/** What staff look after and a new shop has not. */
async function makeWork(): Promise<void> {
  await world.dispute();
  await world.import('Handle,Title,Price\nnot a handle,,free\n');
  await world.asStaff('POST', '/v1/admin/exports', { kind: 'products' });
  await world.order(bob, 'invoice');
  await world.asStaff('POST', '/v1/admin/gift-cards', { amount: 5000, currency: 'USD' });
  await world.asStaff('POST', '/v1/admin/roles', { name: 'Stock', permissions: ['inventory.read'] });
  await world.asStaff('POST', '/v1/admin/publishable-keys', { name: 'Website' });
}

interface Credentials {
  bearer?: string;
  token?: string;
  headers?: Record<string, string>;
}

const pathParameters = (route: Route): any[] =>
  [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) =>
    route.operation.parameters.find((p: any) => p.in === 'path' && p.name === name),
  );
const prefixOf = (parameter: any): string => /^\^([a-z]+)_/.exec(parameter.schema?.pattern ?? '')?.[1] ?? '';
const fill = (route: Route, ids: Record<string, string>) =>
  route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? 'x');

/**
 * Ids for a route, of things that there are.
 * @throws where there is nothing of a kind: have `makeWork` make it, so that it is proved who gets it
 */
async function idsFor(route: Route): Promise<Record<string, string>> {
  const parameters = pathParameters(route);
  if (parameters.length === 0) return {};
  if (nameOf(route) in OF_NOBODY) return { provider: 'google' };
  if (isOfCustomers(route)) return (await belongingOf(world, provider, route.path, await world.person('customer'))).ids;
  const typed = parameters.map((p) => ({ name: p.name as string, prefix: prefixOf(p) })).filter(({ prefix }) => prefix);
  const found = await records.pathOf(typed, 0, null, []);
  for (const { name, prefix } of typed) if (!found[name]) throw new Error(`${nameOf(route)}: there is no ${prefix}_`);
  const named = parameters.filter((p) => !prefixOf(p)).map((p) => [p.name, p.example ?? 'de'] as const);
  return { ...Object.fromEntries(named), ...found };
}

/** Sends a body that passes validation, so that access is what decides. */
async function send(route: Route, who: Credentials, ids: Record<string, string>) {
  const content = route.operation.requestBody?.content?.['application/json'];
  const [shown] = Object.values<{ value: unknown }>(content?.examples ?? {});
  const body = content?.example ?? shown?.value;
  return shop.call(route.method, fill(route, ids), {
    ...who,
    key: newUuid(),
    ...(body === undefined ? {} : { body }),
    headers: { 'If-Match': '*', ...who.headers },
  });
}

const isAdmin = (route: Route) => route.path.startsWith('/v1/admin/');
const isOfCustomers = (route: Route) => route.path === '/v1/me' || route.path.startsWith('/v1/me/');
/** Carts and orders: of guests and customers. */
const isOfShoppers = (route: Route) => /^\/v1\/(carts|orders)\/\{/.test(route.path);
const nameOf = (route: Route) => `${route.method} ${route.path}`;

describe('who may enter', () => {
  it('is declared for every route of the running shop, and for staff as a permission', () => {
    const declared = shop.app.get(RouteAudit, { strict: false }).routes();
    expect(declared.length).toBeGreaterThan(80);
    const withoutPermission = declared
      .filter(({ rule }) => rule.kind === 'staff' && rule.permission === undefined)
      .map(({ name }) => name);
    expect(withoutPermission).toEqual([
      'TwoFactorAdminController.get',
      'TwoFactorAdminController.enroll',
      'TwoFactorAdminController.confirm',
      'TwoFactorAdminController.renewCodes',
      'TwoFactorAdminController.disable',
      'StaffAdminController.me',
    ]);
    const kinds = (prefix: RegExp) => [
      ...new Set(declared.filter((route) => prefix.test(route.path)).map((route) => route.rule.kind)),
    ];
    expect(kinds(/^\/v1\/admin(\/|$)/)).toEqual(['staff']);
    expect(kinds(/^\/v1\/me(\/|$)/)).toEqual(['customer']);
    expect(accessRulesOf(() => undefined)).toEqual([]);
  });

  it('of nobody: every route for staff and customers answers 401 without a credential and with a wrong one', async () => {
    const closed = routes.filter((route) => isAdmin(route) || isOfCustomers(route));
    expect(closed.length).toBeGreaterThan(60);
    for (const route of closed) {
      const ids = await idsFor(route);
      for (const who of [{}, { bearer: 'a.b.c' }, { bearer: `emp_sk_${'0'.repeat(26)}_${'x'.repeat(43)}` }]) {
        const answer = await send(route, who, ids);
        expect([nameOf(route), answer.status]).toEqual([nameOf(route), 401]);
      }
    }
  }, 120_000);

  it('of customers: no route for staff, whatever it is', async () => {
    for (const route of routes.filter(isAdmin)) {
      const answer = await send(route, { bearer: bob.bearer }, await idsFor(route));
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'forbidden']);
    }
  }, 60_000);

  it('of staff: no route for customers', async () => {
    const owner = await shop.staff('owner');
    for (const route of routes.filter(isOfCustomers)) {
      const answer = await send(route, { bearer: owner }, await idsFor(route));
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'forbidden']);
    }
  }, 60_000);

  it('of each role: exactly where its permissions say', async () => {
    const declared = shop.app.get(RouteAudit, { strict: false }).routes();
    const tokens = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await shop.staff(role)])));
    let checked = 0;
    const notFound: string[] = [];
    for (const route of routes.filter(isAdmin)) {
      const ids = await idsFor(route);
      const name = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
      const { rule } = declared.find((one) => one.method === route.method && one.path === name)!;
      if (rule.kind !== 'staff' || rule.permission === undefined) continue;
      for (const role of ROLES) {
        const may = ROLE_PERMISSIONS[role].includes(rule.permission);
        // Those who may enter are not sent in by the dozen to change things: reading is enough to see the door open.
        if (may && route.method !== 'GET') continue;
        const answer = await send(route, { bearer: tokens[role] }, ids);
        const isRefused = answer.status === 403 && answer.body.code === 'forbidden';
        expect([nameOf(route), role, isRefused]).toEqual([nameOf(route), role, !may]);
        if (may && answer.status === 404) notFound.push(nameOf(route));
        checked += 1;
      }
      if (rule.permission === 'jobs.read') continue;
      const byKey = await send(route, { bearer: keyOfNobody }, ids);
      expect([nameOf(route), byKey.status]).toEqual([nameOf(route), 403]);
    }
    expect(checked).toBeGreaterThan(150);
    expect(notFound).toEqual([]);
  }, 120_000);

  it('of a key with every scope: not who works in the shop', async () => {
    const declared = shop.app.get(RouteAudit, { strict: false }).routes();
    const closed: string[] = [];
    for (const route of routes.filter(isAdmin)) {
      const name = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
      const { rule } = declared.find((one) => one.method === route.method && one.path === name)!;
      if (rule.kind !== 'staff' || rule.permission !== 'staff.write') continue;
      const answer = await send(route, { bearer: keyOfEverything }, await idsFor(route));
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'forbidden']);
      closed.push(nameOf(route));
    }
    expect(closed.length).toBeGreaterThan(9);
    expect((await shop.call('GET', '/v1/admin/users', { bearer: keyOfEverything })).status).toBe(200);
  });

  it('of one shopper: nothing of another on any route with an id, and of their own everything', async () => {
    const withIds = routes.filter(
      (route) => (isOfShoppers(route) || isOfCustomers(route)) && pathParameters(route).length > 0,
    );
    expect(withIds.length).toBeGreaterThan(25);
    const foreign = await world.cart(null);
    const refused: string[] = [];
    const faults: unknown[] = [];
    for (const route of withIds.filter((one) => !(nameOf(one) in OF_NOBODY))) {
      for (const kind of isOfCustomers(route) ? ['customer'] : ['customer', 'guest']) {
        const owner = kind === 'customer' ? await world.person('customer') : null;
        const { ids, credentials } = await belongingOf(world, provider, route.path, owner);
        const before = await seenBy(credentials, route, ids);
        const strangers: [string, Credentials][] = [
          ['another customer', { bearer: (await world.person('customer')).bearer }],
          ['a guest', {}],
          ['a guest with a cart of their own', { headers: foreign.credentials }],
        ];
        for (const [who, stranger] of strangers) {
          const isLockedOut = !stranger.bearer && (isOfCustomers(route) || route.path.endsWith('/merge'));
          const { status } = await send(route, stranger, ids);
          const expected = OPEN_TO_OTHERS[nameOf(route)] && stranger.bearer ? 204 : isLockedOut ? 401 : 404;
          if (status !== expected) faults.push([nameOf(route), kind, who, status]);
        }
        const after = await seenBy(credentials, route, ids);
        if (JSON.stringify(after) !== JSON.stringify(before))
          faults.push([nameOf(route), kind, 'was changed', before, after]);
        const { status, body } = await send(route, { headers: credentials }, ids);
        if (status >= 300) refused.push(`${nameOf(route)} of a ${kind}: ${status} ${body.code}`);
      }
    }
    expect(faults).toEqual([]);
    // What they ask for with the examples of the documents works, and so what others asked for was there.
    expect(refused).toEqual([]);
  }, 120_000);

  /** What an owner sees of their things at the address of a route, or above it. */
  async function seenBy(headers: Record<string, string>, route: Route, ids: Record<string, string>) {
    const parts = route.path.split('/');
    for (let n = parts.length; n > 3; n -= 1) {
      const path = parts.slice(0, n).join('/');
      const readable = routes.find((one) => one.method === 'GET' && one.path === path);
      if (readable) return (await shop.call('GET', fill(readable, ids), { headers })).body;
    }
    throw new Error(`nobody can look at ${route.path}`);
  }
});
