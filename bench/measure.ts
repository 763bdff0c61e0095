import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadResult } from './client/load.js';
import type { ClientCommand, ClientReply } from './client/main.js';
import { CpuClock, type CpuTimes, type Worker } from './cpu.js';
import type { BenchOptions, Floor, Journey } from './options.js';
import { TARGETS } from './options.js';
import type { Stack } from './stack.js';
import { countStatements, statementsTable } from './statements.js';

/** One server doing one thing, over all rounds. */
export interface Measured {
  rounds: LoadResult[];
  /** Of all rounds, until the worker has nothing left; empty where the system does not tell. */
  cpu: CpuTimes;
}

/** What the worker had left when a round of checkouts ended, and how long it took for it. */
export interface Drain {
  waiting: number;
  seconds: number;
}

export interface Measurements {
  shop: Map<Journey, Measured>;
  floor: Map<Floor, Measured>;
  drains: Drain[];
}

type Target = { of: 'shop'; name: Journey } | { of: 'floor'; name: Floor };

/** Everything does as much before it is measured: code that has run a few hundred times is not compiled yet. */
const WARM_UP_JOURNEYS = 5_000;
const WARM_UP_SECONDS = 4;
const MAX_WARM_UP_ROUNDS = 15;
const SETTLE_MS = 300;
const DRAIN_DEADLINE_MS = 120_000;

/**
 * Measures the shop and the bare server in turns, round by round, so that whatever else the machine does disturbs both
 * alike. Everything is warmed up once before.
 */
export async function measure(
  stack: Stack,
  options: BenchOptions,
  tell: (step: string) => void,
): Promise<Measurements> {
  const floors = [...new Set(options.journeys.map((journey) => TARGETS[journey].floor))];
  // Each floor right before the journeys that are compared with it.
  const targets: Target[] = floors.flatMap((floor): Target[] => [
    { of: 'floor', name: floor },
    ...options.journeys
      .filter((journey) => TARGETS[journey].floor === floor)
      .map((name) => ({ of: 'shop' as const, name })),
  ]);
  const found: Measurements = { shop: new Map(), floor: new Map(), drains: [] };

  tell('Warming up');
  for (const target of targets) {
    for (let done = 0, round = 0; done < WARM_UP_JOURNEYS && round < MAX_WARM_UP_ROUNDS; round += 1) {
      const { errors, messages, journeys } = await run(stack, options, target, WARM_UP_SECONDS, 0);
      if (errors > 0) throw new Error(`${target.of} ${target.name} fails:\n${messages.join('\n')}`);
      done += journeys;
    }
    await drain(stack);
  }
  // As in a shop that has sold for a while: what was learned of empty tables is no help with full ones.
  tell('Telling Postgres what the tables have become');
  await stack.analyze();
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const target of targets) {
      tell(`Round ${round} of ${options.rounds}: ${target.of} ${target.name}`);
      const clock = await CpuClock.start(stack);
      if (options.statements) await countStatements(stack);
      const result = await run(stack, options, target, options.seconds, round);
      const measured = (
        target.of === 'shop' ? entry(found.shop, target.name) : entry(found.floor, target.name)
      ) as Measured;
      measured.rounds.push(result);
      const drained = await drain(stack);
      if (options.statements) tell(`Statements\n${await statementsTable(stack, result.journeys)}`);
      const spent = (await clock?.stop()) ?? {};
      for (const [who, ms] of Object.entries(spent) as [Worker, number][])
        measured.cpu[who] = (measured.cpu[who] ?? 0) + ms;
      if (target.of === 'shop' && target.name === 'checkout') found.drains.push(drained);
    }
  }
  return found;
}

function entry<K>(map: Map<K, Measured>, key: K): Measured {
  const known = map.get(key) ?? { rounds: [], cpu: {} };
  map.set(key, known);
  return known;
}

async function run(
  stack: Stack,
  options: BenchOptions,
  walk: Target,
  seconds: number,
  round: number,
): Promise<LoadResult> {
  const port = walk.of === 'shop' ? stack.apiPort : stack.floorPort;
  const command: ClientCommand = {
    type: 'load',
    walk,
    options: { host: '127.0.0.1', port, connections: options.connections, seconds, seed: round + 1 },
  };
  const answered = stack.client.message<Extract<ClientReply, { type: 'result' }>>('result');
  stack.client.send(command as never);
  const { result } = await answered;
  await sleep(SETTLE_MS);
  return result;
}

/** Waits until the worker has nothing left to do. */
export async function drain(stack: Stack): Promise<Drain> {
  const startedAt = performance.now();
  const waiting = await backlog(stack);
  for (let left = waiting; left > 0; left = await backlog(stack)) {
    if (performance.now() - startedAt > DRAIN_DEADLINE_MS) {
      throw new Error(`the worker does not get done with ${left} jobs:\n${stack.worker.lastOutput.join('\n')}`);
    }
    await sleep(20);
  }
  return { waiting, seconds: (performance.now() - startedAt) / 1000 };
}

async function backlog(stack: Stack): Promise<number> {
  const [row] = await stack.db.query<{ n: number }>(
    `SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) +
            (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running') AND next_at <= now()) AS n`,
  );
  return row!.n;
}

async function metric(stack: Stack, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${stack.apiPort}/metrics`)).text();
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text);
  if (!found) throw new Error(`the API tells no ${name}`);
  return Number(found[1]);
}

/** Resident memory of the API process. */
export async function memoryMb(stack: Stack): Promise<number> {
  return (await metric(stack, 'process_resident_memory_bytes')) / 2 ** 20;
}
