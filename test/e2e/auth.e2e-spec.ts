import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Req, type Type } from '@nestjs/common';
import { Redis } from 'ioredis';
import { principalOf, type Request } from '#libs/http';
import { decodeId } from '#libs/ids';
import {
  AuthModule,
  CartToken,
  PERMISSIONS,
  Public,
  ROLE_PERMISSIONS,
  ROLES,
  Shopper,
  Staff,
  StaffService,
} from '../../src/modules/auth/index.js';
import { thumbprint } from '../../src/modules/auth/key-set.js';
import { LoginThrottle } from '../../src/modules/auth/login-throttle.js';
import { LoginFailures } from '../../src/modules/auth/login-failures.repository.js';
import { PasswordHasher } from '../../src/modules/auth/password-hasher.js';
import { client } from '../support/call.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

const EMAIL = 'Olive@emporium.example';
const PASSWORD = 'velvet otter lantern quartz';
const MANY = { JOBS: '0', RATE_LIMIT_LOGINS_PER_MIN: '100000', TRUST_PROXY: 'loopback' };

@Controller('v1/probe')
class ProbeController {
  @Get('public')
  @Public()
  open(@Req() request: Request) {
    return { principal: principalOf(request) };
  }
  @Get('shopper')
  @Shopper()
  shopper(@Req() request: Request, @CartToken() token: string | undefined) {
    return { principal: principalOf(request), token };
  }
  @Get('staff')
  @Staff('orders.refund')
  staff(@Req() request: Request) {
    return { principal: principalOf(request), staff: request.staff };
  }
}
@Module({ controllers: [ProbeController] })
class ProbeModule {}

let database: TestDatabase;
let shop: ModuleApp;
let call: ReturnType<typeof client>;
let ownerId: string;

const start = (env: Record<string, string> = MANY, modules: Type[] = [AuthModule, ProbeModule]) =>
  startModules(modules, database.url, env);
const login = (email = EMAIL, password = PASSWORD, from?: string, at = call) =>
  at('POST', '/v1/auth/login', { body: { email, password }, headers: from ? { 'X-Forwarded-For': from } : {} });
const refresh = (refreshToken: string) => call('POST', '/v1/auth/refresh', { body: { refreshToken } });
const probe = (bearer?: string) => call('GET', '/v1/probe/staff', bearer === undefined ? {} : { bearer });
const sql = (text: string, values: unknown[] = []) => shop.db.query(text, values);
const withoutRequestId = (problem: Record<string, unknown>) => ({ ...problem, requestId: undefined });
const times = (n: number) => Array.from({ length: n }, (_, i) => i);

beforeAll(async () => {
  database = await cloneDatabase();
  shop = await start();
  call = client(shop.url);
  const staff = shop.app.get(StaffService, { strict: false });
  ownerId = (await staff.create({ email: EMAIL, name: 'Olive', password: PASSWORD, role: 'owner' })).id;
});
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});

describe('routes', () => {
  it.each([
    ['no rule', () => undefined],
    [
      'two rules',
      (target: object, key: string, descriptor: PropertyDescriptor) =>
        [Public(), Staff('orders.read')].forEach((rule) => rule(target, key, descriptor)),
    ],
  ])('refuse to boot with %s', async (_what, decorate) => {
    @Controller('v1/forgotten')
    class ForgottenController {
      @Get()
      @(decorate as MethodDecorator)
      everything() {
        return {};
      }
    }
    @Module({ controllers: [ForgottenController] })
    class ForgottenModule {}
    await expect(start(MANY, [AuthModule, ProbeModule, ForgottenModule])).rejects.toThrow(
      "GET /v1/forgotten (ForgottenController.everything) needs exactly one of @Public(), @Shopper(), @Customer(), @Staff('permission')",
    );
  });

  it('know a guest by the hash of the cart token, and hand on tokens of the right form only', async () => {
    const token = randomBytes(24).toString('base64url');
    const guest = `guest:${createHash('sha256').update(token).digest('base64url')}`;
    const headers = { 'X-Cart-Token': token };
    expect((await call('GET', '/v1/probe/public', { headers })).body).toEqual({ principal: guest });
    expect((await call('GET', '/v1/probe/shopper', { headers })).body).toEqual({ principal: guest, token });
    expect((await call('GET', '/v1/probe/public')).body).toEqual({ principal: 'anonymous' });
    for (const wrong of ['short', 'has spaces in the middle of it', "'; DROP TABLE carts; --------", 'x'.repeat(201)]) {
      const answer = await call('GET', '/v1/probe/shopper', { headers: { 'X-Cart-Token': wrong } });
      expect([answer.status, answer.body]).toEqual([200, { principal: 'anonymous' }]);
    }
  });

  it('keep personal answers out of caches', async () => {
    const { accessToken } = (await login()).body;
    expect((await probe(accessToken)).headers.get('cache-control')).toBe('private, no-store');
    expect((await call('GET', '/v1/probe/shopper')).headers.get('cache-control')).toBe('private, no-store');
    expect((await login()).headers.get('cache-control')).toBe('private, no-store');
  });
});

