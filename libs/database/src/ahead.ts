/**
 * A statement that leaves in the packet of a transaction, ahead of it, and is committed before the transaction begins: for
 * what others must see while the transaction is under way, without a trip of its own.
 */
export interface Ahead {
  text: string;
  values: unknown[];
  /** Sees its rows. When it throws, nothing of the transaction happens, and it is not tried again. */
  accept(rows: unknown[]): void;
}

/** The way of one such statement: sent until there is an answer, however often the transaction behind it is tried. */
export class Advance {
  /** What `accept` threw. */
  refusal: unknown;
  private isAccepted = false;

  constructor(private readonly ahead: Ahead) {}

  /** @returns what the transaction must wait for; undefined when it was accepted before */
  send(query: (text: string, values: unknown[]) => Promise<unknown[]>): Promise<void> | undefined {
    if (this.isAccepted) return undefined;
    const accepted = query(this.ahead.text, this.ahead.values).then((rows) => {
      try {
        this.ahead.accept(rows);
        this.isAccepted = true;
      } catch (error) {
        this.refusal = error;
        throw error;
      }
    });
    accepted.catch(() => undefined);
    return accepted;
  }
}
