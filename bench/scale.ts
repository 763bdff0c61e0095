import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadResult } from './client/load.js';
import type { ClientCommand, ClientReply } from './client/main.js';
import { describeMachine, type Machine } from './machine.js';
import { memoryMb } from './measure.js';
import { type BenchOptions, SCALE_WALKS, type ScaleWalk } from './options.js';
import { growShop } from './shop/fill.js';
import type { Stack } from './stack.js';

/** Tables that must be found in by index, however large the catalog is. */
const TABLES = ['product_listings', 'product_facets', 'product_pages', 'products', 'variants', 'search_words'];
const WARM_UP_SECONDS = 2;
/** Postgres writes its counts down once a second. */
const STATISTICS_MS = 1_500;

/** One walk in a catalog of one size. */
interface Line {
  products: number;
  walk: ScaleWalk;
  result: LoadResult;
  /** Tables that were read whole meanwhile, and how often. */
  wholeReads: Record<string, number>;
  /** Of the machine, when it began: what else it did meanwhile. */
  load: number;
}

interface Growth {
  products: number;
  /** Products with three variants each, written in a second. */
  perSecond: number;
  databaseMb: number;
  /** Of the process that writes: after the first thousand products, and at most. */
  writerMb: [first: number, most: number];
  apiMb: number;
}

/**
 * Measures how lists, pages, searches and facets get on with larger and larger catalogs, in one run.
 * @returns the exit code: 1 when an answer was no success or came too late
 */
export async function scaleBench(
  sizes: readonly number[],
  { seconds, keep, walks }: Pick<BenchOptions, 'seconds' | 'keep' | 'walks'>,
  stack: Stack,
  out: string,
  tell: (step: string) => void,
): Promise<number> {
  await stack.start({ profileDir: null, promotions: 0, keep }, tell);
  const [version] = await stack.db.query<{ server_version: string }>(`SHOW server_version`);
  const machine = describeMachine(stack.dataDir, version!.server_version, stack.redis ? 'private Redis' : 'no Redis');
  const file = join(keep ?? out, 'scale.json');
  const known =
    keep && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { lines: Line[]; growth: Growth[] }) : null;
  const lines = known?.lines ?? [];
  const growth = known?.growth ?? [];
  const have = stack.wares.products.length;
  for (const products of sizes) {
    if (products < have) {
      tell(`There are ${have} products already: ${products} are left out`);
      continue;
    }
    tell(`Growing the catalog to ${products} products`);
    const before = stack.wares.products.length;
    const startedAt = performance.now();
    const writer: number[] = [];
    await growShop(stack.app, stack.wares, products, (n) => {
      writer.push(process.memoryUsage().rss / 2 ** 20);
      tell(`${n} products, ${rate(n - before, startedAt)} a second, writer ${writer.at(-1)!.toFixed(0)} MB`);
    });
    const perSecond = rate(products - before, startedAt);
    await stack.analyze();
    stack.client.send({ type: 'wares', wares: stack.wares } as never);
    for (const walk of walks) {
      tell(`${products} products: ${SCALE_WALKS[walk].title}`);
      await run(stack, walk, WARM_UP_SECONDS, 0);
      const load = loadavg()[0]!;
      const readsBefore = await wholeReads(stack);
      const result = await run(stack, walk, seconds, 1);
      replace(lines, (line) => line.products === products && line.walk === walk, {
        products,
        walk,
        result,
        wholeReads: difference(await wholeReads(stack), readsBefore),
        load,
      });
    }
    const [size] = await stack.db.query<{ mb: number }>(
      `SELECT (pg_database_size(current_database()) / 1048576)::int AS mb`,
    );
    const apiMb = await memoryMb(stack);
    const row = { products, perSecond, databaseMb: size!.mb, writerMb: spanOf(writer), apiMb };
    // A shop that had grown before tells nothing of how fast it grew.
    if (products > before) replace(growth, (one) => one.products === products, row);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ lines, growth }, null, 2));
  }
  const text = markdown(machine, lines, growth);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'scale.md'), text);
  process.stdout.write(`\n${text}\nKept in bench/.out/scale.md\n`);
  return lines.some(isLate) || lines.some(({ result }) => result.errors > 0) ? 1 : 0;
}

const rate = (products: number, startedAt: number) => Math.round((1000 * products) / (performance.now() - startedAt));

const spanOf = (megabytes: readonly number[]): [number, number] => [megabytes[0] ?? 0, Math.max(0, ...megabytes)];

function replace<T>(list: T[], isOld: (one: T) => boolean, row: T): void {
  const at = list.findIndex(isOld);
  if (at === -1) list.push(row);
  else list[at] = row;
}

const isLate = ({ walk, result }: Line) => result.p99 > SCALE_WALKS[walk].p99Ms;

async function run(stack: Stack, name: ScaleWalk, seconds: number, seed: number): Promise<LoadResult> {
  const options = {
    host: '127.0.0.1',
    port: stack.apiPort,
    connections: SCALE_WALKS[name].connections,
    seconds,
    seed: seed + 1,
  };
  const answered = stack.client.message<Extract<ClientReply, { type: 'result' }>>('result');
  stack.client.send({ type: 'load', walk: { of: 'scale', name }, options } satisfies ClientCommand as never);
  return (await answered).result;
}

async function wholeReads(stack: Stack): Promise<Record<string, number>> {
  await sleep(STATISTICS_MS);
  const rows = await stack.db.query<{ name: string; n: number }>(
    `SELECT relname AS name, seq_scan AS n FROM pg_stat_user_tables WHERE relname = ANY($1)`,
    [TABLES],
  );
  return Object.fromEntries(rows.map(({ name, n }) => [name, Number(n)]));
}

function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  const grown = Object.entries(after).map(([name, n]): [string, number] => [name, n - (before[name] ?? 0)]);
  return Object.fromEntries(grown.filter(([, n]) => n > 0));
}

function markdown(machine: Machine, lines: readonly Line[], growth: readonly Growth[]): string {
  const row = (line: Line) => {
    const { title, connections, p99Ms } = SCALE_WALKS[line.walk];
    const { perSecond, p50, p99, errors, messages } = line.result;
    const reads = Object.entries(line.wholeReads).map(([name, n]) => `${name} ${n}×`);
    const verdict = errors > 0 ? `✗ ${errors} errors: ${messages[0]}` : isLate(line) ? '✗ late' : '✓';
    return `| ${line.products} | ${title} | ${connections} | ${perSecond.toFixed(0)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${p99Ms} | ${verdict} | ${reads.join(', ') || '–'} | ${line.load.toFixed(1)} |`;
  };
  return [
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, Node.js ${machine.node}, Postgres ${machine.postgres}, load before ${machine.loadBefore.toFixed(1)}`,
    '',
    '| products | what | at once | /s | p50 ms | p99 ms | aim ms | | tables read whole | load |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map(row),
    '',
    '| products | written /s | database MB | writer MB | API MB |',
    '| --- | --- | --- | --- | --- |',
    ...growth.map(
      (one) =>
        `| ${one.products} | ${one.perSecond.toFixed(0)} | ${one.databaseMb} | ${one.writerMb.map((mb) => mb.toFixed(0)).join(' → ')} | ${one.apiMb.toFixed(0)} |`,
    ),
    '',
  ].join('\n');
}