describe('login', () => {
  it('begins a session, whatever the case of the address', async () => {
    const answer = await login(EMAIL.toUpperCase());
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      accessToken: expect.stringMatching(/^eyJ/),
      tokenType: 'Bearer',
      expiresIn: 600,
      refreshToken: expect.stringMatching(/^[\w-]{43}$/),
      user: { type: 'staff', id: expect.stringMatching(/^usr_/), email: EMAIL, name: 'Olive', role: 'owner' },
    });
    expect((await probe(answer.body.accessToken)).body).toEqual({
      principal: `staff:${ownerId}`,
      staff: {
        id: ownerId,
        email: EMAIL,
        role: 'owner',
        permissions: [...PERMISSIONS],
        sessionId: expect.any(String),
        lacksTwoFactor: false,
      },
    });
  });

  it('signs with ES256 and names its key by the thumbprint', async () => {
    const { accessToken } = (await login()).body;
    const [header, claims] = accessToken
      .split('.')
      .slice(0, 2)
      .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    expect(header).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: thumbprint(createPublicKey(shop.config.signingKeys[0]!)),
    });
    expect(claims).toMatchObject({ iss: 'emporium', aud: 'emporium-admin', tv: 1 });
    expect(claims.exp - claims.iat).toBe(600);
  });

  it('answers the same to an unknown address, a wrong password and a suspended account, and takes its time each time', async () => {
    const staff = shop.app.get(StaffService, { strict: false });
    const suspended = await staff.create({
      email: 'gone@emporium.example',
      name: 'Gone',
      password: PASSWORD,
      role: 'viewer',
    });
    await sql(`UPDATE users SET suspended_at = now() WHERE id = $1`, [suspended.id]);
    const answers = await Promise.all([
      login('nobody@emporium.example', PASSWORD),
      login(EMAIL, `${PASSWORD}!`),
      login('gone@emporium.example', PASSWORD),
      login('gone@emporium.example', 'quite another password'),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.body.code).toBe('invalid_credentials');
      expect(withoutRequestId(answer.body)).toEqual(withoutRequestId(answers[0].body));
    }
    const unknown = [];
    for (const i of times(5)) {
      const began = performance.now();
      await login(`nobody${i}@emporium.example`);
      unknown.push(performance.now() - began);
    }
    // Without the dummy verification this would be one indexed read. argon2 at our costs takes longer on any machine.
    expect(Math.min(...unknown)).toBeGreaterThan(5);
  });

  it.each([
    [{ email: EMAIL }, '/password'],
    [{ email: 'nobody', password: PASSWORD }, '/email'],
    [{ email: { $ne: null }, password: PASSWORD }, '/email'],
    [{ email: EMAIL, password: 'x'.repeat(257) }, '/password'],
    [{ email: EMAIL, password: PASSWORD, role: 'owner' }, '/role'],
  ])('names what is wrong with %j', async (body, pointer) => {
    const answer = await call('POST', '/v1/auth/login', { body });
    expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).toEqual([
      400,
      'validation_failed',
      pointer,
    ]);
  });

  it('renews a hash that was made with other costs', async () => {
    const { hash } = await import('@node-rs/argon2');
    const old = await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    await sql(`UPDATE users SET password_hash = $2 WHERE id = $1`, [ownerId, old]);
    expect((await login()).status).toBe(200);
    const [row] = await shop.db.query<{ password_hash: string }>(`SELECT password_hash FROM users WHERE id = $1`, [
      ownerId,
    ]);
    expect(row!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await login()).status).toBe(200);
  });

  it('lets in everybody who signs in while the hash is renewed', async () => {
    const { hash } = await import('@node-rs/argon2');
    const old = await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    await sql(`UPDATE users SET password_hash = $2 WHERE id = $1`, [ownerId, old]);
    const answers = await Promise.all(times(6).map(() => login()));
    expect(answers.map(({ status }) => status)).toEqual(times(6).map(() => 200));
    await sql(`UPDATE users SET password_hash = $2 WHERE id = $1`, [ownerId, old]);
    const mixed = await Promise.all(times(6).map((i) => login(EMAIL, i % 2 ? PASSWORD : 'not the password at all')));
    expect(mixed.map(({ status }) => status)).toEqual(times(6).map((i) => (i % 2 ? 200 : 401)));
  });

  it('sends a crowd away instead of giving it every core', async () => {
    const answers = await Promise.all(times(80).map((i) => login(`crowd${i}@emporium.example`)));
    const statuses = answers.map((answer) => answer.status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const refused = answers.find((answer) => answer.status === 429)!;
    expect([refused.body.code, refused.headers.get('retry-after')]).toEqual(['rate_limited', '1']);
    expect((await login()).status).toBe(200);
  });
});

