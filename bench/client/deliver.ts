import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.js';
import { percentile } from './load.js';

/** A request as it goes over the wire, and the answers that are right. */
export interface TimedRequest {
  method: string;
  path: string;
  /** whole lines, each ended by CRLF */
  headers?: string;
  body?: string;
  expected: readonly number[];
}

/** How a server kept up with requests that came at a fixed rate. */
export interface DeliveryResult {
  sent: number;
  perSecond: number;
  /** Milliseconds from the moment when an event was due, so that a server that stalls cannot slow down what it is measured by. */
  p50: number;
  p99: number;
  max: number;
  errors: number;
  /** How many answers had which status. */
  statuses: Record<number, number>;
  /** The first few, each once. */
  messages: string[];
}

/** Sends requests at a fixed rate, whether or not those before are answered. */
export async function deliver(
  requests: readonly TimedRequest[],
  options: { host: string; port: number; perSecond: number },
): Promise<DeliveryResult> {
  const idle: Connection[] = [];
  const took: number[] = [];
  const messages = new Set<string>();
  let errors = 0;
  const statuses: Record<number, number> = {};
  const send = async ({ method, path, headers, body, expected }: TimedRequest, due: number): Promise<void> => {
    const connection = idle.pop() ?? new Connection(options.host, options.port);
    try {
      const answer = await connection.request(method, path, headers, body);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      if (!expected.includes(answer.status)) throw new Error(`${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
      took.push(performance.now() - due);
      idle.push(connection);
    } catch (error) {
      errors += 1;
      if (messages.size < 5) messages.add((error as Error).message);
      connection.close();
    }
  };

  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (const [i, request] of requests.entries()) {
    const due = startedAt + (i * 1000) / options.perSecond;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    underWay.push(send(request, due));
  }
  await Promise.all(underWay);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const connection of idle) connection.close();
  took.sort((a, b) => a - b);
  return {
    sent: requests.length,
    perSecond: requests.length / seconds,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    max: took.at(-1) ?? 0,
    errors,
    statuses,
    messages: [...messages],
  };
}
