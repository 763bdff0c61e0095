import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeId, newUuid } from '#libs/ids';
import { AuthModule } from '../../src/modules/auth/index.js';
import {
  ensureSettings,
  methodsFor,
  SettingsModule,
  ShopContext,
  taxRatesFor,
  zoneFor,
} from '../../src/modules/settings/index.js';
import { client } from '../support/call.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let shop: ModuleApp;
let request: ReturnType<typeof client>;
let owner: string;

const start = () => startModules([AuthModule, SettingsModule], database.url, { JOBS: '0' });
const call = (method: string, path: string, body?: unknown, ifMatch?: string, bearer = owner) =>
  request(method, `/v1/admin/${path}`, { body, bearer, headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch } });
const etag = (answer: { headers: Headers }) => answer.headers.get('etag')!;
const context = (app = shop) => app.app.get(ShopContext, { strict: false });
const version = async () => (await shop.db.query<{ version: number }>(`SELECT version FROM shop_settings`))[0]!.version;
const times = (n: number) => Array.from({ length: n }, (_, i) => i);
const outcome = (answer: { status: number; body: { code: string } }) => [answer.status, answer.body?.code];
const price = (amount: number, currency = 'USD') => ({ amount, currency });

beforeAll(async () => {
  database = await cloneDatabase();
  shop = await start();
  request = client(shop.url);
  await Promise.all([ensureSettings(shop.db, shop.config), ensureSettings(shop.db, shop.config)]);
  owner = await shop.staffToken('owner');
});
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});
afterEach(async () => {
  await shop.db.query(`DELETE FROM tax_rates`);
  await shop.db.query(`DELETE FROM shipping_zones`);
});