describe('guessing', () => {
  const guesses = async (n: number, email: string, from: string) => {
    const statuses: number[] = [];
    for (const i of times(n)) statuses.push((await login(email, `wrong password number ${i}`, from)).status);
    return statuses;
  };

  it('is limited for each address', async () => {
    const strict = await start({ ...MANY, RATE_LIMIT_LOGINS_PER_MIN: '3' });
    try {
      const at = client(strict.url);
      const statuses = [];
      for (const i of times(4))
        statuses.push((await login(`someone${i}@emporium.example`, PASSWORD, '198.51.100.1', at)).status);
      expect(statuses).toEqual([401, 401, 401, 429]);
      const refused = await login(EMAIL, PASSWORD, '198.51.100.1', at);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect((await login(EMAIL, PASSWORD, '198.51.100.2', at)).status).toBe(200);
      expect((await login(EMAIL, PASSWORD, '2001:db8:1:2::1', at)).status).toBe(200);
    } finally {
      await strict.close();
    }
  });

  it('slows an account down after ten failures from anywhere, but not its owner where they usually are', async () => {
    const staff = shop.app.get(StaffService, { strict: false });
    await staff.create({ email: 'target@emporium.example', name: 'Target', password: PASSWORD, role: 'viewer' });
    expect((await login('target@emporium.example', PASSWORD, '203.0.113.7')).status).toBe(200);

    const statuses = [];
    for (const i of times(14)) statuses.push(...(await guesses(1, 'target@emporium.example', `198.51.100.${i}`)));
    // Ten free ones, and then they wait in line.
    expect(statuses).toEqual([...times(10).map(() => 401), 429, 429, 429, 429]);
    const stranger = await login('target@emporium.example', PASSWORD, '198.51.100.99');
    expect(stranger.status).toBe(429);
    expect(Number(stranger.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await login('target@emporium.example', PASSWORD, '203.0.113.7')).status).toBe(200);
  });

  it('treats an address that nobody has in the same way', async () => {
    expect(await guesses(11, 'phantom@emporium.example', '198.51.100.200')).toEqual([...times(10).map(() => 401), 429]);
  });

  it('is forgotten after a success', async () => {
    const staff = shop.app.get(StaffService, { strict: false });
    await staff.create({ email: 'clumsy@emporium.example', name: 'Clumsy', password: PASSWORD, role: 'viewer' });
    for (const _round of times(3)) {
      expect(await guesses(9, 'clumsy@emporium.example', '203.0.113.8')).toEqual(times(9).map(() => 401));
      expect((await login('clumsy@emporium.example', PASSWORD, '203.0.113.8')).status).toBe(200);
    }
  });

  const redisUrl = process.env.TEST_REDIS_URL;
  const withRedis = redisUrl ? describe : describe.skip;
  withRedis('with Redis', () => {
    it('is counted by all processes together, and each counts alone when Redis is gone', async () => {
      const env = { ...MANY, RATE_LIMIT_LOGINS_PER_MIN: '4', REDIS_URL: redisUrl! };
      const redis = new Redis(redisUrl!);
      await redis.del('emporium:login:address:192.0.2.1', 'emporium:login:address:192.0.2.2');
      await redis.quit();
      const [one, two] = await Promise.all([start(env), start(env)]);
      try {
        const statuses = [];
        for (const process of [one, two, one, two, one, two])
          statuses.push((await login('shared@emporium.example', PASSWORD, '192.0.2.1', client(process.url))).status);
        expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
        two.app.get(LoginThrottle, { strict: false }).onModuleDestroy();
        const alone = [];
        for (const _i of times(5))
          alone.push((await login('alone@emporium.example', PASSWORD, '192.0.2.2', client(two.url))).status);
        expect(alone).toEqual([401, 401, 401, 401, 429]);
      } finally {
        await Promise.all([one.close(), two.close()]);
      }
    });
  });
});

