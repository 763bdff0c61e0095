import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { APP_CONFIG, type Config } from '../../config/index.js';

const COMMAND_TIMEOUT_MS = 100;

/** The edge's own connection to Redis: it never queues and never waits, since the shop sells without Redis too. */
@Injectable()
export class EdgeRedis implements OnModuleDestroy {
  /** null where no Redis is set. */
  readonly client: Redis | null;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.client = config.redisUrl
      ? new Redis(config.redisUrl, {
          lazyConnect: true,
          enableOfflineQueue: false,
          enableAutoPipelining: true,
          maxRetriesPerRequest: 0,
          commandTimeout: COMMAND_TIMEOUT_MS,
          connectTimeout: 2_000,
          retryStrategy: (times) => Math.min(times * 200, 2_000),
        })
      : null;
    this.client?.on('error', () => undefined);
  }

  /** Begins to connect, and keeps trying. */
  connect(): void {
    if (this.client?.status === 'wait') void this.client.connect().catch(() => undefined);
  }

  /** Whether Redis answers now; null where there is none. */
  async isUp(): Promise<boolean | null> {
    if (!this.client) return null;
    this.connect();
    if (this.client.status !== 'ready') return false;
    return this.client.ping().then(
      () => true,
      () => false,
    );
  }

  onModuleDestroy(): void {
    this.client?.disconnect();
  }
}
