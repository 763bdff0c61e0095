import { Redis } from 'ioredis';
import type { Db } from '#libs/database';

/** Listens to everything that is written to one database of a Redis, also what is gone a moment later. */
export class RedisWatch {
  private readonly heard: string[] = [];

  private constructor(
    private readonly redis: Redis,
    private readonly monitor: Redis,
  ) {}

  /** Empties the database, which nobody else may use. */
  static async start(url: string): Promise<RedisWatch> {
    const redis = new Redis(url);
    await redis.flushdb();
    const watch = new RedisWatch(redis, await redis.monitor());
    const database = new URL(url).pathname.slice(1);
    watch.monitor.on('monitor', (_time: string, args: string[], _source: string, of: string) => {
      if (of === database) watch.heard.push(args.join(' '));
    });
    return watch;
  }

  /** All commands so far, and all keys with their values. */
  async everything(): Promise<string> {
    const found = [...this.heard];
    for await (const keys of this.redis.scanStream() as AsyncIterable<string[]>)
      for (const key of keys) found.push(key, JSON.stringify(await this.valueOf(key)));
    return found.join('\n');
  }

  stop(): void {
    this.monitor.disconnect();
    this.redis.disconnect();
  }

  private async valueOf(key: string): Promise<unknown> {
    const type = await this.redis.type(key);
    if (type === 'none') return null;
    if (type === 'string') return this.redis.get(key);
    if (type === 'hash') return this.redis.hgetall(key);
    if (type === 'list') return this.redis.lrange(key, 0, -1);
    if (type === 'set') return this.redis.smembers(key);
    if (type === 'zset') return this.redis.zrange(key, 0, -1, 'WITHSCORES');
    if (type === 'stream') return this.redis.xrange(key, '-', '+');
    throw new Error(`a ${type} in Redis: say how to look into it`);
  }
}

/** All rows of all tables, by table, but of those that are named. */
export async function everyRow(db: Db, except: readonly string[]): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
     ORDER BY 1`,
  );
  const rows: Record<string, string> = {};
  for (const { name } of tables) {
    if (except.includes(name)) continue;
    const [row] = await db.query<{ text: string | null }>(
      `SELECT string_agg(to_jsonb(t)::text, E'\\n') AS text FROM "${name}" t`,
    );
    rows[`table ${name}`] = row?.text ?? '';
  }
  return rows;
}

/** Where a secret is found, as it is or as the bytes of it are shown. */
export function findings(places: Record<string, string>, secrets: Record<string, string>): string[] {
  return Object.entries(places).flatMap(([where, text]) =>
    Object.entries(secrets).flatMap(([name, secret]) =>
      [secret, Buffer.from(secret).toString('hex')].some((shape) => text.includes(shape))
        ? [`${name} in ${where}`]
        : [],
    ),
  );
}