describe('access tokens', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = () => Math.floor(Date.now() / 1000);
  let key: KeyObject;
  let kid: string;
  let header: Record<string, unknown>;
  let claims: Record<string, unknown>;
  let refreshToken: string;
  const es256 = (privateKey: KeyObject) => (input: string) =>
    sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const forge = (overHeader: object = {}, overClaims: object = {}, signer = es256(key)) => {
    const input = `${encode({ ...header, ...overHeader })}.${encode({ ...claims, ...overClaims })}`;
    return `${input}.${signer(input)}`;
  };

  beforeAll(async () => {
    key = shop.config.signingKeys[0]!;
    kid = thumbprint(createPublicKey(key));
    header = { alg: 'ES256', typ: 'at+jwt', kid };
    const session = (await login()).body;
    refreshToken = session.refreshToken;
    claims = JSON.parse(Buffer.from(session.accessToken.split('.')[1], 'base64url').toString());
  });

  it('that we could have signed are believed', async () => {
    expect((await probe(forge())).status).toBe(200);
    // Within the leeway of five seconds.
    expect((await probe(forge({}, { iat: now() - 603, nbf: now() - 603, exp: now() - 3 }))).status).toBe(200);
  });

  it('that are wrong in any way are refused in the same words and as soon, and nobody is asked about them', async () => {
    // Where keys could be fetched from, if somebody were careless enough to do so.
    let connections = 0;
    const stranded = createServer().on('connection', () => (connections += 1));
    await new Promise<void>((done) => stranded.listen(0, '127.0.0.1', done));
    const elsewhere = `http://127.0.0.1:${(stranded.address() as AddressInfo).port}`;
    const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
    const hmac = (secret: string) => (input: string) => createHmac('sha256', secret).update(input).digest('base64url');
    const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const strangerJwk = stranger.publicKey.export({ format: 'jwk' });
    const good = forge();
    const wrong: Record<string, string> = {
      'no signature, alg none': forge({ alg: 'none' }, {}, () => ''),
      'alg None': forge({ alg: 'None' }, {}, () => ''),
      'alg nOnE': forge({ alg: 'nOnE' }, {}, () => ''),
      'no signature': `${good.split('.').slice(0, 2).join('.')}.`,
      'HS256 with the public key': forge({ alg: 'HS256' }, {}, hmac(publicPem)),
      'HS256 with the kid': forge({ alg: 'HS256' }, {}, hmac(kid)),
      'ES384 in name': forge({ alg: 'ES384' }),
      'another key, our kid': forge({}, {}, es256(stranger.privateKey)),
      'another key, its own kid': forge({ kid: thumbprint(stranger.publicKey) }, {}, es256(stranger.privateKey)),
      'another key in the header': forge({ jwk: strangerJwk, kid: 'x' }, {}, es256(stranger.privateKey)),
      jku: forge({ jku: `${elsewhere}/keys`, kid: 'x' }, {}, es256(stranger.privateKey)),
      x5u: forge({ x5u: `${elsewhere}/chain.pem` }, {}, es256(stranger.privateKey)),
      x5c: forge({ x5c: ['MIIB'] }, {}, es256(stranger.privateKey)),
      'kid as an address': forge({ kid: `${elsewhere}/key` }, {}, es256(stranger.privateKey)),
      'issuer as an address': forge({}, { iss: elsewhere }),
      'kid as a path': forge({ kid: '../../../../dev/null' }),
      'kid as SQL': forge({ kid: `' UNION SELECT 'x` }),
      'kid of the prototype': forge({ kid: '__proto__' }),
      'kid that is no text': forge({ kid: { toString: kid } }),
      'no kid': forge({ kid: undefined }),
      crit: forge({ crit: ['exp'] }),
      'another typ': forge({ typ: 'JWT' }),
      'no typ': forge({ typ: undefined }),
      expired: forge({}, { iat: now() - 620, nbf: now() - 620, exp: now() - 20 }),
      'no exp': forge({}, { exp: undefined }),
      'exp as text': forge({}, { exp: String(now() + 60) }),
      'a long life': forge({}, { exp: now() + 86_400 }),
      'not yet': forge({}, { nbf: now() + 60 }),
      'another issuer': forge({}, { iss: 'somebody' }),
      'another audience': forge({}, { aud: 'emporium' }),
      'no audience': forge({}, { aud: undefined }),
      'no subject': forge({}, { sub: undefined }),
      'a subject of another kind': forge({}, { sub: String(claims.sub).replace('usr_', 'cus_') }),
      nobody: forge({}, { sub: 'usr_01j4000000e00800000000000a' }),
      'no session': forge({}, { sid: undefined }),
      'another token version': forge({}, { tv: 2 }),
      'no token version': forge({}, { tv: undefined }),
      'changed claims': [good.split('.')[0], encode({ ...claims, role: 'owner' }), good.split('.')[2]].join('.'),
      'a refresh token': refreshToken,
      garbage: 'a.b.c',
      'null as header': `${encode(null)}.${encode(claims)}.x`,
      'one dot': 'abc.def',
      nothing: '',
      'ten kilobytes': forge({}, { padding: 'x'.repeat(9_000) }),
      'a hundred kilobytes, signed by us': forge({}, { padding: 'x'.repeat(75_000) }),
      'a hundred kilobytes': 'x'.repeat(102_400),
    };
    const reference = await probe();
    expect([reference.status, reference.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const answers = await Promise.all(
      Object.entries(wrong).map(async ([what, token]) => ({ what, answer: await probe(token) })),
    );
    for (const { what, answer } of answers)
      expect([what, answer.status, withoutRequestId(answer.body)]).toEqual([
        what,
        401,
        withoutRequestId(reference.body),
      ]);
    // None is worked on longer than no credentials are, so far as a client can tell: each takes its turn in each round, so that
    // whatever else the machine does makes all of them slower, and the quickest quarter is compared, which waits for others least.
    const asked: [what: string, token: string | undefined][] = [
      ['no credentials', undefined],
      ...Object.entries(wrong),
    ];
    const took = new Map(asked.map(([what]) => [what, [] as number[]]));
    for (const _ of times(21))
      for (const [what, token] of asked) {
        const began = performance.now();
        await probe(token);
        took.get(what)!.push(performance.now() - began);
      }
    const quick = (what: string) => took.get(what)!.sort((one, other) => one - other)[5]!;
    const longest = quick('no credentials') + 25;
    expect(asked.map(([what]) => [what, quick(what)] as const).filter(([, ms]) => ms > longest)).toEqual([]);
    await new Promise((done) => stranded.close(done));
    expect(connections).toBe(0);
    // Longer than anybody reads.
    expect((await probe('x'.repeat(140_000))).status).toBe(431);
    for (const value of [
      good,
      `Basic ${Buffer.from(`${EMAIL}:${PASSWORD}`).toString('base64')}`,
      `Bearer ${good} ${good}x`.replace('Bearer', 'bearer,'),
    ])
      expect((await call('GET', '/v1/probe/staff', { headers: { Authorization: value } })).status).toBe(401);
    expect((await call('GET', '/v1/auth/login')).status).toBe(404);
  });

  it('of a key that is being rolled out are believed while it is in the settings, by the process that has it', async () => {
    const [older, newer] = times(2).map(
      () =>
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }) as string,
    );
    const base64 = (pem: string) => Buffer.from(pem).toString('base64');
    const before = await start({ ...MANY, SIGNING_KEY: base64(older!) });
    const after = await start({ ...MANY, SIGNING_KEY: [newer!, older!].map(base64).join(',') });
    try {
      const [old, fresh] = await Promise.all(
        [before, after].map(
          async (app) => (await login(EMAIL, PASSWORD, undefined, client(app.url))).body.accessToken as string,
        ),
      );
      const at = async (app: ModuleApp, bearer: string) =>
        (await client(app.url)('GET', '/v1/probe/staff', { bearer })).status;
      expect([
        await at(before, old!),
        await at(after, old!),
        await at(after, fresh!),
        await at(before, fresh!),
      ]).toEqual([200, 200, 200, 401]);
      expect(await at(shop, old!)).toBe(401);
      // Others who check our tokens find both keys, the one that signs first, and each checks its own tokens only.
      const { body } = await client(after.url)('GET', '/.well-known/jwks.json');
      const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid;
      expect(body.keys.map(({ kid }: { kid: string }) => kid)).toEqual([fresh, old].map((token) => kidOf(token!)));
      const signed = body.keys.map((jwk: JsonWebKey) =>
        [fresh, old].map((token) => {
          const [header, claims, signature] = token!.split('.') as [string, string, string];
          const key = createPublicKey({ key: jwk, format: 'jwk' });
          const bytes = Buffer.from(signature, 'base64url');
          return verify('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, bytes);
        }),
      );
      expect(signed).toEqual([
        [true, false],
        [false, true],
      ]);
    } finally {
      await Promise.all([before.close(), after.close()]);
    }
  });

  it('lose their power at once with the account, its role, its token version', async () => {
    const staff = shop.app.get(StaffService, { strict: false });
    const { id } = await staff.create({
      email: 'temp@emporium.example',
      name: 'Temp',
      password: PASSWORD,
      role: 'manager',
    });
    const { accessToken, refreshToken: itsRefreshToken } = (await login('temp@emporium.example')).body;
    expect((await probe(accessToken)).status).toBe(200);
    await sql(`UPDATE users SET role = 'viewer' WHERE id = $1`, [id]);
    const forbidden = await probe(accessToken);
    expect([forbidden.status, forbidden.body.code]).toEqual([403, 'forbidden']);
    await sql(`UPDATE users SET role = 'manager', suspended_at = now() WHERE id = $1`, [id]);
    expect((await probe(accessToken)).status).toBe(401);
    expect((await refresh(itsRefreshToken)).status).toBe(401);
    await sql(`UPDATE users SET suspended_at = NULL WHERE id = $1`, [id]);
    expect((await probe(accessToken)).status).toBe(200);
    await sql(`UPDATE users SET token_version = 2 WHERE id = $1`, [id]);
    expect((await probe(accessToken)).status).toBe(401);
  });
});

