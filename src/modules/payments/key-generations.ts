import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { StripeGateway } from './stripe/stripe-gateway.js';
import { isKeySpent } from './stripe/stripe-line.js';

/** What Stripe is asked for under a key of its own, by table and the column of its id. */
const KEYED = { payments: 'id', refunds: 'id', payment_captures: 'id', payment_customers: 'customer_id' } as const;

/** A row, with the generation of its key as it was read. */
export interface Keyed {
  table: keyof typeof KEYED;
  id: string;
  generation: number;
}

/**
 * Stripe repeats what it answered to a key for a day, also when that was a failure of its own (5xx). Whether the work was
 * done has to be looked up then; where it was not, it is asked for with the next key. That is written down before it is
 * used, and only where nothing was found after the key before had been spent: so whoever races or crashes, the work of a
 * row is done once.
 */
@Injectable()
export class KeyGenerations {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
  ) {}

  /**
   * @param work `send` asks with a key, `find` looks for what was done under the keys so far
   * @throws `payment_unavailable` when the next key is spent as well: whoever comes again has another one
   */
  async run<T>(
    row: Keyed,
    work: { send: (generation: number) => Promise<T>; find: () => Promise<T | null | undefined> },
  ): Promise<T> {
    return this.gateway.withDeadline(async () => {
      try {
        return await work.send(row.generation);
      } catch (error) {
        if (!isKeySpent(error)) throw error;
        const done = await work.find();
        if (done) return done;
        const next = await this.next(row);
        if (next === undefined) throw error;
        return work.send(next);
      }
    });
  }

  /** @returns the next generation, also when somebody else has begun it; undefined when the row is gone */
  private async next({ table, id, generation }: Keyed): Promise<number | undefined> {
    const key = KEYED[table];
    failpoint('commit.key_spent');
    await this.db.query(
      `UPDATE ${table} SET key_generation = key_generation + 1 WHERE ${key} = $1 AND key_generation = $2`,
      [id, generation],
    );
    const [row] = await this.db.query<{ key_generation: number }>(
      `SELECT key_generation FROM ${table} WHERE ${key} = $1`,
      [id],
    );
    return row?.key_generation;
  }
}
