import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { isAlive } from './processes.js';
import { type RunningRedis, startRedis } from './redis.js';

/** scripts/test.mjs says by this variable that the machine has no Redis, and names what would bring it. */
const describeWithRedis = process.env.EMPORIUM_TEST_REDIS === '0' ? describe.skip : describe;

describeWithRedis('the private Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'emporium-redis-'));
  const running = new Set<RunningRedis>();

  const start = async (): Promise<RunningRedis> => {
    const server = await startRedis({ dataDir: folder });
    if (!server) throw new Error('no redis-server on the PATH');
    running.add(server);
    return server;
  };
  const withClient = async <T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  };

  afterEach(async () => {
    for (const server of running) await server.stop();
    running.clear();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps what was written, asks for its password, and never throws keys away', async () => {
    const first = await start();
    await withClient(first.url, (client) => client.set('greeting', 'hello'));
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);

    const second = await start();
    expect(second).toMatchObject({ adopted: false, port: first.port, url: first.url });
    expect(await withClient(second.url, (client) => client.get('greeting'))).toBe('hello');
    expect(await withClient(second.url, (client) => client.config('GET', 'maxmemory-policy'))).toEqual([
      'maxmemory-policy',
      'noeviction',
    ]);
    const stranger = withClient(`redis://127.0.0.1:${second.port}`, (client) => client.get('greeting'));
    await expect(stranger).rejects.toThrow('NOAUTH');
  });

  it('joins the server that a killed launcher left behind', async () => {
    const left = await start();
    running.delete(left);
    const joined = await start();
    expect(joined).toMatchObject({ adopted: true, pid: left.pid, url: left.url });
  });

  it('starts again after a kill -9', async () => {
    const first = await start();
    await withClient(first.url, (client) => client.set('before', 'crash'));
    process.kill(first.pid, 'SIGKILL');
    await expect(first.exited).resolves.toContain('ended unexpectedly');
    const second = await start();
    expect(await withClient(second.url, (client) => client.get('greeting'))).toBe('hello');
  });

  it('sets damaged files aside instead of refusing to start: Postgres knows the jobs', async () => {
    const first = await start();
    await first.stop();
    const manifest = join(folder, 'redis', 'appendonlydir', 'appendonly.aof.manifest');
    writeFileSync(manifest, 'not a manifest\n');
    const second = await start();
    expect(second.note).toContain('were damaged');
    expect(await withClient(second.url, (client) => client.dbsize())).toBe(0);
    expect(readFileSync(join(folder, 'redis', 'appendonlydir.damaged', 'appendonly.aof.manifest'), 'utf8')).toContain(
      'not a manifest',
    );
  });
});
