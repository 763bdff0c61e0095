import { DataSource } from 'typeorm';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { ormOptions } from '../../ormconfig.js';
import { migrate } from '../../src/bootstrap/migrate.js';
import { HashesOfPublishableKeys1790000000056 } from '../../src/db/migrations/1790000000056-hashes-of-publishable-keys.js';
import { migrations } from '../../src/db/migrations/index.js';
import { Reaper } from '../../src/modules/operations/reap.job.js';
import { emptyDatabase } from '../support/postgres.js';
import { Shop } from '../support/shop.js';

const KEYS = '/v1/admin/publishable-keys';
const PAGE = 'https://shop.example.com';

let shop: Shop;
let owner: string;
beforeAll(async () => {
  shop = await Shop.start({ env: { CORS_ORIGINS: `${PAGE},https://other.example.com` } });
  owner = await shop.staff('owner');
  await shop.product({ stock: 5, currency: 'EUR', handle: 'euro-thing' });
  await shop.product({ stock: 5, currency: 'USD', handle: 'dollar-thing' });
});
afterAll(async () => {
  await shop?.stop();
});

const as = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}, bearer = owner) =>
  shop.call(method, path, { bearer, body, headers });
const make = async (body: object = {}) => (await as('POST', KEYS, { name: 'Shop', ...body })).body;
const ask = (key: string, headers: Record<string, string> = {}, path = '/v1/products') =>
  shop.call('GET', path, { headers: { 'X-Publishable-Key': key, ...headers } });
const handles = async (key: string, headers: Record<string, string> = {}) =>
  (await ask(key, headers)).body.data.map((card: any) => card.handle);
const etagOf = async (id: string) => (await as('GET', `${KEYS}/${id}`)).headers.get('etag')!;

