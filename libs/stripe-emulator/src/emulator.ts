import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Actions } from './actions.js';
import { handleAdmin } from './admin.js';
import { ApiError, envelope, missing } from './api-error.js';
import { Chaos, type ChaosRules } from './chaos.js';
import { type Clock, type Duration, EmulatedClock, milliseconds, systemClock } from './clock.js';
import { Engine, snapshot } from './engine.js';
import { Api } from './http/api.js';
import type { Exchange } from './exchange.js';
import { IdempotencyKeys } from './http/idempotency.js';
import { type LoggedRequest, RequestLog } from './http/request-log.js';
import { Router } from './http/router.js';
import { Pages } from './pages/pages.js';
import { seededRandom } from './random.js';
import { Resources } from './resources/index.js';
import type { WebhookTarget } from './resources/webhook-endpoints.js';
import { type AnyEvent, type Delivery, Store } from './store.js';
import { TaskRunner } from './task-runner.js';
import { API_VERSION } from './version.js';
import { Dispatcher } from './webhooks/dispatcher.js';

export interface EmulatorOptions {
  /** 0 takes a free one. */
  port?: number;
  webhooks?: WebhookTarget[];
  /** Waits between the attempts of a delivery; `live` takes three days of emulated time as Stripe does. */
  retryScheduleMs?: number[] | 'live';
  /** An endpoint that does not answer within this time has failed. */
  deliveryTimeoutMs?: number;
  /** Keeps the state over restarts. */
  snapshotFile?: string;
  /** How long a bank takes: delayed payments, refunds that settle later, the late balance transaction. */
  settleDelayMs?: number;
  /** Confirms of one intent after which it cancels itself. */
  confirmLimit?: number;
  /** Same seed, same order of events and same chance of disturbances. */
  seed?: number;
  /** The real time by default; the emulated one runs ahead of it by what it was advanced. */
  clock?: Clock;
  /** Told of each call and its answer. */
  observe?: (exchange: Exchange) => void;
  /** Told of each event. */
  observeEvent?: (event: AnyEvent) => void;
}

const RETRY_SCHEDULE_MS = [200, 500, 1000, 2000, 5000, 15_000, 60_000];
const HOUR_MS = 3_600_000;
const LIVE_RETRY_SCHEDULE_MS = [5 / 60, 0.5, 2, 5, 10, 12, 12, 12, 12, 6].map((hours) => hours * HOUR_MS);

/** What went wrong between an application and the API: each list is empty for a well-behaved one. */
export interface Problems {
  unknownRoutes: LoggedRequest[];
  unknownParams: LoggedRequest[];
  postsWithoutOwnKey: LoggedRequest[];
  reusedKeys: LoggedRequest[];
  otherApiVersions: LoggedRequest[];
}

/** A running emulator. */
export class Emulator extends Actions {
  private readonly log = new RequestLog();
  private readonly chaosRules: Chaos;
  private readonly store: Store;
  private readonly clock: EmulatedClock;
  protected readonly engine: Engine;
  protected readonly resources: Resources;
  private readonly dispatcher: Dispatcher;
  private readonly tasks: TaskRunner;
  private readonly keys: IdempotencyKeys;
  private readonly api: Api;
  private readonly pages: Pages;
  private readonly server: Server;
  /** Port it listens on. */
  port = 0;

  private constructor(options: EmulatorOptions) {
    super();
    this.store = new Store(options.snapshotFile);
    const clock = new EmulatedClock(
      options.clock ?? systemClock,
      this.store.clock.get('clock')?.aheadMs ?? 0,
      (aheadMs) => this.store.clock.put({ id: 'clock', aheadMs }),
    );
    this.clock = clock;
    this.engine = new Engine(
      this.store,
      clock,
      seededRandom(options.seed ?? 1),
      options.settleDelayMs ?? 300,
      options.confirmLimit ?? 50,
      () => this.tasks.arm(),
      options.observeEvent,
    );
    this.chaosRules = new Chaos(seededRandom((options.seed ?? 1) + 1));
    this.resources = new Resources(this.engine);
    this.dispatcher = new Dispatcher(this.store, clock, this.chaosRules, {
      retryScheduleMs:
        options.retryScheduleMs === 'live' ? LIVE_RETRY_SCHEDULE_MS : (options.retryScheduleMs ?? RETRY_SCHEDULE_MS),
      timeoutMs: options.deliveryTimeoutMs ?? 10_000,
    });
    const announce = (events: AnyEvent[]): void => this.announce(events);
    this.tasks = new TaskRunner(this.engine, this.resources, announce);
    this.keys = new IdempotencyKeys(this.store.results, clock);
    const router = new Router(this.resources.routes);
    this.api = new Api(this.engine, router, this.keys, this.log, this.chaosRules, this.dispatcher, options.observe);
    this.pages = new Pages(this.engine, this.resources, announce);
    for (const target of options.webhooks ?? []) this.addWebhookEndpoint(target);
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.keepAliveTimeout = 60_000;
  }

