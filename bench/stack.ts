import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { Db } from '#libs/database';
import { type RunningPostgres, type RunningRedis, startPostgres, startRedis } from '#libs/local-stack';
import { configureLog } from '#libs/log';
import { createEmulator, type Emulator } from '#libs/stripe-emulator';
import { AppModule } from '../src/app.module.js';
import { PROMOTION_CLASSES } from '../src/modules/pricing/index.js';
import { migrate } from '../src/bootstrap/migrate.js';
import { loadConfig } from '../src/config/index.js';
import type { Wares } from './client/journeys.js';
import { createFloor } from './floor/schema.js';
import { flagsOf, Service } from './processes.js';
import { fillShop, keptWares } from './shop/fill.js';
import { fillPromotions } from './shop/promotions.js';
import { productionSettings } from './shop/settings.js';
import { SmtpSink } from './smtp-sink.js';

/** Everything that is measured, and what it stands on, all of it private to this run. */
export class Stack {
  private readonly cleanups: (() => unknown)[] = [];
  readonly smtp = new SmtpSink();
  dataDir: string;
  postgres: RunningPostgres;
  redis: RunningRedis | null;
  stripe: Emulator;
  app: INestApplicationContext;
  wares: Wares;
  api: Service;
  worker: Service;
  floor: Service;
  client: Service;
  apiPort: number;
  floorPort: number;

  get db(): Db {
    return this.app.get(Db);
  }

  /** Starts and fills everything. Call `stop` whatever happens. */
  async start(
    options: {
      profileDir: string | null;
      promotions: number;
      areApart?: boolean;
      settings?: Record<string, string>;
      keep?: string | null;
    },
    tell: (step: string) => void,
  ): Promise<void> {
    // Not on a memory disk: what a COMMIT costs is part of the answer.
    if (options.keep) {
      this.dataDir = options.keep;
      mkdirSync(options.keep, { recursive: true });
    } else {
      this.dataDir = mkdtempSync(join(process.platform === 'linux' ? '/var/tmp' : tmpdir(), 'emporium-bench-'));
      // As root, Postgres runs as another user: what that one cannot reach is kept elsewhere, and would stay there.
      chmodSync(this.dataDir, 0o755);
      this.cleanups.push(() => rmSync(this.dataDir, { recursive: true, force: true }));
    }
    tell('Starting Postgres and Redis');
    this.postgres = await startPostgres({
      dataDir: this.dataDir,
      durable: true,
      database: 'emporium',
      settings: options.settings ?? {},
    });
    this.cleanups.push(() => this.postgres.stop());
    this.redis = await startRedis({ dataDir: this.dataDir });
    this.cleanups.push(() => this.redis?.stop());
    const smtpPort = await this.smtp.listen();
    this.cleanups.push(() => this.smtp.close());
    this.stripe = await createEmulator();
    this.cleanups.push(() => this.stripe.close());

    tell('Filling the shop');
    this.apiPort = await freePort();
    const env = productionSettings({
      port: this.apiPort,
      databaseUrl: this.postgres.url,
      redisUrl: this.redis?.url ?? null,
      smtpPort,
      stripeUrl: this.stripe.url,
      dataDir: this.dataDir,
    });
    const config = loadConfig(env);
    configureLog({ level: 'warn', service: 'bench' });
    await migrate(config.databaseUrl);
    this.app = await NestFactory.createApplicationContext(AppModule.register(config, 'cli'), { logger: false });
    this.cleanups.push(() => this.app.close());
    const kept = await keptWares(this.db);
    this.wares = kept ?? (await fillShop(this.app, config));
    if (!kept) {
      await this.db.transaction((tx) =>
        fillPromotions(tx, options.promotions, options.areApart ? [] : PROMOTION_CLASSES),
      );
      await createFloor(this.db);
    }
    await this.analyze();

    tell('Starting API, worker, bare server and client');
    const profiled = (name: string) =>
      options.profileDir
        ? ['--cpu-prof', `--cpu-prof-dir=${options.profileDir}`, `--cpu-prof-name=${name}.cpuprofile`]
        : [];
    this.api = this.service('API', {
      file: 'src/main.js',
      env,
      nodeOptions: [...flagsOf('start:api'), ...profiled('api')],
      stopMs: 20_000,
    });
    await this.api.message('ready');
    this.worker = this.service('worker', {
      file: 'src/worker.js',
      env,
      nodeOptions: [...flagsOf('start:worker'), ...profiled('worker')],
      stopMs: 20_000,
    });
    await this.untilConnected('emporium-worker');
    this.floor = this.service('bare server', {
      file: 'bench/floor/main.js',
      env: {
        NODE_ENV: 'production',
        DATABASE_URL: this.postgres.url,
      },
    });
    this.floorPort = (await this.floor.message<{ type: 'ready'; port: number }>('ready')).port;
    this.client = this.service('client', { file: 'bench/client/main.js', env: {} });
    this.client.send({ type: 'wares', wares: this.wares } as never);
  }

  /** What is to be done when all of it stops, before what was begun earlier. */
  defer(cleanup: () => unknown): void {
    this.cleanups.push(cleanup);
  }

  /** Stops all of it, the last first. */
  async stop(): Promise<void> {
    for (let cleanup = this.cleanups.pop(); cleanup; cleanup = this.cleanups.pop()) {
      try {
        await cleanup();
      } catch (error) {
        process.stderr.write(`${(error as Error).message}\n`);
      }
    }
  }

  /** Runs a statement that the owner of the shop's database may not. */
  async asSuperuser<R extends pg.QueryResultRow>(text: string): Promise<R[]> {
    const url = new URL(this.postgres.adminUrl);
    url.pathname = '/emporium';
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      return (await client.query<R>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Only what has rows: a table that is known to be empty is planned to be read whole, also when it has filled up. */
  async analyze(): Promise<void> {
    const filled = await this.db.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class
       WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'floor'::regnamespace) AND pg_relation_size(oid) > 0`,
    );
    for (const { name } of filled) await this.db.query(`VACUUM ANALYZE ${name}`);
  }

  private service(...given: ConstructorParameters<typeof Service>): Service {
    const service = new Service(...given);
    this.cleanups.push(() => service.stop());
    return service;
  }

  private async untilConnected(applicationName: string): Promise<void> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
      const found = await this.db.query(`SELECT 1 FROM pg_stat_activity WHERE application_name = $1`, [
        applicationName,
      ]);
      if (found.length > 0) return;
    }
    throw new Error(`${applicationName} did not connect:\n${this.worker.lastOutput.join('\n')}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
