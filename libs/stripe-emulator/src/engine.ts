import { type Clock, seconds } from './clock.js';
import { newId, type Random, shuffled } from './random.js';
import type { AnyEvent, Expiry, Settlement, Store, Task } from './store.js';
import { API_VERSION } from './version.js';

/** Who asked, as events tell it. */
export interface Cause {
  requestId: string | null;
  idempotencyKey: string | null;
}

/** One request or one late happening: collects the events that it leads to. */
export class Scope {
  private readonly emitted: AnyEvent[] = [];
  /** The answer is held back this long after the work. */
  slowMs = 0;

  constructor(
    private readonly engine: Engine,
    private readonly cause: Cause = { requestId: null, idempotencyKey: null },
  ) {}

  /** @param previous the former values of what an update changed */
  emit(type: AnyEvent['type'], object: object, previous?: object): void {
    this.emitted.push({
      id: newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: seconds(this.engine.clock),
      data: {
        object: snapshot(object),
        ...(previous === undefined ? {} : { previous_attributes: snapshot(previous) }),
      },
      livemode: false,
      pending_webhooks: 0,
      request: { id: this.cause.requestId, idempotency_key: this.cause.idempotencyKey },
      type,
    });
  }

  /** Events of one fact, in either order: receivers must not lean on one. */
  emitInAnyOrder(...events: [type: AnyEvent['type'], object: object][]): void {
    for (const [type, object] of shuffled(events, this.engine.random)) this.emit(type, object);
  }

  /** Stores the events so far and hands them out. */
  takeEvents(): AnyEvent[] {
    const events = this.emitted.splice(0);
    for (const event of events) this.engine.record(event);
    return events;
  }
}

/** What the resources work with. */
export class Engine {
  /** Where a browser reaches the pages of the emulator; known once it listens. */
  baseUrl = '';

  constructor(
    readonly store: Store,
    readonly clock: Clock,
    readonly random: Random,
    /** How long the things that take days at Stripe take here. */
    public settleDelayMs: number,
    /** Confirms after which an intent is canceled by itself. */
    readonly confirmLimit: number,
    private readonly onTask: () => void,
    private readonly onEvent?: (event: AnyEvent) => void,
  ) {}

  /** Keeps an event. */
  record(event: AnyEvent): void {
    this.store.events.put(event);
    this.onEvent?.(event);
  }

  now(): number {
    return seconds(this.clock);
  }

  /** Something that happens by itself a little later. */
  later(kind: Settlement, target: string): void {
    this.put(kind, target, this.clock.now() + this.settleDelayMs);
  }

  /** Something that happens by itself when a time is over. @param at seconds since the epoch */
  when(at: number, kind: Expiry, target: string): void {
    this.put(kind, target, at * 1000);
  }

  private put(kind: Task['kind'], target: string, dueAt: number): void {
    this.store.tasks.put({ id: newId('task'), dueAt, kind, target });
    this.onTask();
  }
}

/** A copy that later changes do not reach. */
export const snapshot = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
