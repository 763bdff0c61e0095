import { type Engine, Scope } from './engine.js';
import type { Resources } from './resources/index.js';
import type { AnyEvent } from './store.js';

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
    const { store, clock } = this.engine;
    let next = Infinity;
    for (const task of store.tasks.values()) next = Math.min(next, task.dueAt);
    if (next !== Infinity) this.timer = setTimeout(() => this.run(), Math.max(0, next - clock.now()));
  }

  /** @param isForced also what is not due yet */
  run(isForced = false): void {
    const { store, clock } = this.engine;
    for (const task of store.tasks.newestFirst().toReversed()) {
      if (!isForced && task.dueAt > clock.now()) continue;
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
