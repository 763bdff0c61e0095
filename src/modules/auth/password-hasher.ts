import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { RateLimited } from '#libs/errors';

const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const PREFIX = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$`;
const MAX_WAITING = 20;

const base64 = (bytes: number) => randomBytes(bytes).toString('base64').replace(/=+$/, '');

/**
 * argon2id with the costs that OWASP asks for. One hash takes a core for tens of milliseconds, so one core is left to
 * everybody else, few may wait, and the rest is told to come back.
 */
@Injectable()
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly places = Math.max(1, availableParallelism() - 1);
  /** Costs what a real one costs, and no password fits. */
  private readonly nobody = `${PREFIX}${base64(16)}$${base64(32)}`;

  /** The PHC string to store. */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password.normalize('NFKC'), COST));
  }

  /**
   * Whether the password fits. Takes the same time when there is no such account (null).
   * @throws rate_limited when too many wait already
   */
  verify(stored: string | null, password: string): Promise<boolean> {
    return this.inTurn(async () => {
      // Somebody who was invited has no password yet, and what stands there instead fits none.
      const known = stored !== null && stored.startsWith('$argon2');
      const fits = await verify(known ? stored : this.nobody, password.normalize('NFKC'));
      return fits && known;
    });
  }

  /** Whether it was made with other costs than today's. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(PREFIX);
  }

  /**
   * Sends somebody away before anything is read or written for them, since there is no room for another password.
   * @throws rate_limited
   */
  refuseCrowd(): void {
    if (this.running >= this.places && this.waiting.length >= MAX_WAITING)
      throw RateLimited({ detail: 'Many people sign in right now. Try again in a moment.', retryAfterSeconds: 1 });
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.refuseCrowd();
    if (this.running < this.places) this.running += 1;
    else await new Promise<void>((go) => this.waiting.push(go));
    try {
      return await work();
    } finally {
      // Who waits takes over the place, so that nobody can slip in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
