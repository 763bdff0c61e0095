import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.js';
import { percentile } from './load.js';

/** A signed event of Stripe, as it goes over the wire. */
export interface SignedEvent {
  body: string;
  signature: string;
}

/** How a server kept up with events that came at a fixed rate. */
export interface DeliveryResult {
  sent: number;
  perSecond: number;
  /** Milliseconds from the moment when an event was due, so that a server that stalls cannot slow down what it is measured by. */
  p50: number;
  p99: number;
  max: number;
  errors: number;
  /** The first few, each once. */
  messages: string[];
}

/** Sends events at a fixed rate, whether or not those before are answered. */
export async function deliver(
  events: readonly SignedEvent[],
  options: { host: string; port: number; perSecond: number },
): Promise<DeliveryResult> {
  const idle: Connection[] = [];
  const took: number[] = [];
  const messages = new Set<string>();
  let errors = 0;
  const send = async ({ body, signature }: SignedEvent, due: number): Promise<void> => {
    const connection = idle.pop() ?? new Connection(options.host, options.port);
    try {
      const answer = await connection.request(
        'POST',
        '/v1/webhooks/stripe',
        `Stripe-Signature: ${signature}\r\n`,
        body,
      );
      if (answer.status !== 200) throw new Error(`webhook: ${answer.status} ${answer.body.slice(0, 300)}`);
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
  for (const [i, event] of events.entries()) {
    const due = startedAt + (i * 1000) / options.perSecond;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    underWay.push(send(event, due));
  }
  await Promise.all(underWay);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const connection of idle) connection.close();
  took.sort((a, b) => a - b);
  return {
    sent: events.length,
    perSecond: events.length / seconds,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    max: took.at(-1) ?? 0,
    errors,
    messages: [...messages],
  };
}
