import 'reflect-metadata';
import { join } from 'node:path';
import { runBooks } from '../src/modules/operations/index.js';
import { importBench } from './import.js';
import { measureLogins } from './logins.js';
import { describeMachine } from './machine.js';
import { drain, measure, memoryMb } from './measure.js';
import { type BenchOptions, parseOptions, UsageError } from './options.js';
import { failuresOf, keep, markdown, type Report, rowsOf } from './report.js';
import { scaleBench } from './scale.js';
import { Stack } from './stack.js';
import { COUNTING } from './statements.js';
import { measureWebhooks } from './webhooks.js';

/** Where reports and profiles go. */
const OUT = join(process.cwd(), 'bench', '.out');

const tell = (step: string) => void process.stdout.write(`… ${step}\n`);

async function bench(options: BenchOptions, stack: Stack): Promise<Report> {
  await stack.start(
    {
      profileDir: options.profile ? OUT : null,
      promotions: options.promotions,
      areApart: options.areApart,
      ...(options.statements ? { settings: COUNTING } : {}),
    },
    tell,
  );
  const [version] = await stack.db.query<{ server_version: string }>(`SHOW server_version`);
  const machine = describeMachine(
    stack.dataDir,
    version!.server_version,
    stack.redis ? 'private Redis' : 'no Redis: jobs run inside the worker',
  );
  const measurements = await measure(stack, options, tell);

  const webhooks = options.webhooks ? await measureWebhooks(stack, options.seconds, tell) : null;
  const logins = options.logins ? await measureLogins(stack, options.seconds, tell) : null;
  await drain(stack);

  tell('Reading memory and books');
  const memory = await memoryMb(stack);
  const [done] = await stack.db.query<{ jobs: number; orders: number }>(
    `SELECT (SELECT count(*) FROM jobs WHERE state = 'done') AS jobs, (SELECT count(*) FROM orders WHERE placed_at IS NOT NULL) AS orders`,
  );
  const { run, violations } = await runBooks(stack.db, 0);
  const report = {
    at: new Date().toISOString(),
    options,
    machine,
    rows: rowsOf(measurements),
    webhooks,
    logins,
    memoryMb: memory,
    worker: { ...done!, mails: stack.smtp.received, drains: measurements.drains },
    books: { checks: run.length, violations },
  };
  return { ...report, failures: failuresOf(report) };
}

async function main(): Promise<number> {
  const stack = new Stack();
  const interrupted = () => {
    // Asked twice: nobody wants to wait.
    process.once('SIGINT', () => process.exit(130));
    void stack.stop().then(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options.imported !== null) return await importBench(options.imported, stack, OUT, tell);
    if (options.scale) return await scaleBench(options.scale, options, stack, OUT, tell);
    const report = await bench(options, stack);
    keep(report, OUT);
    process.stdout.write(`\n${markdown(report)}\nKept in bench/.out/report.md and report.json\n`);
    return report.failures.length > 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof UsageError ? error.message : (error as Error).stack}\n`);
    return 1;
  } finally {
    await stack.stop();
  }
}

process.exit(await main());
