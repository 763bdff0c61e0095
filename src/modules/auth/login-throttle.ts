import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RateLimited } from '#libs/errors';
import { clientNetwork } from '#libs/http';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { asPostgres, LoginFailures } from './login-failures.repository.js';

const FREE_FAILURES = 10;
const FAILURES_KEPT_SECONDS = 3_600;
const LONGEST_WAIT_SECONDS = 60;
/** Mails that one address may be sent by asking for them. */
const MAILS = 5;
const MAILS_KEPT_SECONDS = 3_600;

const TOO_MANY_STRANGERS =
  'Too many failed sign-ins to this account. Sign in from where you usually do, or choose another password with POST /v1/auth/forgot-password.';

const TOO_MANY_FROM_HERE =
  'Too many failed sign-ins to this account, also from where it is usually used. Choose another password with POST /v1/auth/forgot-password.';

/** One try to sign in that was let through; tell how it went. */
export interface LoginAttempt {
  /** Forgets the failures, and remembers the place as one that its owner comes from. */
  succeeded(): Promise<void>;
  /** The password was not even looked at: the try does not count. */
  notTried(): Promise<void>;
}

/** Seconds between tries after so many failures, from the tenth on: 2, 4, 8 … up to a minute. */
export function waitAfter(failures: number): number {
  return Math.min(LONGEST_WAIT_SECONDS, 2 ** Math.max(1, failures - FREE_FAILURES + 1));
}

/**
 * Slows down who guesses passwords: so many tries a minute for an address, and growing waits for an account after ten
 * failures. Strangers who guess do not slow down the owner: a network from which the account was signed in lately is counted
 * by itself. Those counts live in Redis where it is set and reachable, else in this process. After fifty failures in a row
 * strangers are not let in at all any more, until the owner has signed in from a known place or has chosen another password;
 * after as many from known places, nobody is from there, until another password is chosen. Those counts are in Postgres:
 * `LoginFailures`.
 */
@Injectable()
export class LoginThrottle implements OnModuleDestroy {
  private readonly redis: Redis | null;
  private readonly byAddress: RateLimiterAbstract;
  private readonly failures: RateLimiterAbstract;
  private readonly turns: RateLimiterAbstract;
  private readonly mails: RateLimiterAbstract;
  private readonly guesses: RateLimiterAbstract;

  constructor(
    @Inject(APP_CONFIG) config: Config,
    private readonly inARow: LoginFailures,
  ) {
    this.redis = config.redisUrl
      ? new Redis(config.redisUrl, {
          lazyConnect: true,
          enableOfflineQueue: false,
          maxRetriesPerRequest: 0,
          commandTimeout: 500,
          retryStrategy: (times) => Math.min(times * 200, 2_000),
        })
      : null;
    this.redis?.on('error', () => undefined);
    this.byAddress = this.limiter('address', config.rateLimits.loginsPerMin, 60);
    this.failures = this.limiter('failures', FREE_FAILURES, FAILURES_KEPT_SECONDS);
    this.turns = this.limiter('turn', 1, LONGEST_WAIT_SECONDS);
    this.mails = this.limiter('mail', MAILS, MAILS_KEPT_SECONDS);
    this.guesses = this.limiter('guess', config.rateLimits.loginsPerMin, 60);
  }

  onModuleDestroy(): void {
    this.redis?.disconnect();
  }

  /**
   * Lets a try through, counting it as a failure until it is told otherwise, so that tries at the same time count too.
   * @param mayBeStranger not who has shown that they read the mailbox
   * @throws rate_limited with the seconds to wait
   */
  async admit(email: string, address: string, mayBeStranger = true): Promise<LoginAttempt> {
    await this.connect();
    const network = clientNetwork(address);
    await this.take(this.byAddress, network, 'Too many sign-ins from your address.');
    return this.attempt(asPostgres(email.trim()), network, mayBeStranger);
  }