describe('a publishable key', () => {
  it('says what its storefront shows by itself', async () => {
    const made = await as('POST', KEYS, { name: ' Europe ', currency: 'EUR', country: 'DE' });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^pkey_/),
      key: expect.stringMatching(/^emp_pk_[0-9a-f]{32}$/),
      hint: made.body.key.slice(-4),
      name: 'Europe',
      currency: 'EUR',
      country: 'DE',
      origins: [],
      requestsPerMin: null,
      lastUsedAt: null,
    });
    const { id, key } = made.body;
    expect(await handles(key)).toEqual(['euro-thing']);
    expect(await handles(key, { 'X-Currency': 'USD' })).toEqual(['dollar-thing']);
    expect((await shop.call('GET', '/v1/products')).body.data[0].handle).toBe('dollar-thing');
    expect((await ask(key)).headers.get('vary')).toContain('X-Publishable-Key');
    const cart = await shop.call('POST', '/v1/carts', { body: {}, headers: { 'X-Publishable-Key': key } });
    expect(cart.status).toBe(201);
    await shop.until(
      async () => (await as('GET', `${KEYS}/${id}`)).body.lastUsedAt !== null,
      'the use of the key to be noted',
    );

    const changed = await as(
      'PATCH',
      `${KEYS}/${id}`,
      { currency: null, name: 'World' },
      { 'If-Match': await etagOf(id) },
    );
    expect(changed.body).toMatchObject({ currency: null, country: 'DE', name: 'World' });
    expect(await handles(key)).toEqual(['dollar-thing']);
    expect((await as('PATCH', `${KEYS}/${id}`, { name: 'x' })).status).toBe(428);
    expect((await as('PATCH', `${KEYS}/${id}`, { name: 'x' }, { 'If-Match': '"1"' })).body.code).toBe(
      'version_mismatch',
    );
  });

  it('is shown once, when it is made or takes the place of another, and kept as a hash', async () => {
    const made = await make();
    const rotated = (await as('POST', `${KEYS}/${made.id}/rotate`, {})).body;
    for (const { id, key } of [made, rotated]) {
      const headers = { 'If-Match': await etagOf(id) };
      const changed = await as('PATCH', `${KEYS}/${id}`, { name: 'Shown once' }, headers);
      expect(changed.body).toMatchObject({ name: 'Shown once', hint: key.slice(-4) });
      const audit = await as('GET', `/v1/admin/audit-log?recordId=${id}`);
      expect(audit.body.data.at(-1).after).toMatchObject({ key_hash: '[redacted]', hint: key.slice(-4) });
      const [row] = await shop.db.query<{ text: string; hash: string }>(
        `SELECT k::text AS text, encode(key_hash, 'hex') AS hash FROM publishable_keys k WHERE id = $1`,
        [decodeId('publishableKey', id)],
      );
      const answers = [changed, audit, await as('GET', `${KEYS}/${id}`), await as('GET', KEYS)];
      const told = answers.map(({ body }) => JSON.stringify(body));
      for (const text of [row!.text, ...told]) expect(text).not.toContain(key.slice(7));
      for (const text of told) expect(text).not.toContain(row!.hash);
      expect((await ask(key)).status).toBe(200);
    }
  });

  it('is over at once when it is revoked, and at its time when another took its place', async () => {
    const old = await make({ currency: 'EUR', origins: [PAGE] });
    const fresh = await as('POST', `${KEYS}/${old.id}/rotate`, { overlapHours: 2 });
    expect([fresh.status, fresh.body]).toMatchObject([201, { name: 'Shop', currency: 'EUR', origins: [PAGE] }]);
    expect(fresh.body.key).not.toBe(old.key);
    expect([(await ask(old.key)).status, (await ask(fresh.body.key)).status]).toEqual([200, 200]);
    const left = Date.parse((await as('GET', `${KEYS}/${old.id}`)).body.expiresAt) - Date.now();
    expect(Math.round(left / 3_600_000)).toBe(2);
    await shop.db.query(`UPDATE publishable_keys SET expires_at = now() - interval '1 ms' WHERE id = $1`, [
      decodeId('publishableKey', old.id),
    ]);
    const over = await ask(old.key);
    expect([over.status, over.body.code]).toEqual([401, 'invalid_publishable_key']);
    expect((await as('POST', `${KEYS}/${old.id}/rotate`, {})).body.code).toBe('invalid_state');

    expect((await as('DELETE', `${KEYS}/${fresh.body.id}`)).status).toBe(204);
    expect((await ask(fresh.body.key)).body.code).toBe('invalid_publishable_key');
    expect((await as('DELETE', `${KEYS}/${fresh.body.id}`)).status).toBe(204);
    expect((await as('GET', `${KEYS}/${fresh.body.id}`)).body.revokedAt).toEqual(expect.any(String));
    const log = await as('GET', `/v1/admin/audit-log?recordType=publishable_keys&recordId=${fresh.body.id}`);
    expect(log.body.data.map((entry: any) => entry.action)).toEqual(['update', 'insert']);
  });

  it('is refused where it is not one, and from pages that are not on its list', async () => {
    for (const key of ['x', `emp_pk_${'0'.repeat(32)}`, `emp_sk_${'0'.repeat(32)}`, ' ', 'emp_pk_'])
      expect([key, (await ask(key)).body.code]).toEqual([key, 'invalid_publishable_key']);
    const { key } = await make({ origins: [PAGE] });
    expect((await ask(key, { Origin: PAGE })).status).toBe(200);
    expect((await ask(key)).status).toBe(200);
    for (const origin of ['https://other.example.com', 'null', `${PAGE}.evil.example`]) {
      const refused = await ask(key, { Origin: origin });
      expect([origin, refused.status, refused.body.code]).toEqual([origin, 403, 'origin_not_allowed']);
    }
    // Those that are allowed may ask whether they may send it.
    const preflight = await fetch(`${shop.url}/v1/products`, {
      method: 'OPTIONS',
      headers: {
        Origin: PAGE,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'x-publishable-key',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')!.toLowerCase()).toContain('x-publishable-key');
    // It opens nothing that is closed, and does not stand in the way of staff.
    expect((await shop.call('GET', '/v1/admin/orders', { headers: { 'X-Publishable-Key': key } })).status).toBe(401);
    expect((await as('GET', '/v1/admin/orders', undefined, { 'X-Publishable-Key': 'x' })).status).toBe(200);
  });

  it('has a limit of its own, for all its visitors together', async () => {
    const [little, other] = [await make({ requestsPerMin: 3 }), await make()];
    const answers = [];
    for (let n = 0; n < 5; n += 1) answers.push(await ask(little.key));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(answers[0]!.headers.get('ratelimit-limit')).toBe('3');
    expect(answers[0]!.headers.get('ratelimit-remaining')).toBe('2');
    expect(Number(answers[3]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect([(await ask(other.key)).status, (await shop.call('GET', '/v1/products')).status]).toEqual([200, 200]);
  });

  it('is made by owners, of what makes sense', async () => {
    for (const role of ['manager', 'viewer'])
      expect((await as('POST', KEYS, { name: 'x' }, {}, await shop.staff(role))).status).toBe(403);
    const robot = await as('POST', '/v1/admin/api-keys', { name: 'Robot', scopes: ['keys.read', 'keys.write'] });
    expect((await as('POST', KEYS, { name: 'x' }, {}, robot.body.key)).status).toBe(403);
    const wrong: [object, string][] = [
      [{ name: '' }, '/name'],
      [{ currency: 'XXQ' }, '/currency'],
      [{ country: 'ZZ' }, '/country'],
      [{ requestsPerMin: 0 }, '/requestsPerMin'],
      [{ origins: [PAGE, `${PAGE}/`] }, '/origins/1'],
      [{ origins: ['*'] }, '/origins/0'],
      [{ origins: ['null'] }, '/origins/0'],
      [{ origins: ['javascript:alert(1)'] }, '/origins/0'],
      [{ key: 'emp_pk_mine' }, '/key'],
    ];
    for (const [body, pointer] of wrong) {
      const refused = await as('POST', KEYS, { name: 'x', ...body });
      expect([body, refused.status, refused.body.errors[0].pointer]).toEqual([body, 400, pointer]);
    }
    expect((await as('GET', `${KEYS}/pkey_${'0'.repeat(26)}`)).status).toBe(404);
  });
});

describe('a shop that asks storefronts who they are', () => {
  it('answers nothing else of the storefront without a key, but lets people sign in and probes look', async () => {
    const strict = await Shop.start({ env: { REQUIRE_PUBLISHABLE_KEY: '1' } });
    try {
      const bearer = await strict.staff('owner');
      const { key } = (await strict.call('POST', KEYS, { bearer, body: { name: 'Shop' } })).body;
      for (const [method, path] of [
        ['GET', '/v1/products'],
        ['POST', '/v1/carts'],
        ['GET', '/v1/me'],
      ] as const) {
        const body = method === 'POST' ? {} : undefined;
        const refused = await strict.call(method, path, { body });
        expect([path, refused.status, refused.body.code]).toEqual([path, 401, 'publishable_key_missing']);
      }
      const shown = (path: string) => strict.call('GET', path, { headers: { 'X-Publishable-Key': key } });
      expect((await shown('/v1/products')).status).toBe(200);
      expect((await shown('/v1/me')).body.code).toBe('unauthenticated');
      const login = await strict.call('POST', '/v1/auth/login', { body: { email: 'a@example.com', password: 'x' } });
      expect(login.body.code).toBe('invalid_credentials');
      expect((await strict.call('GET', '/health/live')).status).toBe(200);
      expect((await strict.call('GET', '/v1/admin/orders', { bearer })).status).toBe(200);
    } finally {
      await strict.stop();
    }
  });
});

describe('keys that an earlier release made', () => {
  it('work for both releases beside each other, and their text is forgotten a day later, for good', async () => {
    const database = await emptyDatabase();
    const earlier = await new DataSource({
      ...ormOptions(database.url),
      migrations: migrations.slice(0, migrations.indexOf(HashesOfPublishableKeys1790000000056)),
    }).initialize();
    const [user, before, meanwhile] = [newUuid(), newUuid(), newUuid()];
    const keys = [`emp_pk_${'b4'.repeat(16)}`, `emp_pk_${'c3'.repeat(16)}`];
    let upgraded: Shop | undefined;
    try {
      const insert = (id: string, key: string) =>
        earlier.transaction(async (tx) => {
          await tx.query(`SELECT set_config('emporium.actor', 'staff:' || $1, true)`, [user]);
          await tx.query(`INSERT INTO publishable_keys (id, key, name, created_by) VALUES ($1, $2, 'Shop', $3)`, [id, key, user]); // prettier-ignore
        });
      await earlier.runMigrations();
      await earlier.query(
        `INSERT INTO users (id, email, password_hash, role) VALUES ($1, 'owner@example.com', 'none', 'owner')`,
        [user],
      );
      await insert(before, keys[0]!);
      await migrate(database.url);
      await insert(meanwhile, keys[1]!);

      const here = (upgraded = await Shop.start({ database }));
      const bearer = await here.staff('owner');
      const reap = () => here.app.get(Reaper, { strict: false }).handle({ progress: async () => undefined } as never);
      const plain = () => earlier.query(`SELECT FROM publishable_keys WHERE key = ANY($1)`, [keys]);
      const answers = () =>
        Promise.all(
          keys.map(async (key) => {
            const headers = { 'X-Publishable-Key': key };
            return (await here.call('GET', '/v1/products', { headers })).status;
          }),
        );
      await reap();
      expect([await answers(), (await plain()).length]).toEqual([[200, 200], 2]);
      const listed = await here.call('GET', KEYS, { bearer });
      expect(listed.body.data.map(({ id, hint }: any) => [id, hint])).toEqual([
        [encodeId('publishableKey', meanwhile), 'c3c3'],
        [encodeId('publishableKey', before), 'b4b4'],
      ]);
      const audited = await earlier.query(`SELECT after FROM audit_log WHERE record_id = $1`, [meanwhile]);
      expect(audited).toMatchObject([{ after: { key: '[redacted]', key_hash: '[redacted]' } }]);

      const ends = await earlier.query(
        `SELECT plain_until > now() + interval '23 hours' AS late FROM publishable_keys`,
      );
      expect(ends).toEqual([{ late: true }, { late: true }]);
      await earlier.query(`UPDATE publishable_keys SET plain_until = now() - interval '1 ms'`);
      await reap();
      const runner = earlier.createQueryRunner();
      await new HashesOfPublishableKeys1790000000056().up(runner).finally(() => runner.release());
      expect([await answers(), await plain()]).toEqual([[200, 200], []]);
    } finally {
      await upgraded?.stop();
      await earlier.destroy();
      await database.drop();
    }
  });
});
