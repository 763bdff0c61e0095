import { Agent, type ClientRequest, request } from 'node:http';
import type { Chaos } from '../chaos.js';
import { type EmulatedClock, seconds } from '../clock.js';
import { newId } from '../random.js';
import { matchesType } from '../resources/events.js';
import { isLocal } from '../resources/webhook-endpoints.js';
import type { AnyEvent, Delivery, DeliveryAttempt, Store, StoredEndpoint } from '../store.js';
import { signatureHeader } from './signature.js';
import { thinEvent, thinTypeOf } from './thin-event.js';

export interface DispatcherOptions {
  /** Waits between attempts; after the last one a delivery has failed. */
  retryScheduleMs: readonly number[];
  timeoutMs: number;
}

const OLD_API_VERSION = '2020-08-27';
const STALE_SECONDS = 600;
const INFLATED_BYTES = 150_000;
/** Requests to endpoints at the same time. */
const MAX_SOCKETS = 64;

/** Takes events to the endpoints: signed, at least once, in no promised order. */
export class Dispatcher {
  // A connection for each attempt: a kept one may be closed by a receiver that restarts, which would look like a failure.
  private readonly agent = new Agent({ keepAlive: false, maxSockets: MAX_SOCKETS });
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private readonly requests = new Set<ClientRequest>();
  private readonly reordered: { delivery: Delivery; timer: NodeJS.Timeout }[] = [];
  private isClosed = false;

  constructor(
    private readonly store: Store,
    private readonly clock: EmulatedClock,
    private readonly chaos: Chaos,
    private readonly options: DispatcherOptions,
  ) {}

  /** Takes up the deliveries that a former process did not finish. */
  resume(): void {
    for (const delivery of this.store.deliveries.values()) {
      if (delivery.status === 'pending') {
        this.schedule(delivery, Math.max(0, (delivery.nextAttemptAt ?? 0) - this.clock.now()));
      }
    }
  }

  /**
   * Splits events into those that the endpoints get before the answer of the API call and the rest. The deliveries
   * are written down at once, so that a crash loses none.
   */
  plan(events: readonly AnyEvent[]): { before: Delivery[]; after: Delivery[] } {
    const before: Delivery[] = [];
    const after: Delivery[] = [];
    for (const event of events) {
      const deliveries = this.deliveriesOf(event);
      const isEarly =
        deliveries.length > 0 && this.chaos.takeWebhook('deliverBeforeResponse', event.type) !== undefined;
      (isEarly ? before : after).push(...deliveries);
    }
    return { before, after };
  }

  /** Sends now; resolves when each has been tried once. */
  async deliver(deliveries: readonly Delivery[]): Promise<void> {
    await Promise.all(deliveries.map(async (delivery) => this.track(this.attempt(delivery))));
  }

  /** Sends as the rules say; does not wait. */
  start(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.startOne(delivery);
  }

  private startOne(delivery: Delivery): void {
    if (this.isForgotten(delivery)) return;
    const { chaos } = this;
    if (chaos.takeWebhook('drop', delivery.type) !== undefined) {
      this.settle(delivery, 'dropped');
      return;
    }
    if (chaos.takeWebhook('hold', delivery.type) !== undefined) {
      this.settle(delivery, 'held');
      return;
    }
    const reorder = chaos.takeWebhook('reorder', delivery.type);
    if (reorder !== undefined) {
      this.reorder(delivery, reorder.delayMs ?? 300);
      return;
    }
    const delay = chaos.takeWebhook('delay', delivery.type);
    this.schedule(delivery, delay === undefined ? 0 : (delay.delayMs ?? 1000));
  }

  /** Waits for a while and sends what came in the meantime newest first. */
  private reorder(delivery: Delivery, windowMs: number): void {
    const timer = setTimeout(() => {
      const batch = this.reordered.splice(0);
      for (const entry of batch) clearTimeout(entry.timer);
      void this.inTurn(batch.map((entry) => entry.delivery).toReversed());
    }, windowMs);
    this.reordered.push({ delivery, timer });
  }

