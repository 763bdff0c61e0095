import { Injectable } from '@nestjs/common';
import { log } from '#libs/log';
import { QUEUES, type QueueName } from './definitions.js';
import { JobRunner } from './runner.js';
import { type Delivery, Transport } from './transport.js';

/** Runs jobs inside this process, each queue with its own bound, where there is no Redis. */
@Injectable()
export class InProcessTransport extends Transport {
  private readonly waiting = new Map<string, Delivery[]>();
  /** Behind slow work jobs wait for long, and are handed over again and again: each waits once. */
  private readonly known = new Set<string>();
  private readonly active = new Map<string, Set<Promise<void>>>();
  private stopped = false;

  constructor(private readonly runner: JobRunner) {
    super();
  }

  async start(): Promise<void> {
    log.info('jobs.in_process', { reason: 'no Redis' });
  }

  async deliver(deliveries: Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      if (this.known.has(delivery.id)) continue;
      this.known.add(delivery.id);
      const queue = this.waiting.get(delivery.queue) ?? [];
      queue.push(delivery);
      this.waiting.set(delivery.queue, queue);
      this.drain(delivery.queue);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.active.values()].flatMap((set) => [...set]));
  }

  private drain(queue: string): void {
    const active = this.active.get(queue) ?? new Set();
    this.active.set(queue, active);
    const waiting = this.waiting.get(queue) ?? [];
    const limit = QUEUES[queue as QueueName] ?? 1;
    while (!this.stopped && active.size < limit && waiting.length > 0) {
      const { id } = waiting.shift()!;
      this.known.delete(id);
      const work = this.runner
        .run([id])
        .catch((error: unknown) => log.warn('jobs.run_failed', { error }))
        .finally(() => {
          active.delete(work);
          this.drain(queue);
        });
      active.add(work);
    }
  }
}
