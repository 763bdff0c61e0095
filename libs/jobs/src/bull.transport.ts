import { createHash } from 'node:crypto';
import { getQueueToken } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bull';
import { log } from '#libs/log';
import { inBatches } from './batches.js';
import { BullConnections } from './bull-connections.js';
import { QUEUES, type QueueName } from './definitions.js';
import { JobRunner } from './runner.js';
import { type Delivery, Transport } from './transport.js';

const HAND_OVER_DEADLINE_MS = 2_000;

/** Carries jobs through Bull on Redis, so that any number of worker processes share them. */
@Injectable()
export class BullTransport extends Transport {
  private readonly queues = new Map<QueueName, Queue>();

  constructor(
    private readonly runner: JobRunner,
    private readonly modules: ModuleRef,
    private readonly connections: BullConnections,
  ) {
    super();
  }

  async start(): Promise<void> {
    for (const [name, concurrency] of Object.entries(QUEUES) as [QueueName, number][]) {
      const queue = this.modules.get<Queue>(getQueueToken(name), { strict: false });
      queue.on('error', (error: Error) => log.warn('jobs.redis_error', { queue: name, error }));
      void queue
        .process(concurrency, (job) => this.runner.run((job.data as { ids: string[] }).ids))
        .catch((error: unknown) => log.warn('jobs.process_failed', { queue: name, error }));
      this.queues.set(name, queue);
    }
    log.info('jobs.bull', { queues: Object.keys(QUEUES) });
  }

  async deliver(deliveries: Delivery[]): Promise<void> {
    const adding = [...this.queues].map(([name, queue]) =>
      queue.addBulk(
        inBatches(name, deliveries).map((batch) => ({
          data: { ids: batch.map((item) => item.id) },
          opts: { jobId: nameOf(batch), removeOnComplete: true, removeOnFail: true, attempts: 1 },
        })),
      ),
    );
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('Redis did not take the jobs in time')), HAND_OVER_DEADLINE_MS);
    });
    try {
      await Promise.race([Promise.all(adding), deadline]);
    } finally {
      clearTimeout(timer);
      for (const add of adding) add.catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    this.runner.stop();
    const queues = [...this.queues.values()];
    await Promise.all(queues.map((queue) => queue.pause(true, false).catch(() => undefined)));
    await Promise.all(queues.map((queue) => queue.close(true).catch(() => undefined)));
    this.connections.close();
  }
}

/** The same jobs for the same tries are taken once. */
const nameOf = (batch: readonly Delivery[]) =>
  createHash('sha256')
    .update(batch.map(({ id, attempt }) => `${id}:${attempt}`).join())
    .digest('base64url');
