import { Overloaded } from '#libs/errors';

/**
 * Lets a few in at a time and makes the others wait in line, for a bounded time: a rush of shoppers is served one after
 * the other at full speed, instead of all at once at none.
 */
export class Admission {
  private active = 0;
  private readonly line: (() => void)[] = [];

  constructor(
    private readonly places: number,
    private readonly maxWaitMs: number,
    private readonly maxLine: number,
  ) {}

  /** Runs the work when a place is free. @throws `overloaded` when the line is too long or the wait is over */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.active -= 1;
    }
  }

  private async enter(): Promise<void> {
    if (this.active < this.places) {
      this.active += 1;
      return;
    }
    if (this.line.length >= this.maxLine) throw Overloaded({ retryAfterSeconds: 2 });
    await new Promise<void>((resolve, reject) => {
      const admit = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        const at = this.line.indexOf(admit);
        if (at >= 0) this.line.splice(at, 1);
        reject(Overloaded({ retryAfterSeconds: 2 }));
      }, this.maxWaitMs);
      this.line.push(admit);
    });
  }
}