  private async inTurn(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) await this.track(this.attempt(delivery));
  }

  /** One delivery to each endpoint that listens, more where a rule duplicates. */
  private deliveriesOf(event: AnyEvent): Delivery[] {
    const out: Delivery[] = [];
    for (const endpoint of this.store.endpoints.values()) {
      const { url } = endpoint.shown;
      if (!listens(endpoint, event.type)) continue;
      const { chaos } = this;
      const duplicate =
        chaos.takeWebhook('duplicate', event.type) ?? chaos.takeWebhook('concurrentDuplicates', event.type);
      const isAtOnce = duplicate?.isConcurrent === true || duplicate?.kind === 'concurrentDuplicates';
      const times = duplicate === undefined ? 1 : (duplicate.times ?? 2);
      for (let copy = 0; copy < times; copy++) {
        const wait = isAtOnce ? 0 : copy * (duplicate?.delayMs ?? 20);
        out.push(this.write(event, endpoint.id, url, wait));
      }
      event.pending_webhooks += 1;
    }
    if (out.length > 0) this.store.events.put(event);
    return out;
  }

  private write(event: AnyEvent, endpoint: string, url: string, waitMs: number): Delivery {
    return this.store.deliveries.put({
      id: newId('dlv'),
      event: event.id,
      type: event.type,
      endpoint,
      url,
      status: 'pending',
      nextAttemptAt: this.clock.now() + waitMs,
      attempts: [],
    });
  }

  private schedule(delivery: Delivery, waitMs: number): void {
    if (this.isClosed) return;
    delivery.status = 'pending';
    delivery.nextAttemptAt = Math.max(delivery.nextAttemptAt ?? 0, this.clock.now() + waitMs);
    this.store.deliveries.put(delivery);
    const wait = delivery.nextAttemptAt - this.clock.now();
    if (wait <= 0) {
      void this.track(this.attempt(delivery));
      return;
    }
    this.timers.set(
      delivery.id,
      setTimeout(() => this.go(delivery), wait),
    );
  }

  private go(delivery: Delivery): void {
    this.timers.delete(delivery.id);
    void this.track(this.attempt(delivery));
  }

  /** The clock was put forward: sends what has become due. */
  wake(): void {
    for (const [id, timer] of this.timers) {
      const delivery = this.store.deliveries.get(id);
      if (delivery === undefined || (delivery.nextAttemptAt ?? 0) > this.clock.now()) continue;
      clearTimeout(timer);
      this.go(delivery);
    }
  }

  private async track(work: Promise<void>): Promise<void> {
    this.running.add(work);
    try {
      await work;
    } finally {
      this.running.delete(work);
    }
  }

  private async attempt(delivery: Delivery): Promise<void> {
    if (this.isClosed || this.isForgotten(delivery)) return;
    const event = this.store.events.get(delivery.event);
    const endpoint = this.store.endpoints.get(delivery.endpoint);
    if (event === undefined || endpoint === undefined) {
      this.settle(delivery, 'dropped');
      return;
    }
    const startedAt = this.clock.now();
    const { isRefused = false, ...outcome } = await this.send(event, endpoint);
    if (this.isClosed || this.isForgotten(delivery)) return;
    delivery.attempts.push({ at: startedAt, durationMs: this.clock.now() - startedAt, ...outcome });
    const { status } = outcome;
    if (status !== null && status >= 200 && status < 300) {
      this.settle(delivery, 'succeeded');
      event.pending_webhooks = Math.max(0, event.pending_webhooks - 1);
      this.store.events.put(event);
      this.store.flush();
      return;
    }
    const wait = this.options.retryScheduleMs[delivery.attempts.length - 1];
    if (wait === undefined || isRefused) this.settle(delivery, 'failed');
    else this.schedule(delivery, wait);
    this.store.flush();
  }

  /** The account was reset since. */
  private isForgotten(delivery: Delivery): boolean {
    return this.store.deliveries.get(delivery.id) !== delivery;
  }

  private settle(delivery: Delivery, status: Delivery['status']): void {
    delivery.status = status;
    delivery.nextAttemptAt = null;
    this.store.deliveries.put(delivery);
  }

  private async send(
    event: AnyEvent,
    endpoint: StoredEndpoint,
  ): Promise<Pick<DeliveryAttempt, 'status' | 'error'> & { isRefused?: boolean }> {
    const { url, api_version: version } = endpoint.shown;
    if (!isLocal(url)) return { status: null, error: 'not an address of this machine', isRefused: true };
    const isOld = this.chaos.takeWebhook('oldApiVersion', event.type) !== undefined;
    const snapshot = { ...event, api_version: isOld ? OLD_API_VERSION : version };
    const inflated = this.chaos.takeWebhook('inflate', event.type);
    const filler = inflated === undefined ? '' : ' '.repeat(inflated.bytes ?? INFLATED_BYTES);
    const payload = JSON.stringify(endpoint.payload === 'thin' ? thinEvent(event) : snapshot, null, 2) + filler;
    const isStale = this.chaos.takeWebhook('staleTimestamp', event.type) !== undefined;
    const isForged = this.chaos.takeWebhook('badSignature', event.type) !== undefined;
    // Receivers compare it with their own watch.
    const timestamp = seconds(this.clock.real) - (isStale ? STALE_SECONDS : 0);
    const headers = {
      Accept: '*/*; q=0.5, application/xml',
      'Cache-Control': 'no-cache',
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(payload),
      'Stripe-Signature': signatureHeader(payload, isForged ? ['whsec_forged'] : secretsOf(endpoint), timestamp),
      'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    };
    return new Promise((resolve) => {
      // node:http follows no redirect: like at Stripe, 3xx is a failure.
      const call = request(
        url,
        { method: 'POST', agent: this.agent, headers, timeout: this.options.timeoutMs },
        (answer) => {
          answer.resume();
          answer.on('end', () => finish({ status: answer.statusCode ?? null }));
          answer.on('error', (error) => finish({ status: null, error: error.message }));
        },
      );
      const finish = (outcome: Pick<DeliveryAttempt, 'status' | 'error'>): void => {
        this.requests.delete(call);
        resolve(outcome);
      };
      this.requests.add(call);
      call.on('timeout', () => call.destroy(new Error('timed out')));
      call.on('error', (error) => finish({ status: null, error: error.message }));
      call.end(payload);
    });
  }

  /** Sends what is held, oldest first. @returns how many */
  release(types?: string[]): number {
    const held = [...this.store.deliveries.values()].filter(
      (delivery) =>
        delivery.status === 'held' &&
        (types === undefined || types.some((wanted) => matchesType(delivery.type, wanted))),
    );
    for (const delivery of held) this.schedule(delivery, 0);
    return held.length;
  }

  /** Sends an event once more to every endpoint that listens. @returns how many */
  resend(event: AnyEvent): number {
    let count = 0;
    for (const endpoint of this.store.endpoints.values()) {
      if (!listens(endpoint, event.type)) continue;
      this.schedule(this.write(event, endpoint.id, endpoint.shown.url, 0), 0);
      count += 1;
    }
    return count;
  }

  /** Whether nothing is on its way or has its next attempt within a time. Held deliveries do not count. */
  isIdle(withinMs: number): boolean {
    const horizon = this.clock.now() + withinMs;
    const isNear = (id: string): boolean => (this.store.deliveries.get(id)?.nextAttemptAt ?? 0) <= horizon;
    return this.running.size === 0 && this.reordered.length === 0 && ![...this.timers.keys()].some(isNear);
  }

  /** Gives up all that is on its way. */
  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const entry of this.reordered.splice(0)) clearTimeout(entry.timer);
    this.timers.clear();
    for (const call of this.requests) call.destroy();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.clear();
    await Promise.allSettled(this.running);
    this.agent.destroy();
  }
}

/** The old secret signs too while it is being rolled. */
const secretsOf = ({ secret, previousSecret }: StoredEndpoint): string[] =>
  previousSecret === undefined ? [secret] : [secret, previousSecret];

function listens({ shown: { status, enabled_events: wanted } }: StoredEndpoint, type: string): boolean {
  return status === 'enabled' && wanted.some((name) => matchesType(type, name) || matchesType(thinTypeOf(type), name));
}
