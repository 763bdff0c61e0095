import { type Engine, Scope } from './engine.js';
import type { Resources } from './resources/index.js';
import type { AnyEvent } from './store.js';

/** Timers know no longer ones; the next look sets another. */
const LONGEST_TIMER_MS = 24 * 3600 * 1000;

/** Does put-off work when it is due. */
export class TaskRunner {
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly engine: Engine,
    private readonly resources: Resources,
    private readonly announce: (events: AnyEvent[]) => void,
  ) {}

  /** Sets the alarm for the next task. */
  arm(): void {
    clearTimeout(this.timer);
    if (this.isClosed) return;
    const next = this.nextDueAt();
    if (next === undefined) return;
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, next - this.engine.clock.now()));
    this.timer = setTimeout(() => this.run(), wait).unref();
  }

  /** When the next task is due: milliseconds since the epoch, or undefined when there is none. */
  nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const { dueAt } of this.engine.store.tasks.values()) next = Math.min(next ?? dueAt, dueAt);
    return next;
  }

  /** @param isForced also what banks are not through with yet; times that have to be over first are not shortened */
  run(isForced = false): void {
    const { store, clock } = this.engine;
    for (const task of [...store.tasks.values()].toSorted((a, b) => a.dueAt - b.dueAt)) {
      if (task.dueAt > clock.now() && !(isForced && !task.kind.startsWith('expire_'))) continue;
      store.tasks.delete(task.id);
      const scope = new Scope(this.engine);
      this.resources.perform(task, scope);
      this.announce(scope.takeEvents());
    }
    this.arm();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }
}
