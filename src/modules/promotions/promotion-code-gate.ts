import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { Db } from '#libs/database';
import { type FieldError, RateLimited } from '#libs/errors';
import { clientNetwork } from '#libs/http';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { codeOf } from './promotion-code-text.js';
import { PromotionCodeNotFound, PromotionExpired, PromotionUsedUp } from './promotions.errors.js';

const WINDOW_SECONDS = 600;
/** Wrong codes in ten minutes, for a cart and for an address, which many shoppers may share. */
const WRONG_OF_CART = 10;
const WRONG_OF_ADDRESS = 60;

type Problem = 'not_found' | 'expired' | 'used_up';

/** Who tries codes. */
export interface CodeTry {
  /** uuid; left out for a cart that is not there yet */
  cartId?: string;
  address: string;
}

/**
 * Lets codes into carts, whatever their case. Who guesses is stopped: wrong codes are counted for the cart and the address, in
 * Redis where it is set and reachable, else in this process.
 */
@Injectable()
export class PromotionCodeGate implements OnModuleDestroy {
  private readonly redis: Redis | null;
  private readonly byCart: RateLimiterAbstract;
  private readonly byAddress: RateLimiterAbstract;

  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) config: Config,
  ) {
    this.redis = config.redisUrl
      ? new Redis(config.redisUrl, {
          lazyConnect: true,
          enableOfflineQueue: false,
          maxRetriesPerRequest: 0,
          commandTimeout: 500,
        })
      : null;
    this.redis?.on('error', () => undefined);
    this.byCart = this.limiter('cart', WRONG_OF_CART);
    this.byAddress = this.limiter('address', WRONG_OF_ADDRESS);
  }

  onModuleDestroy(): void {
    this.redis?.disconnect();
  }

  /**
   * @param pointerOf where the code stands in the request
   * @returns the codes as they are kept
   * @throws promotion_code_not_found, promotion_expired, promotion_used_up, rate_limited
   */
  async admit(texts: readonly string[], who: CodeTry, pointerOf: (i: number) => string): Promise<string[]> {
    if (texts.length === 0) return [];
    const counted = await this.count(texts.length, who);
    const codes = texts.map((text) => codeOf(text));
    const problems = await this.problemsOf(codes.filter((code) => code !== null));
    const errors: Record<Problem, FieldError[]> = { not_found: [], expired: [], used_up: [] };
    for (const [i, code] of codes.entries()) {
      const problem = code === null ? 'not_found' : problems.get(code);
      if (problem) errors[problem].push({ pointer: pointerOf(i), code: problem, detail: WORDS[problem](texts[i]!) });
    }
    await counted.right(texts.length - errors.not_found.length);
    if (errors.not_found.length > 0) throw PromotionCodeNotFound({ errors: errors.not_found });
    if (errors.expired.length > 0) throw PromotionExpired({ errors: errors.expired });
    if (errors.used_up.length > 0) {
      const promotions = errors.used_up.map(({ pointer }) => ({
        code: codes.find((_code, i) => pointerOf(i) === pointer),
      }));
      throw PromotionUsedUp({ errors: errors.used_up, data: { promotions } });
    }
    return [...new Set(codes.filter((code) => code !== null))];
  }

  /** A promotion that has not begun or does not run is nobody's business yet. */
  private async problemsOf(codes: readonly string[]): Promise<ReadonlyMap<string, Problem | null>> {
    const rows = await this.db.query<{ code: string; problem: Problem | null }>(
      `SELECT w.code, CASE
         WHEN p.id IS NULL OR p.status = 'inactive' OR p.starts_at > now() THEN 'not_found'
         WHEN k.disabled_at IS NOT NULL OR p.status = 'archived' OR p.ends_at <= now() THEN 'expired'
         WHEN k.uses >= k.max_uses OR l.uses >= l.max_uses THEN 'used_up' END AS problem
       FROM unnest($1::text[]) AS w (code)
       LEFT JOIN promotion_codes k ON k.code = w.code
       LEFT JOIN promotions p ON p.id = k.promotion_id
       LEFT JOIN promotion_limits l ON l.promotion_id = p.id`,
      [codes],
    );
    return new Map(rows.map((row) => [row.code, row.problem]));
  }

  /** Each try is wrong until it is told to be right, so that tries at the same time count, too. */
  private async count(tries: number, { cartId, address }: CodeTry): Promise<{ right(tries: number): Promise<void> }> {
    if (this.redis?.status === 'wait') await this.redis.connect().catch(() => undefined);
    const counters = [
      [this.byAddress, clientNetwork(address)] as const,
      ...(cartId === undefined ? [] : [[this.byCart, cartId] as const]),
    ];
    for (const [limiter, key] of counters) {
      try {
        await limiter.consume(key, tries);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        await limiter.reward(key, tries);
        throw RateLimited({
          detail: 'Too many wrong promotion codes.',
          retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)),
        });
      }
    }
    return {
      right: async (right) => {
        if (right > 0) await Promise.all(counters.map(([limiter, key]) => limiter.reward(key, right)));
      },
    };
  }

  private limiter(name: string, points: number): RateLimiterAbstract {
    const options = { keyPrefix: `emporium:promotion-code:${name}`, points, duration: WINDOW_SECONDS };
    const inProcess = new RateLimiterMemory(options);
    if (!this.redis) return inProcess;
    return new RateLimiterRedis({
      ...options,
      storeClient: this.redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: inProcess,
    });
  }
}

const WORDS: Readonly<Record<Problem, (code: string) => string>> = {
  not_found: (code) => `there is no promotion code "${code}"`,
  expired: (code) => `the promotion code "${code}" is not valid any more`,
  used_up: (code) => `the promotion code "${code}" has been used as often as it may`,
};
