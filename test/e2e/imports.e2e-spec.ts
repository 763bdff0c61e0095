import { NestFactory } from '@nestjs/core';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config/index.js';
import { runCli } from '../../src/cli/run-cli.js';
import { Terminal } from '../../src/cli/terminal.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';
import { Writable } from 'node:stream';
let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await cloneDatabase();
  env = { NODE_ENV: 'test', DATABASE_URL: database.url, DATA_DIR: mkdtempSync(join(tmpdir(), 'emp-')), LOG_LEVEL: 'error' };
});
afterAll(async () => database.drop());
async function shop(...args: string[]) {
  const text: string[] = [];
  const sink = () => new Writable({ write: (c, _e, done) => { text.push(String(c)); done(); } });
  const t0 = performance.now();
  const code = await runCli(args, new Terminal(sink(), sink()), env);
  console.log(args.join(' '), code, Math.round(performance.now() - t0), 'ms\n', text.join(''));
  return code;
}
it('works', async () => {
  await shop('seed');
  await shop('seed');
  for (const f of (process.env.FILES ?? '').split(' ').filter(Boolean)) { await shop('import', 'products', f, '--dry-run'); await shop('import', 'products', f); await shop('import', 'products', f); }
  await shop('books');
  await shop('backup', join(env.DATA_DIR, 'b.gz'));
  await shop('restore', join(env.DATA_DIR, 'b.gz'));
  await shop('restore', join(env.DATA_DIR, 'b.gz'), '--force');
  await shop('books');
  await shop('admin', 'create', '--email', 'x@example.com');
  await shop('reset'); await shop('reset', '--yes'); await shop('help'); await shop('import', 'products'); await shop('foo');
  await shop('help', 'import', 'products');
}, 120000);