  /**
   * Lets a code of the second factor be tried, counted as passwords are, but apart from them: who is asked for one has shown
   * the password.
   * @throws rate_limited with the seconds to wait
   */
  async admitCode(accountId: string, address: string): Promise<LoginAttempt> {
    await this.connect();
    return this.attempt(`code of ${accountId}`, clientNetwork(address), false);
  }

  private async attempt(account: string, network: string, mayBeStranger: boolean): Promise<LoginAttempt> {
    const { isKnown, isOver } = await this.inARow.look(account, network);
    const tooManyInARow = () =>
      RateLimited({
        detail: isKnown ? TOO_MANY_FROM_HERE : TOO_MANY_STRANGERS,
        retryAfterSeconds: FAILURES_KEPT_SECONDS,
      });
    if (mayBeStranger && isOver) throw tooManyInARow();
    const key = isKnown ? fingerprint(account, network) : fingerprint(account);
    const { consumedPoints } = await this.failures.penalty(key);
    try {
      if (consumedPoints >= FREE_FAILURES) {
        const customDuration = waitAfter(consumedPoints);
        await this.take(this.turns, key, 'Too many failed sign-ins to this account.', { customDuration });
      }
      if (mayBeStranger && !(await this.inARow.count(account, isKnown))) throw tooManyInARow();
    } catch (error) {
      await this.failures.reward(key);
      throw error;
    }
    return {
      notTried: async () => {
        await this.failures.reward(key);
        if (mayBeStranger) await this.inARow.uncount(account, isKnown);
      },
      succeeded: async () => {
        await Promise.all([this.failures.delete(key), this.turns.delete(key), this.inARow.ownerCame(account, network)]);
      },
    };
  }

  /**
   * The owner of an account has shown that they read its mailbox: what was guessed before counts no more, and the place that
   * they come from is known.
   */
  async ownerCame(email: string, address: string): Promise<void> {
    await this.connect();
    const account = asPostgres(email.trim());
    const network = clientNetwork(address);
    await Promise.all([
      ...[fingerprint(account), fingerprint(account, network)].flatMap((key) => [
        this.failures.delete(key),
        this.turns.delete(key),
      ]),
      this.inARow.ownerCame(account, network),
    ]);
  }

  /**
   * Lets somebody ask for a mail to an address, whether it is known or not: five an hour of each kind, so that nobody fills the
   * mailbox of another, nor keeps them from a mail of another kind.
   * @throws rate_limited with the seconds to wait
   */
  async admitMail(kind: string, email: string, address: string): Promise<void> {
    await this.connect();
    await this.take(this.byAddress, clientNetwork(address), 'Too many requests from your address.');
    const key = fingerprint(kind, asPostgres(email.trim()));
    await this.take(this.mails, key, 'Too many mails to this address. Look into the mailbox.');
  }

  /**
   * Lets somebody try a secret of a kind, as many wrong ones a minute from a network as passwords. It counts as wrong until it
   * is told otherwise, so that tries at the same time count too.
   * @throws rate_limited with the seconds to wait
   */
  async admitGuess(kind: string, address: string): Promise<{ wasRight(): Promise<void> }> {
    await this.connect();
    const key = fingerprint(kind, clientNetwork(address));
    await this.take(this.guesses, key, 'Too many wrong codes from your address.');
    return { wasRight: async () => void (await this.guesses.reward(key)) };
  }

  private async take(
    limiter: RateLimiterAbstract,
    key: string,
    detail: string,
    options?: { customDuration: number },
  ): Promise<void> {
    try {
      await limiter.consume(key, 1, options);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw RateLimited({ detail, retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)) });
    }
  }

  private async connect(): Promise<void> {
    if (this.redis?.status === 'wait') await this.redis.connect().catch(() => undefined);
  }

  private limiter(name: string, points: number, duration: number): RateLimiterAbstract {
    const options = { keyPrefix: `emporium:login:${name}`, points, duration };
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

/** Addresses of people do not leave the process. */
function fingerprint(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url');
}
