import { encodeId, ID_PREFIXES, type IdPrefix, newUuid } from '#libs/ids';
import { createDocuments } from '../../src/docs/index.js';
import { accessRulesOf } from '../../src/modules/auth/access.decorators.js';
import { ROLE_PERMISSIONS, ROLES } from '../../src/modules/auth/index.js';
import { RouteAudit } from '../../src/modules/auth/route-audit.js';
import { type SignedIn, signUp } from '../support/customers.js';
import { ADDRESS, METHOD_ID, Shop } from '../support/shop.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

interface Route {
  method: string;
  /** with `{id}` in it */
  path: string;
  operation: any;
}

let shop: Shop;
let routes: Route[];
let ada: SignedIn;
let bob: SignedIn;
let keyOfEverything: string;
let keyOfNobody: string;
/** Things of Ada's, by the kind of their id. */
const adas: Partial<Record<string, string>> = {};
let adasCartToken: string;

beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
  [ada, bob] = [await signUp(shop, 'ada@example.com'), await signUp(shop, 'bob@example.com')];
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
  const variantId = await shop.product({ stock: 50 });
  const cart = () =>
    shop.call('POST', '/v1/carts', {
      bearer: ada.bearer,
      body: {
        lines: [{ variantId, quantity: 1 }],
        shippingAddress: ADDRESS,
        shippingMethodId: encodeId('shippingMethod', METHOD_ID),
      },
    });
  const [open, closed] = [await cart(), await cart()];
  const placed = await shop.checkout({ id: closed.body.id, token: closed.body.token }, { paymentMethod: 'manual' });
  const address = await shop.call('POST', '/v1/me/addresses', { bearer: ada.bearer, body: ADDRESS });
  const sessions = await shop.call('GET', '/v1/me/sessions', { bearer: ada.bearer });
  const [product] = (await shop.call('GET', '/v1/products')).body.data;
  const review = await shop.call('POST', `/v1/products/${product.id}/reviews`, {
    bearer: ada.bearer,
    body: { rating: 5 },
  });
  Object.assign(adas, {
    cart: open.body.id,
    line: open.body.lines[0].id,
    ord: placed.body.order.id,
    pay: placed.body.payment.id,
    addr: address.body.id,
    ses: sessions.body.data[0].id,
    rev: review.body.id,
  });
  adasCartToken = open.body.token;
  const owner = await shop.staff('owner');
  const key = await shop.call('POST', '/v1/admin/api-keys', {
    bearer: owner,
    body: { name: 'Little', scopes: ['jobs.read'] },
  });
  keyOfNobody = key.body.key;
  const every = await shop.call('POST', '/v1/admin/api-keys', {
    bearer: owner,
    body: { name: 'Large', scopes: ROLE_PERMISSIONS.owner },
  });
  keyOfEverything = every.body.key;
});
afterAll(async () => {
  await shop?.stop();
});

const prefixOf = (parameter: any): string => /^\^([a-z]+)_/.exec(parameter.schema?.pattern ?? '')?.[1] ?? '';
const kindOf = (prefix: string) =>
  (Object.keys(ID_PREFIXES) as IdPrefix[]).find((kind) => ID_PREFIXES[kind] === prefix);

/** The address of a route with ids in it: Ada's where she has such things, else ids of nothing. */
function addressOf(route: Route, ids: Partial<Record<string, string>> = adas): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const parameter = (route.operation.parameters ?? []).find((p: any) => p.in === 'path' && p.name === name);
    const prefix = prefixOf(parameter ?? {});
    const kind = kindOf(prefix);
    return ids[prefix] ?? (kind ? encodeId(kind, newUuid()) : 'x');
  });
}

