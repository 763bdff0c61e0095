import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Db } from '#libs/database';
import { createApi } from '../../src/bootstrap/create-api.js';
import { loadConfig } from '../../src/config/index.js';
import { StaffService } from '../../src/modules/auth/index.js';
import { ensureSettings } from '../../src/modules/settings/index.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

it('boots', async () => {
  const database: TestDatabase = await cloneDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'emporium-docs-'));
  const config = loadConfig({ NODE_ENV: 'test', DATABASE_URL: database.url, DATA_DIR: dataDir, LOG_LEVEL: 'warn', ADMIN_PASSWORD: 'velvet-otter-lantern-92', PORT: '24377' });
  const app: NestFastifyApplication = await createApi(config);
  await app.listen(24377, '127.0.0.1');
  await ensureSettings(app.get(Db), config);
  await app.get(StaffService, { strict: false }).ensureFirstOwner();
  await new Promise((r) => setTimeout(r, Number(process.env.HOLD ?? 0)));
  await app.close();
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
}, 3_600_000);