  /** Starts one on 127.0.0.1. @throws {Error} EADDRINUSE when the port is taken */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    const emulator = new Emulator(options);
    const { server } = emulator;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port ?? 0, '127.0.0.1', resolve);
      });
    } catch (error) {
      emulator.store.close();
      throw error;
    }
    emulator.port = (server.address() as AddressInfo).port;
    emulator.engine.baseUrl = emulator.url;
    emulator.dispatcher.resume();
    emulator.tasks.arm();
    return emulator;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The page where a person pays an intent. */
  payUrl(clientSecret: string, returnUrl?: string): string {
    const query = returnUrl === undefined ? '' : `?return_url=${encodeURIComponent(returnUrl)}`;
    return `${this.url}/pay/${encodeURIComponent(clientSecret)}${query}`;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
    try {
      if (path.startsWith('/_emulator')) await handleAdmin(this, request, response, path, query);
      else if (path.startsWith('/pay/') || path.startsWith('/3ds/')) {
        await this.pages.handle(request, response, path, query);
      } else if (path === '/' && request.method === 'GET') this.pages.index(response);
      // Browsers ask for it by themselves: no call of an unknown operation.
      else if (path === '/favicon.ico') response.writeHead(204).end();
      else await this.api.handle(request, response, path, query);
    } catch (error) {
      console.error('The Stripe emulator failed to serve a request:', error);
      if (response.headersSent) return void response.destroy();
      const failure = new ApiError(500, { type: 'api_error', message: 'The emulator failed; its log says why.' });
      response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(envelope(failure)));
    }
  }

  protected announce(events: AnyEvent[]): void {
    const { before, after } = this.dispatcher.plan(events);
    this.store.flush();
    this.dispatcher.start([...before, ...after]);
  }

  /** Sends an event once more. @returns deliveries made */
  resend(event: string): number {
    const found = this.store.events.get(event);
    if (found === undefined) throw missing('event', event);
    const count = this.dispatcher.resend(found);
    this.store.flush();
    return count;
  }

  /** Sends the deliveries that a `hold` rule kept. @returns how many */
  release(types?: string[]): number {
    return this.dispatcher.release(types);
  }

  /** Does at once what banks would do later. */
  settle(): void {
    this.tasks.run(true);
  }

  /** What the emulated clock shows. */
  time(): { now: string; timestamp: number } {
    const now = this.clock.now();
    return { now: new Date(now).toISOString(), timestamp: Math.floor(now / 1000) };
  }

  /** How long the things that take days at Stripe take from now on; what is under way is not changed. */
  set settleDelayMs(ms: number) {
    this.engine.settleDelayMs = ms;
  }

  /**
   * Puts the clock forward. What becomes due on the way happens at its time and in its order: banks answer, holds and
   * disputes run out, deliveries are tried again, idempotency keys are forgotten.
   * @throws {RangeError} when it would go back
   */
  advance(by: Duration): void {
    const target = this.clock.now() + milliseconds(by);
    for (let next = this.tasks.nextDueAt(); next !== undefined && next <= target; next = this.tasks.nextDueAt()) {
      this.clock.moveTo(next);
      this.tasks.run();
    }
    this.clock.moveTo(target);
    this.tasks.arm();
    this.dispatcher.wake();
    this.store.flush();
  }

  /** Makes an endpoint known; the same URL with the same kind of payload again changes it. @returns its id */
  addWebhookEndpoint(target: WebhookTarget): string {
    const { id } = this.resources.endpoints.configure(target);
    this.store.flush();
    return id;
  }

  /** Forgets an endpoint; what is on its way to it is dropped. */
  removeWebhookEndpoint(id: string): void {
    this.store.endpoints.delete(id);
    this.store.flush();
  }

  /** Replaces the disturbances of the kinds that are given. */
  setChaos(rules: ChaosRules): void {
    this.chaosRules.set(rules);
  }

  clearChaos(): void {
    this.chaosRules.clear();
  }

  chaos(): Required<ChaosRules> {
    return snapshot(this.chaosRules.rules());
  }

  /** The newest 20,000 API requests, oldest first. */
  requests(filter: { method?: string; path?: string } = {}): LoggedRequest[] {
    return this.log.list(filter);
  }

  /** Deliveries, oldest first. */
  deliveries(filter: { type?: string; event?: string; status?: Delivery['status'] } = {}): Delivery[] {
    return [...this.store.deliveries.values()].filter(
      (delivery) =>
        (filter.type === undefined || delivery.type === filter.type) &&
        (filter.event === undefined || delivery.event === filter.event) &&
        (filter.status === undefined || delivery.status === filter.status),
    );
  }

  /** Everything the account holds, by kind, newest first. */
  state(): Record<string, unknown[]> {
    return this.store.dump();
  }

  /** Forgets all objects, logs and disturbances; the configured webhook endpoints stay. */
  reset(): void {
    this.store.clear();
    this.dispatcher.clear();
    this.keys.clear();
    this.log.clear();
    this.chaosRules.clear();
    this.clock.reset();
    this.tasks.arm();
  }

  /** What an application did that it should not do. */
  problems(): Problems {
    const all = this.log.list();
    return {
      unknownRoutes: all.filter((entry) => !entry.isKnownRoute),
      unknownParams: all.filter((entry) => entry.errorCode === 'parameter_unknown'),
      postsWithoutOwnKey: all.filter(
        (entry) =>
          entry.method === 'POST' &&
          entry.key === 'secret' &&
          (entry.idempotencyKey === null || entry.idempotencyKey.startsWith('stripe-node-retry-')),
      ),
      reusedKeys: all.filter((entry) => entry.errorType === 'idempotency_error' && entry.status === 400),
      otherApiVersions: all.filter((entry) => entry.stripeVersion !== null && entry.stripeVersion !== API_VERSION),
    };
  }

  /** @throws {Error} naming the calls to operations that the emulator does not have */
  noUnknownRoutes(): void {
    assertNone('Calls to unknown routes', this.problems().unknownRoutes);
  }

  /** @throws {Error} naming the POSTs whose key the SDK had to make up */
  everyPostHadExplicitKey(): void {
    assertNone('POSTs without an idempotency key of their own', this.problems().postsWithoutOwnKey);
  }

  /** @throws {Error} naming the calls that used a key again for something else */
  noKeyReuse(): void {
    assertNone('Idempotency keys used for something else', this.problems().reusedKeys);
  }

  /** @throws {Error} naming the calls with parameters that Stripe does not have */
  noUnknownParams(): void {
    assertNone('Calls with unknown parameters', this.problems().unknownParams);
  }

  /** @throws {Error} naming the calls of another version of the API than the emulator speaks */
  noOtherApiVersions(): void {
    assertNone('Calls of other API versions', this.problems().otherApiVersions);
  }

  /** All of these assertions. @throws {Error} of the first that fails */
  noProblems(): void {
    this.noUnknownRoutes();
    this.noUnknownParams();
    this.everyPostHadExplicitKey();
    this.noKeyReuse();
    this.noOtherApiVersions();
  }

  /** Resolves when nothing is on its way to an endpoint or will be within `timeoutMs`. @throws {Error} after `timeoutMs` */
  async idle(timeoutMs = 10_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    // Two looks: a delivery sets out in the turn after the answer that caused it.
    for (let quiet = 0; quiet < 2; quiet = this.dispatcher.isIdle(timeoutMs) ? quiet + 1 : 0) {
      if (Date.now() > deadline) throw new Error(`Webhook deliveries were still open after ${timeoutMs} ms`);
      await sleep(10);
    }
  }

  /** Stops listening and delivering; open connections are cut. */
  async close(): Promise<void> {
    this.tasks.close();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await this.dispatcher.close();
    await closed;
    this.store.close();
  }
}

function assertNone(what: string, entries: readonly LoggedRequest[]): void {
  if (entries.length === 0) return;
  const lines = entries.map((entry) => `  ${entry.method} ${entry.path} (key ${entry.idempotencyKey ?? 'none'})`);
  throw new Error(`${what}:\n${lines.join('\n')}`);
}
