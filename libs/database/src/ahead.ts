/**
 * A statement that leaves in the packet of a transaction, ahead of its work, without a trip of its own. It decides whether
 * anything happens at all.
 */
export interface Ahead {
  text: string;
  values: unknown[];
  /**
   * `before` the transaction begins, and committed: others see it while the transaction is under way. `within` it, as its first
   * statement: whatever becomes of the transaction undoes it, and it is sent again when the transaction is tried again.
   */
  place: 'before' | 'within';
  /** Sees its rows. When it throws, nothing of the transaction happens, and it is not tried again. */
  accept(rows: unknown[]): void;
}

/** The way of one such statement: before a transaction it is sent until there is an answer, however often what is behind it is tried. */
export class Advance {
  /** What `accept` threw. */
  refusal: unknown;
  private isAccepted = false;

  constructor(private readonly ahead: Ahead) {}

  /** @returns what the transaction must wait for; undefined when this is not the place, or it was accepted before */
  send(
    place: Ahead['place'],
    query: (text: string, values: unknown[]) => Promise<unknown[]>,
  ): Promise<void> | undefined {
    if (place !== this.ahead.place || (place === 'before' && this.isAccepted)) return undefined;
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
