import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Db } from '#libs/database';
import { createHttpApp } from '#libs/http';
import { newUuid } from '#libs/ids';
import { configureLog } from '#libs/log';
import { type Config, loadConfig } from '../../src/config/index.js';
import { CoreModule } from '../../src/core.module.js';
import { CatalogModule } from '../../src/modules/catalog/index.js';
import { AccessTokens } from '../../src/modules/auth/access-token.js';

/** Some modules of the shop behind a real HTTP server, for tests of what does not need the others. */
export interface ModuleApp {
  app: NestFastifyApplication;
  config: Config;
  db: Db;
  url: string;
  /** Signs a member of staff in, with a session that does not go through the login. */
  staffToken(role: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts modules on a port of its own, with the catalog: its code is loaded by most of them, and then the jobs that it declares
 * must have their handlers.
 * @param env settings beside those that the tests share
 * @param prepare adds hooks and pages before the server listens
 */
export async function startModules(
  modules: Type[],
  databaseUrl: string,
  env: Record<string, string> = {},
  prepare: (app: NestFastifyApplication, config: Config) => void = () => undefined,
): Promise<ModuleApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'emporium-modules-'));
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    DATABASE_POOL: '4',
    CHECKOUT_CONCURRENCY: '6',
    ...env,
  });
  configureLog({ level: config.logLevel, service: 'test' });
  class TestRoot {}
  const app = await createHttpApp(
    { module: TestRoot, imports: [CoreModule.register(config, 'api'), CatalogModule, ...modules] },
    config,
  );
  prepare(app, config);
  await app.listen(0, '127.0.0.1');
  const db = app.get(Db, { strict: false });
  return {
    app,
    config,
    db,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    async staffToken(role) {
      const id = newUuid();
      await db.query(`INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, $2, 'Test', 'none', $3)`, [
        id,
        `${id}@example.com`,
        role,
      ]);
      return app.get(AccessTokens, { strict: false }).issue(id, newUuid(), 1);
    },
    async close() {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