describe('refresh tokens', () => {
  const age = (seconds: number) =>
    sql(`UPDATE refresh_tokens SET used_at = used_at - make_interval(secs => $1) WHERE used_at IS NOT NULL`, [seconds]);

  it('work once, and each gives the next', async () => {
    const first = (await login()).body;
    const second = await refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ tokenType: 'Bearer', user: { email: EMAIL } });
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect((await probe(second.body.accessToken)).status).toBe(200);
    const third = await refresh(second.body.refreshToken);
    expect((await refresh(third.body.refreshToken)).status).toBe(200);
  });

  it('are not kept in clear', async () => {
    const { refreshToken } = (await login()).body;
    const [row] = await shop.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM refresh_tokens WHERE token_hash = $1 AND encode(token_hash, 'escape') <> $2`,
      [createHash('sha256').update(refreshToken).digest(), refreshToken],
    );
    expect(row!.n).toBe(1);
  });

  it('that come a second time end the session, its access tokens too, and no other', async () => {
    const other = (await login()).body;
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    await age(11);
    const reused = await refresh(first.refreshToken);
    expect([reused.status, reused.body.code]).toEqual([401, 'invalid_refresh_token']);
    expect((await refresh(second.refreshToken)).status).toBe(401);
    expect((await probe(second.accessToken)).status).toBe(401);
    expect((await probe(first.accessToken)).status).toBe(401);
    expect((await probe(other.accessToken)).status).toBe(200);
    expect((await refresh(other.refreshToken)).status).toBe(200);
    // Whoever looks after the account finds it in the audit log, once, without the token.
    const { sid } = JSON.parse(Buffer.from(first.accessToken.split('.')[1], 'base64url').toString());
    const entries = await shop.db.query(
      `SELECT actor, after FROM audit_log WHERE record_type = 'users' AND record_id = $1 AND after ? 'sessionEnded'`,
      [ownerId],
    );
    expect(entries).toEqual([{ actor: 'storefront', after: { sessionEnded: sid, because: 'refresh_token_reused' } }]);
    await refresh(first.refreshToken);
    expect(
      await shop.db.query(`SELECT FROM audit_log WHERE record_id = $1 AND after ? 'sessionEnded'`, [ownerId]),
    ).toHaveLength(1);
  });

  it('that come again at once are refused without harm, unless the chain has gone on', async () => {
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    expect((await refresh(first.refreshToken)).status).toBe(401);
    const third = await refresh(second.refreshToken);
    expect(third.status).toBe(200);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await refresh(third.body.refreshToken)).status).toBe(401);
  });

  it('make one chain out of twenty requests at once', async () => {
    const { refreshToken } = (await login()).body;
    const answers = await Promise.all(times(20).map(() => refresh(refreshToken)));
    const made = answers.filter((answer) => answer.status === 200);
    expect(made).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(19);
    expect((await refresh(made[0]!.body.refreshToken)).status).toBe(200);
  });

  it('end 30 days after the login, however often they were renewed', async () => {
    const first = (await login()).body;
    const second = (await refresh(first.refreshToken)).body;
    const hash = createHash('sha256').update(second.refreshToken).digest();
    const [row] = await shop.db.query<{ days: number }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 86400)::int AS days FROM refresh_tokens WHERE token_hash = $1`,
      [hash],
    );
    expect(row!.days).toBe(30);
    await sql(`UPDATE refresh_tokens SET expires_at = now() - interval '1 second' WHERE token_hash = $1`, [hash]);
    expect((await refresh(second.refreshToken)).status).toBe(401);
  });

  it('end with a logout, which may be repeated, and with it the access tokens', async () => {
    const { accessToken, refreshToken } = (await login()).body;
    for (const _round of times(2))
      expect((await call('POST', '/v1/auth/logout', { body: { refreshToken } })).status).toBe(204);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await probe(accessToken)).status).toBe(401);
    expect((await call('POST', '/v1/auth/logout', { body: { refreshToken: 'unknown' } })).status).toBe(204);
  });
});

