import type { Queryable } from './queryable.js';
import { isConnectionLoss } from './sql-errors.js';

/** Statements of one trip: they run one after the other, so the last waits for all others. */
const MOST = 8;
/** Nothing that is found at once takes so long: something is in the way, and whoever is behind it goes alone. */
const PATIENCE_MS = 1_000;

interface Passenger {
  text: string;
  values: unknown[];
  resolve: (rows: never[]) => void;
  reject: (error: unknown) => void;
  isThere: boolean;
}

/** Lends one connection to several statements, each a transaction of its own, sent without waiting in between. */
type Trip = (work: (db: Queryable) => Promise<unknown>) => Promise<unknown>;

/**
 * Sends what was asked for in one turn of the event loop in one packet over one connection. On a busy machine, telling Postgres
 * that there is work, and being told that it is done, costs more than reading a row or a page of a list by its index. For
 * reads only: one that is held up by its neighbors, or loses its connection with them, is sent once more, over one of its own.
 */
export class SharedTrips implements Queryable {
  private waiting: Passenger[] = [];

  constructor(
    private readonly trip: Trip,
    private readonly alone: Queryable,
  ) {}

  async query<R>(text: string, values: unknown[] = []): Promise<R[]> {
    const answer = new Promise<R[]>((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.depart());
      this.waiting.push({ text, values, resolve, reject, isThere: false });
    });
    try {
      return await answer;
    } catch (error) {
      // Made where all of them are sent; who asked is what one wants to know.
      Error.captureStackTrace(error as Error);
      throw error;
    }
  }

  private depart(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let i = 0; i < all.length; i += MOST) void this.travel(all.slice(i, i + MOST));
  }

  private async travel(together: readonly Passenger[]): Promise<void> {
    let isLate = false;
    const patience = setTimeout(() => {
      isLate = true;
      for (const one of together) if (!one.isThere) this.sendAlone(one);
    }, PATIENCE_MS);
    const ride = async (db: Queryable, one: Passenger) => {
      try {
        const rows = await db.query<never>(one.text, one.values);
        one.isThere = true;
        one.resolve(rows);
      } catch (error) {
        if (isLate) return;
        one.isThere = true;
        if (isConnectionLoss(error)) this.sendAlone(one);
        else one.reject(error);
      }
    };
    try {
      await this.trip((db) => Promise.all(together.map((one) => ride(db, one))));
    } catch (error) {
      // No connection could be had; who has an answer keeps it.
      for (const { reject } of together) reject(error);
    } finally {
      clearTimeout(patience);
    }
  }

  private sendAlone({ text, values, resolve, reject }: Passenger): void {
    this.alone.query<never>(text, values).then(resolve, reject);
  }
}