/** Sends a body that passes validation, so that access is what decides. */
async function send(route: Route, who: { bearer?: string; token?: string }, ids = adas) {
  const example = route.operation.requestBody?.content?.['application/json']?.example;
  const body = example?.shippingMethodId
    ? { ...example, shippingMethodId: encodeId('shippingMethod', METHOD_ID) }
    : example;
  return shop.call(route.method, addressOf(route, ids), {
    ...who,
    key: newUuid(),
    ...(body === undefined ? {} : { body }),
    headers: { 'If-Match': '*' },
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
    for (const route of closed)
      for (const who of [{}, { bearer: 'a.b.c' }, { bearer: `emp_sk_${'0'.repeat(26)}_${'x'.repeat(43)}` }]) {
        const answer = await send(route, who);
        expect([nameOf(route), answer.status]).toEqual([nameOf(route), 401]);
      }
  }, 120_000);

  it('of customers: no route for staff, whatever it is', async () => {
    for (const route of routes.filter(isAdmin)) {
      const answer = await send(route, { bearer: bob.bearer });
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'forbidden']);
    }
  }, 60_000);

  it('of staff: no route for customers', async () => {
    const owner = await shop.staff('owner');
    for (const route of routes.filter(isOfCustomers)) {
      const answer = await send(route, { bearer: owner });
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'forbidden']);
    }
  }, 60_000);

  it('of each role: exactly where its permissions say', async () => {
    const declared = shop.app.get(RouteAudit, { strict: false }).routes();
    const tokens = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await shop.staff(role)])));
    const nothing = {};
    let checked = 0;
    for (const route of routes.filter(isAdmin)) {
      const name = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
      const { rule } = declared.find((one) => one.method === route.method && one.path === name)!;
      if (rule.kind !== 'staff' || rule.permission === undefined) continue;
      for (const role of ROLES) {
        const may = ROLE_PERMISSIONS[role].includes(rule.permission);
        // Those who may enter are not sent in by the dozen to change things: reading is enough to see the door open.
        if (may && route.method !== 'GET') continue;
        const answer = await send(route, { bearer: tokens[role] }, nothing);
        const isRefused = answer.status === 403 && answer.body.code === 'forbidden';
        expect([nameOf(route), role, isRefused]).toEqual([nameOf(route), role, !may]);
        checked += 1;
      }
      if (rule.permission === 'jobs.read') continue;
      const byKey = await send(route, { bearer: keyOfNobody }, nothing);
      expect([nameOf(route), byKey.status]).toEqual([nameOf(route), 403]);
    }
    expect(checked).toBeGreaterThan(150);
  }, 120_000);

  it('of a key with every scope: not who works in the shop', async () => {
    const nothing = {};
    const declared = shop.app.get(RouteAudit, { strict: false }).routes();
    const closed: string[] = [];
    for (const route of routes.filter(isAdmin)) {
      const name = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
      const { rule } = declared.find((one) => one.method === route.method && one.path === name)!;
      if (rule.kind !== 'staff' || rule.permission !== 'staff.write') continue;
      const answer = await send(route, { bearer: keyOfEverything }, nothing);
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'forbidden']);
      closed.push(nameOf(route));
    }
    expect(closed.length).toBeGreaterThan(9);
    expect((await shop.call('GET', '/v1/admin/users', { bearer: keyOfEverything })).status).toBe(200);
  });

  it('of one customer: nothing of another, on any route with an id', async () => {
    const withIds = routes.filter((route) => (isOfShoppers(route) || isOfCustomers(route)) && route.path.includes('{'));
    expect(withIds.length).toBeGreaterThan(15);
    const strangers: [string, { bearer?: string; token?: string }][] = [
      ['another customer', { bearer: bob.bearer }],
      ['a guest', {}],
      ['a guest with a token of their own', { token: 'x'.repeat(32) }],
    ];
    for (const route of withIds) {
      for (const [who, credentials] of strangers) {
        const isLockedOut = !credentials.bearer && (isOfCustomers(route) || route.path.endsWith('/merge'));
        const answer = await send(route, credentials);
        expect([nameOf(route), who, answer.status]).toEqual([nameOf(route), who, isLockedOut ? 401 : 404]);
      }
    }
    // And Ada still has everything, as it was.
    const read = (path: string) => shop.call('GET', path, { bearer: ada.bearer });
    expect((await read(`/v1/carts/${adas.cart}`)).body).toMatchObject({ itemCount: 1, email: 'ada@example.com' });
    expect((await read(`/v1/orders/${adas.ord}`)).body.status).toBe('confirmed');
    expect((await read(`/v1/me/addresses/${adas.addr}`)).body).toMatchObject(ADDRESS);
    expect((await read('/v1/me/sessions')).body.data).toHaveLength(1);
    expect((await read(`/v1/me/reviews/${adas.rev}`)).body.rating).toBe(5);
    expect((await shop.call('GET', `/v1/carts/${adas.cart}`, { token: adasCartToken })).status).toBe(200);
  }, 60_000);
});
