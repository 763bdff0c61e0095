import { Random } from '../random.js';
import { Connection } from './connection.js';
import type { Walk, Wares } from './journeys.js';

/** What a round of load found. */
export interface LoadResult {
  journeys: number;
  seconds: number;
  perSecond: number;
  /** Milliseconds of whole journeys. */
  p50: number;
  p95: number;
  p99: number;
  errors: number;
  /** The first few, each once. */
  messages: string[];
}

export interface LoadOptions {
  host: string;
  port: number;
  connections: number;
  seconds: number;
  seed: number;
}

/** Walks one journey after the other on each connection until the time is over, and lets those under way end. */
export async function load(walk: Walk, wares: Wares, options: LoadOptions): Promise<LoadResult> {
  const took: number[] = [];
  const messages = new Set<string>();
  let errors = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1000;

  const shopper = async (number: number) => {
    const random = new Random(options.seed * 1000 + number);
    let connection = new Connection(options.host, options.port);
    for (let now = performance.now(); now < endsAt;) {
      try {
        await walk(connection, random, wares);
        const after = performance.now();
        took.push(after - now);
        now = after;
      } catch (error) {
        errors += 1;
        if (messages.size < 5) messages.add((error as Error).message);
        connection.close();
        connection = new Connection(options.host, options.port);
        now = performance.now();
      }
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: options.connections }, (_, number) => shopper(number)));

  const seconds = (performance.now() - startedAt) / 1000;
  took.sort((a, b) => a - b);
  return {
    journeys: took.length,
    seconds,
    perSecond: took.length / seconds,
    p50: percentile(took, 0.5),
    p95: percentile(took, 0.95),
    p99: percentile(took, 0.99),
    errors,
    messages: [...messages],
  };
}

/** Of values in ascending order; 0 when there are none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
