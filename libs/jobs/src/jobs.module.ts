import { BullModule } from '@nestjs/bull';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Redis, type RedisOptions } from 'ioredis';
import { BullConnections } from './bull-connections.js';
import { BullTransport } from './bull.transport.js';
import { QUEUES } from './definitions.js';
import { Dispatcher } from './dispatcher.js';
import { InProcessTransport } from './in-process.transport.js';
import { JobRunner } from './runner.js';
import { Transport } from './transport.js';

/**
 * A job that a killed worker had in hand comes back within 15 s instead of Bull's minute. Taking a slow worker for a dead
 * one is harmless: the row in Postgres says who may run the job.
 */
const SETTINGS = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 10 };

/** How jobs run in this process. */
export interface JobsOptions {
  /** Whether this process takes jobs at all; an API beside a worker does not. */
  run: boolean;
  redisUrl: string | null;
  /** Key prefix in Redis, so that several shops or tests share one. */
  prefix?: string;
}

/** The job machinery: registry of handlers, dispatcher, and the transport that fits the settings. */
@Module({})
export class JobsModule {
  static register(options: JobsOptions): DynamicModule {
    const bull = options.run && options.redisUrl !== null;
    const connections = new BullConnections();
    const providers: Provider[] = [JobRunner];
    if (bull) providers.push({ provide: BullConnections, useValue: connections });
    if (options.run) {
      providers.push({ provide: Transport, useClass: bull ? BullTransport : InProcessTransport }, Dispatcher);
    }
    return {
      module: JobsModule,
      global: true,
      imports: [
        DiscoveryModule,
        ...(bull ? bullModules(options.redisUrl!, options.prefix ?? 'emporium', connections) : []),
      ],
      providers,
      exports: providers.map((p) => ('provide' in p ? p.provide : p)),
    };
  }
}

function bullModules(redisUrl: string, prefix: string, connections: BullConnections): DynamicModule[] {
  return [
    BullModule.forRoot({
      prefix,
      createClient: (type, options) => {
        // Blocking clients wait for Redis as long as it takes; the one that adds jobs fails at once, Postgres has them.
        const shared: RedisOptions = { ...options, retryStrategy: (times) => Math.min(times * 100, 2_000) };
        const client = new Redis(
          redisUrl,
          type === 'client'
            ? { ...shared, maxRetriesPerRequest: 1 }
            : { ...shared, maxRetriesPerRequest: null, enableReadyCheck: false },
        );
        client.on('error', () => undefined);
        return connections.add(client);
      },
    }),
    BullModule.registerQueue(...Object.keys(QUEUES).map((name) => ({ name, settings: SETTINGS }))),
  ];
}
