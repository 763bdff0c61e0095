import type { Queryable } from './queryable.js';

/** Statements of one trip: they run one after the other, so the last waits for all others. */
const MOST = 8;

interface Passenger {
  text: string;
  values: unknown[];
  resolve: (rows: never[]) => void;
  reject: (error: unknown) => void;
}

/** Lends one connection to several statements, each a transaction of its own, sent without waiting in between. */
type Trip = (work: (db: Queryable) => Promise<unknown>) => Promise<unknown>;

/**
 * Sends what was asked for in one turn of the event loop in one packet over one connection. On a busy machine, telling Postgres
 * that there is work, and being told that it is done, costs more than reading a row or a page of a list by its index.
 */
export class SharedTrips implements Queryable {
  private waiting: Passenger[] = [];

  constructor(private readonly trip: Trip) {}

  async query<R>(text: string, values: unknown[] = []): Promise<R[]> {
    const answer = new Promise<R[]>((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.depart());
      this.waiting.push({ text, values, resolve, reject });
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
    try {
      await this.trip((db) =>
        Promise.all(
          together.map(({ text, values, resolve, reject }) => db.query<never>(text, values).then(resolve, reject)),
        ),
      );
    } catch (error) {
      // No connection could be had; who has an answer keeps it.
      for (const { reject } of together) reject(error);
    }
  }
}