describe('staff', () => {
  it('learn who they are and what they may do', async () => {
    const { accessToken } = (await login()).body;
    const me = await call('GET', '/v1/admin/me', { bearer: accessToken });
    expect(me.body).toEqual({
      id: expect.stringMatching(/^usr_/),
      email: EMAIL,
      name: 'Olive',
      role: 'owner',
      customRole: null,
      isInvited: false,
      hasTwoFactor: false,
      suspendedAt: null,
      createdAt: expect.stringMatching(/\.\d{3}Z$/),
      permissions: [...PERMISSIONS],
    });
    expect(decodeId('user', me.body.id)).toBe(ownerId);
  });

  it('of each role enter where their role may', async () => {
    for (const role of ROLES) {
      const bearer = await shop.staffToken(role);
      const may = ROLE_PERMISSIONS[role];
      expect([role, (await probe(bearer)).status]).toEqual([role, may.includes('orders.refund') ? 200 : 403]);
      expect([role, (await call('GET', '/v1/admin/users', { bearer })).status]).toEqual([
        role,
        may.includes('staff.read') ? 200 : 403,
      ]);
      expect((await call('GET', '/v1/admin/me', { bearer })).body.permissions).toEqual(may);
    }
    expect((await call('GET', '/v1/admin/me')).status).toBe(401);
  });

  it('are made by owners; the same request again answers the same account', async () => {
    const bearer = await shop.staffToken('owner');
    const body = {
      email: 'robin@emporium.example',
      name: 'Robin Weaver',
      password: 'velvet-otter-lantern-quartz-318',
      role: 'support',
    };
    const create = (over: object = {}) => call('POST', '/v1/admin/users', { bearer, body: { ...body, ...over } });
    const made = await create();
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^usr_/),
      email: body.email,
      name: body.name,
      role: 'support',
      customRole: null,
      isInvited: false,
      hasTwoFactor: false,
      suspendedAt: null,
      createdAt: expect.any(String),
    });
    expect((await create()).body).toEqual(made.body);
    for (const other of [
      { email: 'ROBIN@emporium.example', role: 'owner' },
      { password: 'another long password, unrelated' },
      { name: 'Robin' },
    ]) {
      const refused = await create(other);
      expect([refused.status, refused.body.code]).toEqual([409, 'email_taken']);
    }
    expect((await login(body.email, body.password)).body.user.role).toBe('support');
    // Nobody learns in this way whether the password of a colleague is right.
    expect((await create()).body.code).toBe('email_taken');
    const idle = { ...body, email: 'idle@emporium.example' };
    expect((await create(idle)).status).toBe(201);
    await shop.db.query(`UPDATE users SET created_at = created_at - interval '11 minutes' WHERE email = $1`, [
      idle.email,
    ]);
    expect((await create(idle)).body.code).toBe('email_taken');
    const race = await Promise.all(times(5).map((i) => create({ email: 'race@emporium.example', name: `Racer ${i}` })));
    expect(race.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([201, 409, 409, 409, 409]);
  });

  it.each([
    [{ password: 'short' }, '/password', 'too_short'],
    [{ password: 'passwordpassword1234' }, '/password', 'too_common'],
    [{ password: 'robin@emporium.example' }, '/password', 'too_common'],
    [{ role: 'admin' }, '/role', 'not_allowed'],
    [{ email: 'robin' }, '/email', 'invalid_email'],
    [{ permissions: ['orders.read'] }, '/permissions', 'unknown_field'],
  ])('are not made with %j', async (over, pointer, code) => {
    const bearer = await shop.staffToken('owner');
    const answer = await call('POST', '/v1/admin/users', {
      bearer,
      body: {
        email: 'robin2@emporium.example',
        name: 'Robin',
        password: 'velvet-otter-lantern-quartz-318',
        role: 'viewer',
        ...over,
      },
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ pointer, code })]);
  });

  it('are listed in pages, without their passwords', async () => {
    const bearer = await shop.staffToken('owner');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: any = await call('GET', `/v1/admin/users?limit=3&include=total${cursor && `&cursor=${cursor}`}`, {
        bearer,
      });
      expect(page.status).toBe(200);
      expect(JSON.stringify(page.body)).not.toMatch(/argon|password/i);
      seen.push(...page.body.data.map((row: { id: string }) => row.id));
      cursor = page.body.page.next;
      if (cursor === null) expect(page.body.page.total).toBe(seen.length);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort());
    expect((await call('GET', '/v1/admin/users?cursor=x', { bearer })).body.code).toBe('invalid_cursor');
    expect((await call('GET', '/v1/admin/users?role=owner', { bearer })).body.code).toBe('unknown_parameter');
  });
});

