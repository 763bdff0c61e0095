import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { clientNetwork, type Request } from '#libs/http';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { EdgeRedis } from './edge-redis.js';
import { FixedWindows, type Hit } from './fixed-windows.js';

const WINDOW_SECONDS = 60;
const TELL_EVERY_MS = 100;
/** Health must answer when everything else is refused, and a webhook that is refused comes back later, and later. */
const EXEMPT = /^\/(?:health\/|metrics$|v1\/webhooks\/)/;

/**
 * Requests per minute: reads and writes of an address, writes to one cart or order, and writes of one customer. Each process decides by its own
 * count, at once; with Redis the processes tell each other their counts ten times a second, so a request never waits
 * for Redis and its loss merely makes every process count alone.
 */
@Injectable()
export class RateLimits implements OnModuleDestroy {
  private readonly windows = new FixedWindows(WINDOW_SECONDS * 1000);
  private readonly shared: RateLimiterRedis | null;
  private timer: NodeJS.Timeout | undefined;
  private telling = false;
  private isSharing = true;

  constructor(
    @Inject(APP_CONFIG) private readonly config: Config,
    private readonly redis: EdgeRedis,
  ) {
    this.shared = redis.client
      ? new RateLimiterRedis({
          storeClient: redis.client,
          keyPrefix: 'emporium:limit',
          points: 1,
          duration: WINDOW_SECONDS,
          rejectIfRedisNotReady: true,
        })
      : null;
  }

  /** Begins to share counts with other processes, where there is Redis. */
  start(): void {
    if (!this.shared || this.timer) return;
    this.timer = setInterval(() => void this.tell(), TELL_EVERY_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Counts a request; the tightest limit that applies, or null for what is not limited. */
  count(request: Request): Hit | null {
    const { method, url } = request.raw;
    if (method === 'OPTIONS' || EXEMPT.test(url!)) return null;
    const address = clientNetwork(request.ip);
    const { readsPerMin, writesPerMin, cartWritesPerMin } = this.config.rateLimits;
    if (method === 'GET' || method === 'HEAD') return this.windows.hit(`r:${address}`, readsPerMin);
    const byAddress = this.windows.hit(`w:${address}`, writesPerMin);
    const token = request.headers['x-cart-token'];
    if (!byAddress.isAllowed || typeof token !== 'string' || token.length > 200) return byAddress;
    const byCart = this.windows.hit(`c:${token}`, cartWritesPerMin);
    return byCart.remaining < byAddress.remaining || !byCart.isAllowed ? byCart : byAddress;
  }

  /**
   * Counts a write of a customer who is signed in, whatever cart it is to and wherever it comes from; who it is is known only
   * once their token was checked.
   */
  countCustomer(customerId: string): Hit {
    return this.windows.hit(`u:${customerId}`, this.config.rateLimits.cartWritesPerMin);
  }

  /** Counts a request of a storefront that has a limit of its own, all its visitors together. */
  countStorefront(keyId: string, perMin: number): Hit {
    return this.windows.hit(`k:${keyId}`, perMin);
  }

  private async tell(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    let failure: unknown;
    await Promise.all(
      this.windows.takeUntold().map(async ({ key, hits }) => {
        try {
          const all = await this.shared!.penalty(storedKey(key), hits);
          this.windows.learn(key, all.consumedPoints, all.msBeforeNext);
        } catch (error) {
          failure = error;
          this.windows.returnUntold(key, hits);
        }
      }),
    );
    this.telling = false;
    if (failure !== undefined && this.isSharing) {
      this.isSharing = false;
      log.warn('rate_limits.counting_alone', { reason: failure instanceof Error ? failure.message : 'unknown' });
    } else if (failure === undefined && !this.isSharing && this.redis.client?.status === 'ready') {
      this.isSharing = true;
      log.info('rate_limits.sharing', {});
    }
  }
}

/** Tokens are secrets: they do not leave the process. */
function storedKey(key: string): string {
  return key.startsWith('c:') ? `c:${createHash('sha256').update(key).digest('base64url')}` : key;
}
