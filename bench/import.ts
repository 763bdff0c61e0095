import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '#libs/local-stack';
import { migrate } from '../src/bootstrap/migrate.js';
import { describeMachine } from './machine.js';
import { Service } from './processes.js';
import { productionSettings } from './shop/settings.js';
import { writeSheet } from './shop/sheet.js';
import type { Stack } from './stack.js';

const SAMPLE_MS = 1_000;
/** Rows of the table that is printed. */
const WINDOWS = 10;

/** What the importer is at a moment. */
interface Sample {
  /** Since it was started. */
  seconds: number;
  products: number;
  rssMb: number;
  /** What lies in the heap, garbage included. */
  heapMb: number;
}

/** A part of the import, from one product to another. */
export interface Window {
  products: number;
  perSecond: number;
  /** The most that the process took. */
  rssMb: number;
  /** The least that lay in the heap, which is what it keeps, and the most. */
  heapMb: [least: number, most: number];
}

/**
 * Imports a made-up file of products into an empty shop as `npm run shop -- import products FILE` does, in a process of its
 * own, and tells how fast it went and what memory it took from its beginning to its end.
 * @returns the exit code
 * @throws when a product was left out
 */
export async function importBench(
  products: number,
  stack: Pick<Stack, 'defer'>,
  out: string,
  tell: (step: string) => void,
): Promise<number> {
  const dataDir = mkdtempSync(join(process.platform === 'linux' ? '/var/tmp' : tmpdir(), 'emporium-import-'));
  chmodSync(dataDir, 0o755);
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  tell('Starting Postgres');
  const postgres = await startPostgres({ dataDir, durable: true, database: 'emporium', settings: {} });
  stack.defer(() => postgres.stop());
  await migrate(postgres.url);
  const file = join(dataDir, 'products.csv');
  tell(`Writing a file of ${products} products`);
  await writeSheet(file, products);
  const text = await measure(products, file, dataDir, postgres.url, tell);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'import.md'), text);
  process.stdout.write(`\n${text}\nKept in bench/.out/import.md\n`);
  return 0;
}

async function measure(
  products: number,
  file: string,
  dataDir: string,
  databaseUrl: string,
  tell: (step: string) => void,
): Promise<string> {
  const db = new pg.Client({ connectionString: databaseUrl });
  // When the run is interrupted, Postgres goes first.
  db.on('error', () => undefined);
  await db.connect();
  const env = productionSettings({ port: 1, databaseUrl, redisUrl: null, smtpPort: 1, stripeUrl: 'http://127.0.0.1:1', dataDir }); // prettier-ignore
  const { rows } = await db.query<{ server_version: string }>(`SHOW server_version`);
  const machine = describeMachine(dataDir, rows[0]!.server_version, 'none');
  const load = loadavg()[0]!;
  const startedAt = performance.now();
  const importer = new Service('importer', {
    file: 'src/cli.js',
    args: ['import', 'products', file],
    env,
    nodeOptions: ['--import', join(import.meta.dirname, 'client', 'memory.js')],
  });
  const samples: Sample[] = [];
  let last = { rss: 0, heapUsed: 0 };
  importer.listen<{ type: 'memory'; rss: number; heapUsed: number }>('memory', (memory) => (last = memory));
  let how: string | undefined;
  void importer.ended.then((end) => (how = end));
  try {
    while (how === undefined) {
      const count = await db.query<{ n: string }>(`SELECT count(*) AS n FROM products`);
      const sample = {
        seconds: (performance.now() - startedAt) / 1000,
        products: Number(count.rows[0]!.n),
        rssMb: last.rss / 2 ** 20,
        heapMb: last.heapUsed / 2 ** 20,
      };
      samples.push(sample);
      if (samples.length % 10 === 0)
        tell(`${sample.products} products, ${sample.seconds.toFixed(0)} s, ${sample.rssMb.toFixed(0)} MB`);
      await sleep(SAMPLE_MS);
    }
    if (how !== 'exit code 0') throw new Error(`the import ended (${how}):\n${importer.lastOutput.join('\n')}`);
    const size = await db.query<{ mb: number }>(`SELECT (pg_database_size(current_database()) / 1048576)::int AS mb`);
    const heading = `${machine.cores} cores (${machine.cpu}), Node.js ${machine.node}, Postgres ${machine.postgres}, load before ${load.toFixed(1)}; ${products} products with three variants, file of ${(statSync(file).size / 2 ** 20).toFixed(0)} MB, database of ${size.rows[0]!.mb} MB afterwards`;
    return [heading, '', ...importer.lastOutput, '', tableOf(windowsOf(samples))].join('\n');
  } finally {
    await importer.stop();
    await db.end();
  }
}

/** The import in parts of about as many products each, from when its first product was there. */
export function windowsOf(samples: readonly Sample[]): Window[] {
  const most = samples.at(-1)?.products ?? 0;
  const windows: Window[] = [];
  let before = samples.findLast(({ products }) => products === 0) ?? samples[0];
  let inside: Sample[] = [];
  for (const sample of samples.filter(({ products }) => products > 0)) {
    inside.push(sample);
    if (sample.products < (most * (windows.length + 1)) / WINDOWS) continue;
    const seconds = Math.max(0.001, sample.seconds - before!.seconds);
    const heaps = inside.map(({ heapMb }) => heapMb);
    windows.push({
      products: sample.products,
      perSecond: (sample.products - before!.products) / seconds,
      rssMb: Math.max(...inside.map(({ rssMb }) => rssMb)),
      heapMb: [Math.min(...heaps), Math.max(...heaps)],
    });
    before = sample;
    inside = [];
    if (sample.products === most) break;
  }
  return windows;
}

const tableOf = (windows: readonly Window[]) =>
  [
    '| products | /s since the line before | memory MB | heap MB, least to most |',
    '| --- | --- | --- | --- |',
    ...windows.map(
      ({ products, perSecond, rssMb, heapMb: [least, most] }) =>
        `| ${products} | ${perSecond.toFixed(0)} | ${rssMb.toFixed(0)} | ${least.toFixed(0)}–${most.toFixed(0)} |`,
    ),
    '',
  ].join('\n');
