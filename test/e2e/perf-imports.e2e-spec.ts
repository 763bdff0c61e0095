import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.js';
import { Terminal } from '../../src/cli/terminal.js';
import { cloneDatabase } from '../support/postgres.js';
import { ProductWriter, ProductListings } from '../../src/modules/catalog/index.js';
import { StockLedger } from '../../src/modules/inventory/index.js';
it('perf', async () => {
  const database = await cloneDatabase();
  const env = { NODE_ENV: 'test', DATABASE_URL: database.url, DATA_DIR: mkdtempSync(join(tmpdir(), 'emp-')), LOG_LEVEL: 'error' };
  const times: Record<string, number> = {};
  for (const [c, m] of [[ProductWriter, 'saveAll'], [ProductListings, 'refresh'], [StockLedger, 'setOnHand'], [ProductListings, 'refreshAvailability']] as any) {
    const old = c.prototype[m];
    c.prototype[m] = async function (...a: any[]) { const t = performance.now(); try { return await old.apply(this, a); } finally { times[m] = (times[m] ?? 0) + performance.now() - t; } };
  }
  const t0 = performance.now(); const cpu = process.cpuUsage();
  const sink = new Writable({ write: (_c, _e, d) => d() });
  await runCli(['import', 'products', process.env.FILE!], new Terminal(sink, sink), env);
  const c = process.cpuUsage(cpu);
  console.log(performance.now() - t0, times, 'node cpu', (c.user + c.system) / 1000, process.memoryUsage().rss / 1e6);
  await database.drop();
}, 120000);
