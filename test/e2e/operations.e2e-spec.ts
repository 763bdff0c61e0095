import { createServer, connect, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { encodeId, newUuid } from '#libs/ids';
import { JobRunner } from '#libs/jobs';
import { AuthModule } from '../../src/modules/auth/index.js';
import { LedgerModule } from '../../src/modules/ledger/index.js';
import { OperationsModule, Readiness, registerEdgeHooks } from '../../src/modules/operations/index.js';
import { OrdersModule } from '../../src/modules/orders/index.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, emptyDatabase, type TestDatabase } from '../support/postgres.js';

// The books name orders and the ledger: their jobs are declared then, and must have their handlers.
const MODULES = [AuthModule, LedgerModule, OrdersModule, OperationsModule];
const start = (url: string, env: Record<string, string> = {}) => startModules(MODULES, url, env, registerEdgeHooks);

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(async () => {
  await database?.drop();
});

describe('health', () => {
  it('is live and ready when the database and its schema are there', async () => {
    const shop = await start(database.url);
    try {
      const live = await fetch(`${shop.url}/health/live`);
      expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
      const ready = await fetch(`${shop.url}/health/ready`);
      expect(ready.status).toBe(200);
      expect(ready.headers.get('cache-control')).toBe('no-store');
      expect(await ready.json()).toEqual({
        status: 'ready',
        checks: {
          postgres: { status: 'up' },
          migrations: { status: 'up' },
          redis: { status: 'not_used' },
          stripe: { status: 'not_used' },
        },
      });
      shop.app.get(Readiness, { strict: false }).setNotReady();
      const stopping = await fetch(`${shop.url}/health/ready`);
      expect([stopping.status, stopping.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await stopping.json()).toMatchObject({ code: 'not_ready', checks: { postgres: { status: 'up' } } });
      expect((await fetch(`${shop.url}/health/live`)).status).toBe(200);
    } finally {
      await shop.close();
    }
  });

  it('is not ready while migrations are missing', async () => {
    const empty = await emptyDatabase();
    const shop = await start(empty.url, { JOBS: '0' });
    try {
      const ready = await fetch(`${shop.url}/health/ready`);
      expect(ready.status).toBe(503);
      const { checks } = (await ready.json()) as { checks: Record<string, { status: string; detail?: string }> };
      expect(checks.postgres).toEqual({ status: 'up' });
      expect(checks.migrations!.status).toBe('pending');
      expect(checks.migrations!.detail).toMatch(/^[1-9]\d* to run$/);
    } finally {
      await shop.close();
      await empty.drop();
    }
  });

  it('says within two seconds that Postgres is away, however it is away, and recovers by itself', async () => {
    const proxy = await TcpProxy.start(new URL(database.url));
    const through = new URL(database.url);
    through.host = `127.0.0.1:${proxy.port}`;
    const shop = await start(through.href, { JOBS: '0' });
    const probe = async () => {
      const began = performance.now();
      const { status } = await fetch(`${shop.url}/health/ready`);
      return { status, ms: performance.now() - began };
    };
    try {
      expect((await probe()).status).toBe(200);
      for (const fault of ['silent', 'refusing'] as const) {
        proxy.mode = fault;
        await sleep(600);
        const away = await probe();
        expect(away.status).toBe(503);
        expect(away.ms).toBeLessThan(2_000);
        proxy.mode = 'open';
        await expectSoon(async () => expect((await probe()).status).toBe(200));
      }
    } finally {
      await shop.close();
      await proxy.stop();
    }
  });
});

describe('metrics', () => {
  it('answers this machine only, and nobody who came through a proxy', async () => {
    const shop = await start(database.url);
    try {
      await shop.db.query(
        `INSERT INTO jobs (id, queue, name, dedupe_key, payload, state) VALUES ($1, 'payments', 'x', 'metrics', '{}', 'dead')`,
        [newUuid()],
      );
      await shop.db.query(
        `INSERT INTO facet_counts (currency, kind, text, label, listed, available) SELECT 'USD', 'vendor', 'x', 'X', 1, 0 FROM generate_series(1, 3)`,
      );
      await fetch(`${shop.url}/health/live?x=1`);
      await fetch(`${shop.url}/health/live`);
      const response = await fetch(`${shop.url}/metrics`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('text/plain');
      const text = await response.text();
      expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/health\/live",status="200"\} 1/);
      expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/health\/live",status="400"\} 1/);
      expect(text).toMatch(/emporium_database_connections\{state="waiting"\} 0/);
      expect(text).toMatch(/emporium_outbox_age_seconds 0/);
      expect(text).toMatch(/emporium_jobs\{queue="payments",state="dead"\} 1/);
      expect(text).toMatch(/emporium_facet_counts_waiting 3/);
      expect(text).toMatch(/process_resident_memory_bytes \d/);
      for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via']) {
        expect((await fetch(`${shop.url}/metrics`, { headers: { [header]: '127.0.0.1' } })).status).toBe(404);
      }
    } finally {
      await shop.close();
    }
  });

  it('wants the token where one is set', async () => {
    const shop = await start(database.url, { METRICS_TOKEN: 'a-token-of-sixteen-or-more' });
    try {
      const get = (authorization?: string) =>
        fetch(`${shop.url}/metrics`, { headers: authorization ? { Authorization: authorization } : {} });
      expect((await get()).status).toBe(401);
      expect((await get('Bearer a-token-of-sixteen-or-morf')).status).toBe(401);
      expect((await get('Bearer a-token-of-sixteen-or-more')).status).toBe(200);
    } finally {
      await shop.close();
    }
  });
});

describe('rate limits', () => {
  const limited = {
    RATE_LIMIT_READS_PER_MIN: '4',
    RATE_LIMIT_WRITES_PER_MIN: '5',
    RATE_LIMIT_CART_WRITES_PER_MIN: '2',
  };
  const read = (shop: ModuleApp, headers: Record<string, string> = {}) => fetch(`${shop.url}/v1/nothing`, { headers });
  const write = (shop: ModuleApp, headers: Record<string, string> = {}) =>
    fetch(`${shop.url}/v1/nothing`, { method: 'POST', headers });
  const statuses = async (calls: (() => Promise<Response>)[]) => {
    const all: number[] = [];
    for (const call of calls) all.push((await call()).status);
    return all;
  };
  const times = <T>(n: number, item: T) => Array.from({ length: n }, () => item);

  it('counts reads and writes of an address, and tells how many are left', async () => {
    const shop = await start(database.url, limited);
    try {
      const first = await read(shop);
      expect(first.headers.get('ratelimit-limit')).toBe('4');
      expect(first.headers.get('ratelimit-remaining')).toBe('3');
      expect(Number(first.headers.get('ratelimit-reset'))).toBeGreaterThan(50);
      expect(await statuses(times(4, () => read(shop)))).toEqual([404, 404, 404, 429]);
      const refused = await read(shop, { Origin: 'http://localhost:5173' });
      expect(refused.status).toBe(429);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
      expect(await refused.json()).toMatchObject({ code: 'rate_limited', status: 429 });
      // Reads that are used up leave the writes alone, and health and webhooks are never refused.
      expect(await statuses(times(6, () => write(shop)))).toEqual([404, 404, 404, 404, 404, 429]);
      expect((await fetch(`${shop.url}/health/live`)).status).toBe(200);
      expect((await fetch(`${shop.url}/v1/webhooks/nobody`, { method: 'POST' })).status).toBe(404);
      expect((await fetch(`${shop.url}/v1/nothing`, { method: 'OPTIONS' })).status).not.toBe(429);
    } finally {
      await shop.close();
    }
  });

  it('counts writes to one cart', async () => {
    const shop = await start(database.url, limited);
    try {
      const cart = { 'X-Cart-Token': 'cart-token-of-the-first-cart' };
      expect(await statuses(times(3, () => write(shop, cart)))).toEqual([404, 404, 429]);
      const other = await write(shop, { 'X-Cart-Token': 'cart-token-of-another-cart' });
      expect([other.status, other.headers.get('ratelimit-remaining')]).toEqual([404, '1']);
    } finally {
      await shop.close();
    }
  });

  it('believes X-Forwarded-For from a trusted proxy only', async () => {
    const direct = await start(database.url, limited);
    const proxied = await start(database.url, { ...limited, TRUST_PROXY: 'loopback' });
    try {
      const from = (shop: ModuleApp, i: number) => () => read(shop, { 'X-Forwarded-For': `203.0.113.${i}` });
      expect(await statuses([1, 2, 3, 4, 5].map((i) => from(direct, i)))).toEqual([404, 404, 404, 404, 429]);
      expect(await statuses([1, 2, 3, 4, 5].map((i) => from(proxied, i)))).toEqual([404, 404, 404, 404, 404]);
    } finally {
      await direct.close();
      await proxied.close();
    }
  });

  it('costs less than 30 µs a request', async () => {
    const { RateLimits } = await import('../../src/modules/operations/rate-limits.js');
    const shop = await start(database.url);
    try {
      const limits = shop.app.get(RateLimits, { strict: false });
      const request = (i: number) =>
        ({
          ip: `198.51.${(i >> 8) & 255}.${i & 255}`,
          raw: { method: 'POST', url: '/v1/carts' },
          headers: { 'x-cart-token': `token-${i % 5000}` },
        }) as unknown as Parameters<typeof limits.count>[0];
      for (let i = 0; i < 20_000; i += 1) limits.count(request(i));
      const began = performance.now();
      for (let i = 0; i < 50_000; i += 1) limits.count(request(i));
      expect(((performance.now() - began) * 1000) / 50_000).toBeLessThan(30);
    } finally {
      await shop.close();
    }
  });

  const redisUrl = process.env.TEST_REDIS_URL;
  const withRedis = redisUrl ? describe : describe.skip;
  withRedis('with Redis', () => {
    it('processes share their counts, and a request does not wait when Redis is gone', async () => {
      const proxy = await TcpProxy.start(new URL(redisUrl!));
      const through = new URL(redisUrl!);
      through.host = `127.0.0.1:${proxy.port}`;
      const env = { RATE_LIMIT_READS_PER_MIN: '10', JOBS: '0', REDIS_URL: through.href };
      const redis = new Redis(redisUrl!);
      await redis.del('emporium:limit:r:127.0.0.1');
      const [one, two] = await Promise.all([start(database.url, env), start(database.url, env)]);
      try {
        await expectSoon(async () => {
          const ready = (await (await fetch(`${one.url}/health/ready`)).json()) as { status: string };
          expect(ready.status).toBe('ready');
        });
        expect(await statuses(times(8, () => read(one)))).toEqual(times(8, 404));
        // A process learns the common count when it tells its own: so the first one tells before the second one asks.
        await expectSoon(async () => expect(await redis.get('emporium:limit:r:127.0.0.1')).toBe('8'));
        await read(two);
        await expectSoon(async () => expect(await redis.get('emporium:limit:r:127.0.0.1')).toBe('9'));
        await sleep(1_000);
        expect((await read(two)).headers.get('ratelimit-remaining')).toBe('0');
        expect((await read(two)).status).toBe(429);

        proxy.mode = 'silent';
        const began = performance.now();
        const refused = await read(two);
        expect(performance.now() - began).toBeLessThan(100);
        expect(refused.status).toBe(429);
        await sleep(600);
        const degraded = await fetch(`${one.url}/health/ready`);
        expect([degraded.status, ((await degraded.json()) as { status: string }).status]).toEqual([200, 'degraded']);
      } finally {
        await redis.quit();
        await one.close();
        await two.close();
        await proxy.stop();
      }
    });
  });
});

describe('overload', () => {
  it('refuses reads of the API while this process cannot keep up, and nothing else', async () => {
    const { EventLoopDelay } = await import('../../src/modules/operations/event-loop-delay.js');
    const shop = await start(database.url);
    try {
      const delay = shop.app.get(EventLoopDelay, { strict: false });
      for (let turn = 0; turn < 5 && !delay.isTooBusy; turn += 1) {
        const end = performance.now() + 2_000;
        while (performance.now() < end);
        await sleep(1);
      }
      expect(delay.isTooBusy).toBe(true);
      const [read, write, live] = await Promise.all([
        fetch(`${shop.url}/v1/nothing`),
        fetch(`${shop.url}/v1/nothing`, { method: 'POST' }),
        fetch(`${shop.url}/health/live`),
      ]);
      expect([read.status, read.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await read.json()).toMatchObject({ code: 'overloaded' });
      expect([write.status, live.status]).toEqual([404, 200]);
      await expectSoon(async () => expect((await fetch(`${shop.url}/v1/nothing`)).status).toBe(404));
    } finally {
      await shop.close();
    }
  });
});

describe('jobs', () => {
  let shop: ModuleApp;
  let own: TestDatabase;
  const ids: string[] = [];

  beforeAll(async () => {
    own = await cloneDatabase();
    shop = await start(own.url, { JOBS: '0' });
    for (let i = 0; i < 5; i += 1) {
      const id = newUuid();
      ids.push(id);
      await shop.db.query(
        `INSERT INTO jobs (id, queue, name, dedupe_key, payload, state, attempts, last_error, created_at, finished_at)
         VALUES ($1, $2, $3, $4, '{"orderId":"ord_x"}', $5, 10, 'SMTP is away', now() + make_interval(secs => $6), now())`,
        [
          id,
          i < 3 ? 'notifications' : 'payments',
          i < 3 ? 'mail.test' : 'pay.test',
          `test:${i}`,
          i < 4 ? 'dead' : 'done',
          i,
        ],
      );
    }
  });
  afterAll(async () => {
    await shop?.close();
    await own?.drop();
  });

  const call = async (path: string, role: string, init: RequestInit = {}) =>
    fetch(`${shop.url}/v1/admin/jobs${path}`, {
      ...init,
      headers: { ...init.headers, Authorization: `Bearer ${await shop.staffToken(role)}` },
    });
  type List = {
    data: { id: string; state: string; name: string }[];
    page: { next: string | null; prev: string | null; total?: number };
    summary: unknown[];
  };

  it('lists them by filters and pages, with the counts of all', async () => {
    const all = (await (await call('?include=total', 'viewer')).json()) as List;
    expect(all.data.map((job) => job.id)).toEqual(ids.toReversed().map((id) => encodeId('job', id)));
    expect(all.page).toEqual({ limit: 20, next: null, prev: null, total: 5 });
    expect(all.summary).toEqual([
      { queue: 'notifications', state: 'dead', count: 3 },
      { queue: 'payments', state: 'dead', count: 1 },
      { queue: 'payments', state: 'done', count: 1 },
    ]);
    const first = (await (
      await call('?state=dead&queue=notifications&name=mail.test&limit=2', 'viewer')
    ).json()) as List;
    expect(first.data).toHaveLength(2);
    const second = (await (
      await call(`?state=dead&queue=notifications&name=mail.test&limit=2&cursor=${first.page.next}`, 'viewer')
    ).json()) as List;
    expect([...first.data, ...second.data].map((job) => job.id)).toEqual(
      [ids[2]!, ids[1]!, ids[0]!].map((id) => encodeId('job', id)),
    );
    expect(second.page.next).toBeNull();
    for (const [query, code] of [
      ['?state=lost', 'invalid_parameter'],
      ['?queue=none', 'invalid_parameter'],
      ['?cursor=x', 'invalid_cursor'],
      ['?color=red', 'unknown_parameter'],
    ]) {
      const refused = await call(query!, 'viewer');
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([400, code]);
    }
  });

  it('tries a dead job again, once, and only for staff who may', async () => {
    const path = `/${encodeId('job', ids[0]!)}/retry`;
    expect((await fetch(`${shop.url}/v1/admin/jobs`)).status).toBe(401);
    expect((await call(path, 'viewer', { method: 'POST' })).status).toBe(403);
    const retried = await call(path, 'owner', { method: 'POST' });
    expect(retried.status).toBe(200);
    expect(await retried.json()).toMatchObject({ state: 'queued', attempts: 0, finishedAt: null });
    const again = await call(path, 'owner', { method: 'POST' });
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: 'job_not_dead', state: 'queued' });
    expect((await call(`/${encodeId('job', newUuid())}/retry`, 'owner', { method: 'POST' })).status).toBe(404);
    expect((await call(`/${encodeId('order', ids[1]!)}/retry`, 'owner', { method: 'POST' })).status).toBe(400);
  });

  it('shows the queues as a page outside production', async () => {
    const page = await fetch(`${shop.url}/dev/jobs`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('SMTP is away');
  });
});

describe('reaping', () => {
  it('deletes what is old, and only that', async () => {
    const own = await cloneDatabase();
    const shop = await start(own.url, { JOBS: '0' });
    try {
      const { db } = shop;
      const user = newUuid();
      await db.query(
        `INSERT INTO users (id, email, password_hash, role) VALUES ($1, 'x@example.com', 'none', 'owner')`,
        [user],
      );
      const job = (state: string, age: string) =>
        db.query(
          `INSERT INTO jobs (id, queue, name, dedupe_key, payload, state, created_at, finished_at)
           VALUES ($1, 'maintenance', 'x', $2, '{}', $3, now() - $4::interval, now() - $4::interval)`,
          [newUuid(), `${state} ${age}`, state, age],
        );
      const outbox = (key: string, published: string | null) =>
        db.query(
          `INSERT INTO outbox (event_id, event_key, topic, aggregate_type, aggregate_id, payload, created_at, published_at)
           VALUES ($1, $2, 't', 'x', $1, '{}', now() - interval '9 days', now() - $3::interval)`,
          [newUuid(), key, published],
        );
      const cart = async (age: string, status: string) => {
        const id = newUuid();
        await db.query(
          `INSERT INTO carts (id, token_hash, currency, status, email, created_at, updated_at)
           VALUES ($1, '\\x00', 'USD', $2, $3, now() - interval '40 days', now() - $4::interval)`,
          [id, status, `${status} ${age}`, age],
        );
        return id;
      };
      for (const [state, age] of [
        ['done', '4 days'],
        ['done', '2 days'],
        ['dead', '9 days'],
        ['queued', '9 days'],
      ]) {
        await job(state!, age!);
      }
      await outbox('old', '8 days');
      await outbox('young', '6 days');
      await outbox('untold', null);
      await db.query(
        `INSERT INTO idempotency_keys (scope, key, fingerprint, created_at)
         SELECT 's', 'old ' || n, '\\x00'::bytea, now() - interval '73 hours' FROM generate_series(1, 2500) n
         UNION ALL SELECT 's', 'young', '\\x00'::bytea, now() - interval '71 hours'`,
      );
      await cart('31 days', 'open');
      await cart('29 days', 'open');
      await cart('31 days', 'completed');
      for (const [hash, expires] of [
        ['\\x01', '-1 hour'],
        ['\\x02', '1 hour'],
      ]) {
        await db.query(
          `INSERT INTO refresh_tokens (id, user_id, family_id, token_hash, expires_at) VALUES ($1, $2, $1, $3, now() + $4::interval)`,
          [newUuid(), user, hash, expires],
        );
      }
      const reap = newUuid();
      await db.query(
        `INSERT INTO jobs (id, queue, name, dedupe_key, payload, next_at)
         VALUES ($1, 'maintenance', 'operations.reap', 'reap', '{}', now() - interval '1 second')`,
        [reap],
      );
      await shop.app.get(JobRunner, { strict: false }).run([reap]);

      const column = async (sql: string) => (await db.query<{ v: string }>(sql)).map((row) => row.v);
      expect(await column(`SELECT concat(state, last_error) AS v FROM jobs WHERE id = '${reap}'`)).toEqual(['done']);
      expect(await column(`SELECT dedupe_key AS v FROM jobs WHERE name = 'x' ORDER BY 1`)).toEqual([
        'dead 9 days',
        'done 2 days',
        'queued 9 days',
      ]);
      expect(await column(`SELECT event_key AS v FROM outbox ORDER BY 1`)).toEqual(['untold', 'young']);
      expect(await column(`SELECT key AS v FROM idempotency_keys`)).toEqual(['young']);
      expect(await column(`SELECT email AS v FROM carts ORDER BY 1`)).toEqual(['completed 31 days', 'open 29 days']);
      expect(await column(`SELECT encode(token_hash, 'hex') AS v FROM refresh_tokens`)).toEqual(['02']);
    } finally {
      await shop.close();
      await own.drop();
    }
  });
});

/** Tries an expectation until it holds, for at most ten seconds. */
async function expectSoon(expectation: () => Promise<void>): Promise<void> {
  for (let i = 0; ; i += 1) {
    try {
      return await expectation();
    } catch (error) {
      if (i >= 50) throw error;
      await sleep(200);
    }
  }
}

/** Stands between a process and a service, and can break the line in two ways. */
class TcpProxy {
  mode: 'open' | 'silent' | 'refusing' = 'open';
  private readonly sockets = new Set<{ destroy(): void }>();

  private constructor(private readonly server: Server) {}

  static async start(target: URL): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (near) => {
      if (proxy.mode === 'refusing') {
        near.destroy();
        return;
      }
      const far = connect(Number(target.port), target.hostname);
      for (const socket of [near, far]) {
        proxy.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          proxy.sockets.delete(socket);
          (socket === near ? far : near).destroy();
        });
      }
      const pass = (from: typeof near, to: typeof near) =>
        from.on('data', (data) => {
          if (proxy.mode === 'refusing') from.destroy();
          else if (proxy.mode === 'open') to.write(data);
        });
      pass(near, far);
      pass(far, near);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}
