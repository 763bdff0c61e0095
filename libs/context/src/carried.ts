import { promiseHooks } from 'node:v8';

/** What is carried at a moment: a value, and those of others around it; each `Carried` has one at most. */
interface Frame {
  readonly of: Carried<unknown>;
  readonly value: unknown;
  readonly around: Frame | undefined;
}

const FRAME = Symbol('frame');
type Carrier = Promise<unknown> & { [FRAME]?: Frame };

let present: Frame | undefined;
let isWatched = false;

/** The frames around, but for that of `of`. */
function without(of: Carried<unknown>, frame: Frame | undefined): Frame | undefined {
  if (frame === undefined) return undefined;
  if (frame.of === of) return frame.around;
  const around = without(of, frame.around);
  return around === frame.around ? frame : { of: frame.of, value: frame.value, around };
}

/** From the first use on, each promise keeps what was carried when it was made, and whatever waits for it goes on with that. */
function watchPromises(): void {
  if (isWatched) return;
  isWatched = true;
  promiseHooks.createHook({
    init(promise: Carrier) {
      if (present !== undefined) promise[FRAME] = present;
    },
    before(promise: Carrier) {
      present = promise[FRAME];
    },
    after() {
      present = undefined;
    },
  });
}

/**
 * A value that belongs to the work at hand and is found again after each await in it, as with Node's AsyncLocalStorage, of
 * which it is the part that is needed here, for much less work (ADR 0029): it is carried by promises, and not by callbacks of
 * timers, sockets and streams. Whoever goes on in one of those runs it anew.
 */
export class Carried<T> {
  /** Runs `work`, and all that it awaits, with the value. */
  run<R>(value: T, work: () => R): R {
    watchPromises();
    const before = present;
    // Without what it hides: work that begins inside of other work, again and again, would drag all of it along.
    present = { of: this as Carried<unknown>, value, around: without(this as Carried<unknown>, before) };
    try {
      return work();
    } finally {
      present = before;
    }
  }

  /** The value of the work at hand; undefined outside of any. */
  get(): T | undefined {
    for (let frame = present; frame !== undefined; frame = frame.around) {
      if (frame.of === this) return frame.value as T;
    }
    return undefined;
  }
}