describe('settings', () => {
  it('are made from the configuration, once', async () => {
    const answer = await call('GET', 'settings');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      name: 'Emporium',
      twoFactorRequired: false,
      country: null,
      currency: 'USD',
      senderEmail: 'shop@emporium.example',
      notifyEmail: 'admin@emporium.example',
      pricesIncludeTax: false,
      manualPayments: true,
      stripePayments: true,
      paymentCapture: 'automatic',
      lowStockThreshold: 5,
      createdAt: expect.stringMatching(/\.\d{3}Z$/),
      updatedAt: expect.stringMatching(/\.\d{3}Z$/),
    });
    await call('PATCH', 'settings', { name: 'Kept' }, etag(answer));
    await ensureSettings(shop.db, { ...shop.config, currency: 'EUR' });
    expect((await call('GET', 'settings')).body).toMatchObject({ name: 'Kept', currency: 'USD' });
  });

  it('change only where the version that was read is the present one', async () => {
    const read = await call('GET', 'settings');
    expect(outcome(await call('PATCH', 'settings', { name: 'New' }))).toEqual([428, 'if_match_required']);
    const changed = await call(
      'PATCH',
      'settings',
      { name: 'New', lowStockThreshold: 0, pricesIncludeTax: true },
      `W/${etag(read)}`,
    );
    expect([changed.status, changed.body.name, changed.body.lowStockThreshold, changed.body.pricesIncludeTax]).toEqual([
      200,
      'New',
      0,
      true,
    ]);
    expect(etag(changed)).not.toBe(etag(read));
    const stale = await call('PATCH', 'settings', { name: 'Newer' }, etag(read));
    expect(outcome(stale)).toEqual([412, 'version_mismatch']);
    expect(`"${stale.body.currentVersion}"`).toBe(etag(changed));
    expect((await call('GET', 'settings')).body.name).toBe('New');
    const empty = await call('PATCH', 'settings', {}, etag(changed));
    expect([empty.status, empty.body.name]).toEqual([200, 'New']);
  });

  it('let one of many changes of the same version through', async () => {
    const tag = etag(await call('GET', 'settings'));
    const answers = await Promise.all(times(10).map((i) => call('PATCH', 'settings', { name: `Name ${i}` }, tag)));
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, ...times(9).map(() => 412)]);
    const winner = answers.find((answer) => answer.status === 200)!;
    expect((await call('GET', 'settings')).body.name).toBe(winner.body.name);
  });

  it.each([
    [{ name: '' }, '/name', 'too_short'],
    [{ name: null }, '/name', 'not_a_string'],
    [{ currency: 'usd' }, '/currency', 'unknown_currency'],
    [{ notifyEmail: 'x' }, '/notifyEmail', 'invalid_email'],
    [{ manualPayments: 'yes' }, '/manualPayments', 'not_a_boolean'],
    [{ lowStockThreshold: -1 }, '/lowStockThreshold', 'too_small'],
    [{ lowStockThreshold: 1.5 }, '/lowStockThreshold', 'not_an_integer'],
    [{ version: 1 }, '/version', 'unknown_field'],
  ])('refuse %j', async (change, pointer, code) => {
    const answer = await call('PATCH', 'settings', change, etag(await call('GET', 'settings')));
    expect(outcome(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it('keep their currency once something has a price in it', async () => {
    const patch = async (currency: string) =>
      call('PATCH', 'settings', { currency }, etag(await call('GET', 'settings')));
    expect((await patch('EUR')).body.currency).toBe('EUR');
    const zone = (await call('POST', 'shipping-zones', { name: 'All', countries: ['*'] })).body;
    const method = await call('POST', `shipping-zones/${zone.id}/methods`, { name: 'Post', price: price(500, 'EUR') });
    expect(outcome(await patch('USD'))).toEqual([409, 'currency_in_use']);
    expect((await patch('EUR')).status).toBe(200);
    await call('DELETE', `shipping-zones/${zone.id}/methods/${method.body.id}`, undefined, etag(method));
    expect((await patch('USD')).body.currency).toBe('USD');
    const product = newUuid();
    await shop.db.query(`INSERT INTO products (id, handle, title, status) VALUES ($1, 'thing', 'Thing', 'draft')`, [
      product,
    ]);
    expect(outcome(await patch('EUR'))).toEqual([409, 'currency_in_use']);
    await shop.db.query(`DELETE FROM products WHERE id = $1`, [product]);
  });

  it('are read by all staff who may, and changed by owners', async () => {
    const tag = etag(await call('GET', 'settings'));
    for (const [role, read, write] of [
      ['manager', 200, 403],
      ['viewer', 200, 403],
      ['support', 403, 403],
      ['fulfillment', 403, 403],
      ['owner', 200, 200],
    ] as const) {
      const bearer = await shop.staffToken(role);
      expect([role, (await call('GET', 'settings', undefined, undefined, bearer)).status]).toEqual([role, read]);
      expect([role, (await call('PATCH', 'settings', {}, tag, bearer)).status]).toEqual([role, write]);
      expect([role, (await call('GET', 'tax-rates', undefined, undefined, bearer)).status]).toEqual([role, read]);
      expect([
        role,
        (await call('POST', 'tax-rates', { name: 'T', country: 'US', ratePpm: 1 }, undefined, bearer)).status,
      ]).toEqual([role, write === 200 ? 201 : 403]);
      expect([
        role,
        (await call('POST', 'shipping-zones', { name: 'Z', countries: ['US'] }, undefined, bearer)).status,
      ]).toEqual([role, write === 200 ? 201 : 403]);
    }
    expect((await request('GET', '/v1/admin/settings')).status).toBe(401);
  });
});

describe('tax rates', () => {
  const nevada = { name: 'Nevada sales tax', country: 'US', state: 'nv', ratePpm: 82_500, shipping: false };

  it('are made, read, changed and deleted', async () => {
    const made = await call('POST', 'tax-rates', nevada);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^tax_/),
      name: 'Nevada sales tax',
      taxClassId: null,
      country: 'US',
      state: 'NV',
      ratePpm: 82_500,
      rate: '8.25',
      shipping: false,
      createdAt: expect.stringMatching(/\.\d{3}Z$/),
      updatedAt: expect.stringMatching(/\.\d{3}Z$/),
    });
    const path = `tax-rates/${made.body.id}`;
    expect(made.headers.get('location')).toBe(`/v1/admin/${path}`);
    const read = await call('GET', path);
    expect([read.body, etag(read)]).toEqual([made.body, etag(made)]);

    expect(outcome(await call('PATCH', path, { ratePpm: 0 }))).toEqual([428, 'if_match_required']);
    const changed = await call('PATCH', path, { ratePpm: 70_000, state: null }, etag(made));
    expect([changed.status, changed.body.rate, changed.body.state, changed.body.name]).toEqual([
      200,
      '7',
      null,
      nevada.name,
    ]);
    expect(outcome(await call('PATCH', path, { ratePpm: 1 }, etag(made)))).toEqual([412, 'version_mismatch']);
    expect(outcome(await call('DELETE', path, undefined, etag(made)))).toEqual([412, 'version_mismatch']);
    expect(outcome(await call('DELETE', path))).toEqual([428, 'if_match_required']);
    expect((await call('DELETE', path, undefined, etag(changed))).status).toBe(204);
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const)
      expect(outcome(await call(method, path, body, etag(changed)))).toEqual([404, 'not_found']);
  });

  it('stand once for each place; the same again is no error', async () => {
    const first = await call('POST', 'tax-rates', nevada);
    const again = await call('POST', 'tax-rates', { ...nevada, state: 'NV' });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(outcome(await call('POST', 'tax-rates', { ...nevada, ratePpm: 1 }))).toEqual([409, 'tax_rate_exists']);
    const other = await call('POST', 'tax-rates', { name: 'US', country: 'US', ratePpm: 10_000 });
    expect([other.status, other.body.state, other.body.shipping]).toEqual([201, null, true]);
    expect(outcome(await call('POST', 'tax-rates', { name: 'US', country: 'US', ratePpm: 2 }))).toEqual([
      409,
      'tax_rate_exists',
    ]);
    expect(outcome(await call('PATCH', `tax-rates/${other.body.id}`, { state: 'Nv' }, etag(other)))).toEqual([
      409,
      'tax_rate_exists',
    ]);
    const race = await Promise.all(
      times(6).map((i) => call('POST', 'tax-rates', { name: 'France', country: 'FR', ratePpm: 200_000 + (i % 2) })),
    );
    expect(race.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([201, 201, 201, 409, 409, 409]);
  });

  it.each([
    [{ country: 'XX' }, '/country', 'unknown_country'],
    [{ ratePpm: 1_000_001 }, '/ratePpm', 'too_large'],
    [{ ratePpm: 8.25 }, '/ratePpm', 'not_an_integer'],
    [{ ratePpm: '82500' }, '/ratePpm', 'not_an_integer'],
    [{ state: ' ' }, '/state', 'pattern'],
    [{ state: 'NV ' }, '/state', 'pattern'],
    [{ rate: '8.25' }, '/rate', 'unknown_field'],
  ])('refuse %j', async (over, pointer, code) => {
    const answer = await call('POST', 'tax-rates', { ...nevada, ...over });
    expect(outcome(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it('are listed in pages', async () => {
    const made = [];
    for (const country of ['AT', 'BE', 'CY', 'DE', 'EE'])
      made.push((await call('POST', 'tax-rates', { name: country, country, ratePpm: 1 })).body.country);
    const first = await call('GET', 'tax-rates?limit=2&include=total');
    expect(first.body.page).toMatchObject({ limit: 2, prev: null, total: 5 });
    const second = await call('GET', `tax-rates?limit=2&cursor=${first.body.page.next}`);
    const third = await call('GET', `tax-rates?limit=2&cursor=${second.body.page.next}`);
    expect([...first.body.data, ...second.body.data, ...third.body.data].map((row) => row.country)).toEqual(made);
    expect(third.body.page.next).toBeNull();
    const back = await call('GET', `tax-rates?limit=2&cursor=${third.body.page.prev}`);
    expect(back.body.data).toEqual(second.body.data);
    expect(outcome(await call('GET', `shipping-zones?cursor=${first.body.page.next}`))).toEqual([
      400,
      'invalid_cursor',
    ]);
    expect(outcome(await call('GET', 'tax-rates?country=AT'))).toEqual([400, 'unknown_parameter']);
    expect(outcome(await call('GET', 'tax-rates/zone_01j4000000e00800000000000a'))).toEqual([400, 'invalid_id']);
  });
});

describe('shipping zones and methods', () => {
  const zoneOf = async (countries = ['US', 'CA']) =>
    call('POST', 'shipping-zones', { name: countries.join(), countries });

  it('are made, read, changed and deleted', async () => {
    const zone = await zoneOf();
    expect(zone.status).toBe(201);
    expect(zone.body).toMatchObject({
      id: expect.stringMatching(/^zone_/),
      name: 'US,CA',
      countries: ['US', 'CA'],
      methods: [],
    });
    const path = `shipping-zones/${zone.body.id}`;
    expect(zone.headers.get('location')).toBe(`/v1/admin/${path}`);

    const standard = await call('POST', `${path}/methods`, { name: 'Standard', price: price(500) });
    const express = await call('POST', `${path}/methods`, { name: 'Express', price: price(1500), active: false });
    expect([standard.status, standard.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^ship_/),
        name: 'Standard',
        price: price(500),
        calculation: 'flat',
        bands: [],
        freeAbove: null,
        profileRates: [],
        restrictions: expect.objectContaining({ maxWeight: null, excludedCountries: [] }),
        position: 0,
        active: true,
      },
    ]);
    expect(express.body).toMatchObject({ position: 1, active: false });
    const expressPath = `${path}/methods/${express.body.id}`;
    expect(express.headers.get('location')).toBe(`/v1/admin/${expressPath}`);

    const read = await call('GET', path);
    expect(read.body.methods).toEqual([standard.body, express.body]);
    expect(etag(read)).not.toBe(etag(zone));
    expect((await call('GET', 'shipping-zones')).body.data).toEqual([read.body]);
    expect(outcome(await call('PATCH', path, { name: 'Old' }, etag(zone)))).toEqual([412, 'version_mismatch']);

    const one = await call('GET', expressPath);
    expect([one.body, etag(one)]).toEqual([express.body, etag(express)]);
    expect(outcome(await call('PATCH', expressPath, { active: true }))).toEqual([428, 'if_match_required']);
    const shown = await call(
      'PATCH',
      expressPath,
      { active: true, position: 0, price: price(9_007_199_254) },
      etag(express),
    );
    expect(shown.body).toEqual({ ...express.body, active: true, position: 0, price: price(9_007_199_254) });
    expect(outcome(await call('PATCH', expressPath, { active: false }, etag(express)))).toEqual([
      412,
      'version_mismatch',
    ]);
    expect((await call('DELETE', expressPath, undefined, etag(shown))).status).toBe(204);
    expect(outcome(await call('GET', expressPath))).toEqual([404, 'not_found']);

    const now = await call('GET', path);
    const renamed = await call('PATCH', path, { name: 'Home', countries: ['US', 'MX', 'US'] }, etag(now));
    expect([renamed.body.name, renamed.body.countries, renamed.body.methods]).toEqual([
      'Home',
      ['US', 'MX'],
      [standard.body],
    ]);
    expect((await call('PATCH', path, {}, etag(renamed))).body.name).toBe('Home');
    expect((await call('DELETE', path, undefined, etag(await call('GET', path)))).status).toBe(204);
    expect(outcome(await call('GET', path))).toEqual([404, 'not_found']);
    expect(await shop.db.query(`SELECT 1 FROM shipping_methods`)).toEqual([]);
  });

  it('share no country, whoever comes at the same time', async () => {
    const zone = await zoneOf();
    expect((await zoneOf()).body).toEqual(zone.body);
    const overlapping = await call('POST', 'shipping-zones', { name: 'North', countries: ['MX', 'CA', 'US'] });
    expect(outcome(overlapping)).toEqual([409, 'zones_overlap']);
    expect(overlapping.body.errors.map((error: { detail: string }) => error.detail)).toEqual([
      'CA is in the zone "US,CA"',
      'US is in the zone "US,CA"',
    ]);
    const mexico = await zoneOf(['MX']);
    expect(
      outcome(await call('PATCH', `shipping-zones/${mexico.body.id}`, { countries: ['MX', 'CA'] }, etag(mexico))),
    ).toEqual([409, 'zones_overlap']);
    expect(
      (await call('PATCH', `shipping-zones/${mexico.body.id}`, { countries: ['MX', 'GT'] }, etag(mexico))).status,
    ).toBe(200);
    const race = await Promise.all(
      times(6).map((i) => call('POST', 'shipping-zones', { name: `World ${i}`, countries: ['*'] })),
    );
    expect(race.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([201, ...times(5).map(() => 409)]);
  });

  it.each([
    [{ countries: [] }, '/countries', 'too_few'],
    [{ countries: ['US', 'XX'] }, '/countries/1', 'unknown_country'],
    [{ countries: ['us'] }, '/countries/0', 'unknown_country'],
    [{ countries: '*' }, '/countries', 'not_an_array'],
    [{ name: '' }, '/name', 'too_short'],
  ])('refuse %j', async (over, pointer, code) => {
    const answer = await call('POST', 'shipping-zones', { name: 'Zone', countries: ['US'], ...over });
    expect(outcome(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it.each([
    [{ price: price(500, 'EUR') }, '/price/currency', 'not_the_currency_of_the_shop'],
    [{ price: price(-1) }, '/price/amount', 'too_small'],
    [{ price: price(4.99) }, '/price/amount', 'not_an_integer'],
    [{ price: 500 }, '/price', 'not_an_object'],
    [{ position: -1 }, '/position', 'too_small'],
  ])('refuse a method with %j', async (over, pointer, code) => {
    const { id } = (await zoneOf()).body;
    const answer = await call('POST', `shipping-zones/${id}/methods`, { name: 'Post', price: price(500), ...over });
    expect(outcome(answer)).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it('do not show a method under another zone', async () => {
    const [one, two] = [await zoneOf(['US']), await zoneOf(['CA'])];
    const method = await call('POST', `shipping-zones/${one.body.id}/methods`, { name: 'Post', price: price(500) });
    const astray = `shipping-zones/${two.body.id}/methods/${method.body.id}`;
    for (const [verb, body] of [
      ['GET', undefined],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const)
      expect(outcome(await call(verb, astray, body, etag(method)))).toEqual([404, 'not_found']);
    expect(
      outcome(
        await call('POST', `shipping-zones/${one.body.id.slice(0, -4)}0000/methods`, { name: 'Post', price: price(1) }),
      ),
    ).toEqual([404, 'not_found']);
  });

  it('happen once for an Idempotency-Key', async () => {
    const { id } = (await zoneOf()).body;
    const key = newUuid();
    const post = () =>
      request('POST', `/v1/admin/shipping-zones/${id}/methods`, {
        bearer: owner,
        body: { name: 'Post', price: price(500) },
        headers: { 'Idempotency-Key': key },
      });
    const first = await post();
    const again = await post();
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([201, first.body, 'true']);
    expect((await call('GET', `shipping-zones/${id}`)).body.methods).toHaveLength(1);
  });
});

describe('what carts know of the shop', () => {
  it('holds everything, of one version, and cannot be changed by its readers', async () => {
    await call('POST', 'tax-rates', { name: 'Nevada', country: 'US', state: 'NV', ratePpm: 82_500 });
    const zone = (await call('POST', 'shipping-zones', { name: 'Home', countries: ['US'] })).body;
    await call('POST', 'shipping-zones', { name: 'World', countries: ['*'] });
    await call('POST', `shipping-zones/${zone.id}/methods`, { name: 'Second', price: price(700), position: 9 });
    const first = (
      await call('POST', `shipping-zones/${zone.id}/methods`, { name: 'First', price: price(500), position: 1 })
    ).body;
    await call('POST', `shipping-zones/${zone.id}/methods`, { name: 'Hidden', price: price(1), active: false });
    const snapshot = await context().get(await version());
    expect(snapshot).toMatchObject({ currency: 'USD', version: await version(), manualPayments: true });
    expect(taxRatesFor(snapshot, { country: 'US', state: 'nv' })).toMatchObject([{ ratePpm: 82_500, shipping: true }]);
    expect(methodsFor(snapshot, 'US')).toEqual([
      {
        id: decodeId('shippingMethod', first.id),
        name: 'First',
        currency: 'USD',
        position: 1,
        rates: [{ profileId: null, calculation: 'flat', amount: 500, bands: [], freeAbove: null }],
        restrictions: {},
      },
      expect.objectContaining({ name: 'Second', rates: [expect.objectContaining({ amount: 700 })] }),
    ]);
    expect(zoneFor(snapshot, 'NZ')?.name).toBe('World');
    expect(() => Object.assign(snapshot.zones[0]!, { name: 'Mine' })).toThrow(TypeError);
  });

  it('is told of every write', async () => {
    let known = await version();
    const raised = async () => {
      const before = known;
      known = await version();
      return known > before;
    };
    const zone = await call('POST', 'shipping-zones', { name: 'Home', countries: ['US'] });
    expect(await raised()).toBe(true);
    const path = `shipping-zones/${zone.body.id}`;
    const method = await call('POST', `${path}/methods`, { name: 'Post', price: price(500) });
    expect(await raised()).toBe(true);
    const changed = await call('PATCH', `${path}/methods/${method.body.id}`, { price: price(600) }, etag(method));
    expect(await raised()).toBe(true);
    expect(methodsFor(await context().get(known), 'US')[0]!.rates[0]!.amount).toBe(600);
    await call('DELETE', `${path}/methods/${method.body.id}`, undefined, etag(changed));
    expect(await raised()).toBe(true);
    await call('PATCH', path, { name: 'House' }, etag(await call('GET', path)));
    expect(await raised()).toBe(true);
    await call('DELETE', path, undefined, etag(await call('GET', path)));
    expect(await raised()).toBe(true);
    const rate = await call('POST', 'tax-rates', { name: 'US', country: 'US', ratePpm: 1 });
    expect(await raised()).toBe(true);
    const other = await call('PATCH', `tax-rates/${rate.body.id}`, { ratePpm: 2 }, etag(rate));
    expect(await raised()).toBe(true);
    await call('DELETE', `tax-rates/${rate.body.id}`, undefined, etag(other));
    expect(await raised()).toBe(true);
    await call('PATCH', 'settings', { name: 'Emporium' }, `"${known}"`);
    expect(await raised()).toBe(true);
    // A refused change is none.
    await call('PATCH', 'settings', { name: 'Other' }, '"1"');
    expect(await raised()).toBe(false);
  });

  it('is new at once for who knows the version, asks for the newest or made the change, within a second for others, and costs no statement in between', async () => {
    const other = await start();
    const statements = jest.spyOn(other.db, 'query');
    try {
      const reader = context(other);
      const before = await reader.get();
      for (const _i of times(50)) expect(await reader.get(before.version)).toBe(before);
      expect(statements).toHaveBeenCalledTimes(1);

      const changed = await call('PATCH', 'settings', { name: 'Renamed' }, etag(await call('GET', 'settings')));
      const known = await Promise.all(times(20).map(() => reader.get(Number(JSON.parse(etag(changed))))));
      expect(new Set(known.map((snapshot) => snapshot.name))).toEqual(new Set(['Renamed']));
      expect(statements).toHaveBeenCalledTimes(2);

      await call('PATCH', 'settings', { name: 'Again' }, etag(changed));
      await sleep(1_050);
      expect((await reader.get()).name).toBe('Again');
      await sleep(1_050);
      const cached = await reader.get();
      expect(statements.mock.lastCall![0]).toBe('SELECT version FROM shop_settings');
      const spent = statements.mock.calls.length;
      expect(await reader.get()).toBe(cached);
      expect(statements).toHaveBeenCalledTimes(spent);

      const last = await call('PATCH', 'settings', { name: 'Once more' }, etag(await call('GET', 'settings')));
      expect(last.status).toBe(200);
      expect((await context().get()).name).toBe('Once more');
      expect((await reader.newest()).name).toBe('Once more');
    } finally {
      await other.close();
    }
  });

  it('does not take a load that began before the change for one of after it', async () => {
    const other = await start();
    try {
      const query = other.db.query.bind(other.db);
      let arrive = () => {};
      const arrived = new Promise<void>((resolve) => (arrive = resolve));
      let release = () => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      jest.spyOn(other.db, 'query').mockImplementationOnce(async (...statement: Parameters<typeof query>) => {
        const rows = await query(...statement);
        arrive();
        await released;
        return rows as never;
      });
      const early = context(other).get();
      await arrived;
      const changed = await call('PATCH', 'settings', { name: 'Late' }, etag(await call('GET', 'settings')));
      const late = context(other).get(Number(JSON.parse(etag(changed))));
      release();
      expect((await early).name).not.toBe('Late');
      expect((await late).name).toBe('Late');
    } finally {
      await other.close();
    }
  });

  it('is never older than the version that the reader knows, however the changes come', async () => {
    const stop = { now: false };
    const writes = (async () => {
      for (let i = 0; !stop.now; i += 1)
        await call('POST', 'tax-rates', { name: `Rate ${i}`, country: 'US', state: `S${i}`, ratePpm: i });
    })();
    const readers = times(8).map(async () => {
      for (const _i of times(40)) {
        const known = await version();
        const snapshot = await context().get(known);
        expect(snapshot.version).toBeGreaterThanOrEqual(known);
      }
    });
    await Promise.all(readers).finally(() => (stop.now = true));
    await writes;
  });
});