describe('the first owner', () => {
  const serviceOf = (app: ModuleApp) => app.app.get(StaffService, { strict: false });
  const onEmptyDatabase = async (
    env: Record<string, string>[],
    check: (apps: ModuleApp[], url: string) => Promise<void>,
  ) => {
    const empty = await cloneDatabase();
    const apps = await Promise.all(env.map((over) => startModules([AuthModule], empty.url, { ...MANY, ...over })));
    try {
      await check(apps, empty.url);
    } finally {
      await Promise.all(apps.map((app) => app.close()));
      await empty.drop();
    }
  };

  it('is made once by processes that start together, with a password that can be read and typed', () =>
    onEmptyDatabase([{}, {}], async (apps) => {
      const made = (await Promise.all([...apps, ...apps].map((app) => serviceOf(app).ensureFirstOwner()))).filter(
        (owner) => owner !== null,
      );
      expect(made).toEqual([
        { email: 'admin@emporium.example', password: expect.stringMatching(/^([a-z]+-){5}\d{3}$/), generated: true },
      ]);
      const { email, password } = made[0]!;
      const session = await login(email, password, undefined, client(apps[0]!.url));
      expect([session.status, session.body.user.role]).toEqual([200, 'owner']);
      expect(await serviceOf(apps[1]!).ensureFirstOwner()).toBeNull();
    }));

  it('is made once even when all processes have found that there is none', () =>
    onEmptyDatabase([{}, {}], async ([one, two]) => {
      const [a, b] = await one!.db.withClient(async (client) => {
        // Readers go on, writers wait: both processes have looked before either can write.
        await client.query('BEGIN; LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE');
        const making = [one!, two!].map((app) => serviceOf(app).ensureFirstOwner());
        const waiting = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        while ((await one!.db.query<{ n: number }>(waiting))[0]!.n < 2) await sleep(10);
        await client.query('COMMIT');
        return Promise.all(making);
      });
      expect([a, b].filter((owner) => owner === null)).toHaveLength(1);
      expect(await one!.db.query(`SELECT 1 FROM users`)).toHaveLength(1);
    }));

  it('has the password of the settings', () =>
    onEmptyDatabase([{ ADMIN_EMAIL: 'me@shop.example', ADMIN_PASSWORD: PASSWORD }], async ([app]) => {
      expect(await serviceOf(app!).ensureFirstOwner()).toEqual({
        email: 'me@shop.example',
        password: PASSWORD,
        generated: false,
      });
      expect((await login('me@shop.example', PASSWORD, undefined, client(app!.url))).status).toBe(200);
    }));

  it('is not made with a password that is easy to guess, nor without one in production', () =>
    onEmptyDatabase([{ ADMIN_PASSWORD: 'qwertyuiop123456' }], async ([app]) => {
      await expect(serviceOf(app!).ensureFirstOwner()).rejects.toThrow(
        'ADMIN_PASSWORD is one of those that are tried first',
      );
      const production = new StaffService(
        app!.db,
        app!.app.get(PasswordHasher, { strict: false }),
        app!.app.get(LoginFailures, { strict: false }),
        { ...app!.config, production: true, admin: { email: 'me@shop.example', password: null } },
      );
      await expect(production.ensureFirstOwner()).rejects.toThrow('ADMIN_PASSWORD is missing');
    }));
});
