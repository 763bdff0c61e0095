import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import Stripe from 'stripe';
import { Db } from '#libs/database';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { Dispatcher, jobCatalog } from '#libs/jobs';
import { configureLog } from '#libs/log';
import { createEmulator, type Emulator, type EmulatorOptions } from '#libs/stripe-emulator';
import { createApi } from '../../src/bootstrap/create-api.js';
import { type Config, loadConfig } from '../../src/config/index.js';
import { AccessTokens } from '../../src/modules/auth/access-token.js';
import { ProductListings, ProductWriter } from '../../src/modules/catalog/index.js';
import { StockLedger } from '../../src/modules/inventory/index.js';
import { type ClientAck, type ProviderBooks, runBooks, type Violation } from '../../src/modules/operations/index.js';
import { ReportsRepository } from '../../src/modules/payments/reconciliation/reports.repository.js';
import { RunReconciliation } from '../../src/modules/payments/reconciliation/run-reconciliation.service.js';
import { fromWire } from '../../src/modules/payments/stripe/wire-amount.js';
import { ensureSettings } from '../../src/modules/settings/index.js';
import { cloneDatabase, type TestDatabase } from './postgres.js';

/** An answer of the API. */
export interface Answer<B = any> {
  status: number;
  headers: Headers;
  body: B;
}

export interface CallOptions {
  body?: unknown;
  token?: string;
  bearer?: string;
  key?: string;
  headers?: Record<string, string>;
  /** `manual`: to see where an answer leads. */
  redirect?: 'follow' | 'manual';
}

/** What a test shop is started with. */
export interface ShopOptions {
  env?: Record<string, string>;
  /** Jobs on Bull, instead of in process. */
  redis?: boolean;
  stripe?: boolean;
  database?: TestDatabase;
  /**
   * Recurring jobs run as the clock of the wall says. Without it they run once, while the shop starts, and then a test
   * alone says when: one that counts what a job did would fail whenever the half minute turned in its middle.
   */
  recurring?: boolean;
  /** What the emulator leaves to chance comes from this. */
  seed?: number;
  /** Sees what goes to Stripe and what comes back. */
  observers?: Pick<EmulatorOptions, 'observe' | 'observeEvent'>;
}

export const ADDRESS = {
  firstName: 'Ada', lastName: 'Lovelace', line1: '1 Main Street', city: 'Springfield', state: 'IL', postalCode: '62701', country: 'US',
}; // prettier-ignore
export const ZONE_ID = '01920000-0000-7000-8000-0000000000a1';
export const METHOD_ID = '01920000-0000-7000-8000-0000000000a2';
export const WEBHOOK_SECRET = 'whsec_test_0123456789abcdef';
/** How long after a charge the bank has more to tell of it. */
export const SETTLE_DELAY_MS = 50;
const YEAR_MS = 365 * 86_400_000;
/** The check of the books that finds a line of Stripe which is not in ours. */
const LINE_MISSING = 'M12';

let toldSeed: number | undefined;
/** Says what repeats a run, once in each file. */
function tellSeed(seed: number | undefined): void {
  if (seed === toldSeed || seed === undefined) return;
  toldSeed = seed;
  process.stderr.write(`shop: seed ${seed}, EMPORIUM_SEED=${seed} repeats it\n`);
}

/** Lets the recurring jobs of the start come to their end, and begins none after them. */
async function stopTheClock(app: NestFastifyApplication): Promise<void> {
  const dispatcher = app.get(Dispatcher, { strict: false });
  await dispatcher.tick();
  Object.assign(dispatcher, { startRecurring: () => Promise.resolve() });
  const recurring = jobCatalog().filter((job) => job.everyMs !== undefined);
  for (let waited = 0; waited < 5000; waited += 20) {
    const busy = await app
      .get(Db)
      .query(`SELECT 1 FROM jobs WHERE state IN ('queued', 'running') AND name = ANY($1) AND payload = '{}' LIMIT 1`, [
        recurring.map((job) => job.name),
      ]);
    if (busy.length === 0) return;
    await sleep(20);
  }
  throw new Error('the recurring jobs of the start do not come to their end');
}

/** The whole API on a port of its own, on a fresh database, with the emulator for Stripe and one way to ship. */
export class Shop {
  /** Intents that others made in the Stripe account of the shop: its books do not know them. */
  readonly foreign = new Set<string>();

  private constructor(
    readonly app: NestFastifyApplication,
    readonly config: Config,
    readonly url: string,
    readonly database: TestDatabase,
    readonly stripe: Emulator,
    private readonly dataDir: string,
    private readonly ownsDatabase: boolean,
  ) {}

  static async start(options: ShopOptions = {}): Promise<Shop> {
    const { seed } = options;
    tellSeed(seed);
    const database = options.database ?? (await cloneDatabase());
    const stripe = await createEmulator({
      // Long enough for a process that was killed to come back, also on a busy machine: Stripe itself tries for days.
      retryScheduleMs: [100, 200, 400, 800, 1600, 3200, 6400, 6400],
      settleDelayMs: SETTLE_DELAY_MS,
      ...(seed === undefined ? {} : { seed }),
      ...options.observers,
    });
    const dataDir = mkdtempSync(join(tmpdir(), 'emporium-test-'));
    const config = loadConfig({
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      DEMO: '0',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
      ...(options.redis ? { REDIS_URL: process.env.TEST_REDIS_URL } : {}),
      ...(options.stripe === false
        ? {}
        : {
            STRIPE_SECRET_KEY: 'sk_test_emporium',
            STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
            STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
            STRIPE_API_BASE: stripe.url,
          }),
      RATE_LIMIT_READS_PER_MIN: '1000000',
      RATE_LIMIT_WRITES_PER_MIN: '1000000',
      RATE_LIMIT_CART_WRITES_PER_MIN: '100000',
      ...options.env,
    });
    configureLog({ level: config.logLevel, service: 'test' });
    const app = await createApi(config);
    await ensureSettings(app.get(Db), config);
    await app.get(Db).query(
      `WITH z AS (INSERT INTO shipping_zones (id, name, countries) VALUES ($1, 'Everywhere', '{*}') ON CONFLICT DO NOTHING)
       INSERT INTO shipping_methods (id, zone_id, name, amount, currency) VALUES ($2, $1, 'Standard', 500, 'USD') ON CONFLICT DO NOTHING`,
      [ZONE_ID, METHOD_ID],
    );
    await app.listen(0, '127.0.0.1');
    if (config.jobs && !options.recurring) await stopTheClock(app);
    const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    stripe.addWebhookEndpoint({ url: `${url}/v1/webhooks/stripe`, secret: WEBHOOK_SECRET });
    return new Shop(app, config, url, database, stripe, dataDir, options.database === undefined);
  }

  get db(): Db {
    return this.app.get(Db);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.stripe.close();
    rmSync(this.dataDir, { recursive: true, force: true });
    if (this.ownsDatabase) await this.database.drop();
  }

  async call<B = any>(method: string, path: string, options: CallOptions = {}): Promise<Answer<B>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(options.token ? { 'X-Cart-Token': options.token } : {}),
        ...(options.bearer ? { Authorization: `Bearer ${options.bearer}` } : {}),
        ...(options.key ? { 'Idempotency-Key': options.key } : {}),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      redirect: options.redirect ?? 'follow',
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** A token of a member of staff. */
  async staff(role = 'owner'): Promise<string> {
    const id = newUuid();
    await this.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, $2, 'Test', 'none', $3)`,
      [id, `${id}@example.com`, role],
    );
    return this.app.get(AccessTokens, { strict: false }).issue(id, newUuid(), 1);
  }

  /** A product with one variant; `stock` null is untracked. Returns the public id of the variant. */
  async product(
    options: {
      stock: number | null;
      price?: number;
      currency?: string;
      handle?: string;
      backorder?: boolean;
      shipping?: boolean;
    } = { stock: 10 },
  ): Promise<string> {
    const handle = options.handle ?? `thing-${newUuid()}`;
    return this.db.transaction(async (tx) => {
      const saved = await this.app.get(ProductWriter, { strict: false }).save(tx, {
        handle,
        title: `Thing ${handle.slice(-6)}`,
        descriptionHtml: '<p>A thing.</p>',
        vendor: 'Acme',
        productType: 'Thing',
        tags: [],
        status: 'active',
        optionNames: [],
        images: [],
        variants: [
          {
            optionValues: [],
            sku: null,
            barcode: null,
            weightGrams: 100,
            requiresShipping: options.shipping ?? true,
            taxable: true,
            trackInventory: options.stock !== null,
            allowBackorder: options.backorder ?? false,
            prices: [{ currency: options.currency ?? 'USD', amount: options.price ?? 1000, compareAt: null }],
          },
        ],
      });
      const variantId = saved.variants[0]!.id;
      if (options.stock) {
        await this.app
          .get(StockLedger, { strict: false })
          .setOnHand(tx, [
            { variantId, onHand: options.stock, reason: 'test', actor: 'test', dedupeKey: `test:${variantId}` },
          ]);
      }
      await this.app.get(ProductListings, { strict: false }).refresh(tx, [saved.productId]);
      return encodeId('variant', variantId);
    });
  }

  /** A cart that can be checked out. */
  async cart(lines: { variantId: string; quantity: number }[]): Promise<{ id: string; token: string; total: number }> {
    const answer = await this.call('POST', '/v1/carts', {
      body: {
        lines,
        email: 'ada@example.com',
        shippingAddress: ADDRESS,
        shippingMethodId: encodeId('shippingMethod', METHOD_ID),
      },
    });
    if (answer.status !== 201) throw new Error(`cart: ${answer.status} ${JSON.stringify(answer.body)}`);
    return { id: answer.body.id, token: answer.body.token, total: answer.body.total.amount };
  }

  async checkout(
    cart: { id: string; token: string },
    body: Record<string, unknown> = { paymentMethod: 'stripe' },
    key: string = newUuid(),
  ): Promise<Answer> {
    return this.call('POST', `/v1/carts/${cart.id}/checkout`, { body, token: cart.token, key });
  }

  /** What Stripe.js does in the browser: confirms with the publishable key and the client secret. */
  async confirm(clientSecret: string, paymentMethod = 'pm_card_visa'): Promise<Stripe.PaymentIntent> {
    const id = clientSecret.split('_secret_')[0]!;
    const response = await fetch(`${this.stripe.url}/v1/payment_intents/${id}/confirm`, {
      method: 'POST',
      headers: { Authorization: 'Bearer pk_test_emporium', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        client_secret: clientSecret,
        payment_method: paymentMethod,
        return_url: 'http://localhost/done',
      }).toString(),
    });
    return (await response.json()) as Stripe.PaymentIntent;
  }

  async order(id: string, token: string): Promise<any> {
    return (await this.call('GET', `/v1/orders/${id}`, { token })).body;
  }

  /** Stock of a variant at the default location. */
  async stock(variantId: string): Promise<{ onHand: number; reserved: number }> {
    const [row] = await this.db.query<{ on_hand: number; reserved: number }>(
      `SELECT on_hand, reserved FROM stock_levels WHERE variant_id = $1`,
      [decodeId('variant', variantId)],
    );
    return { onHand: row!.on_hand, reserved: row!.reserved };
  }

  /** Waits until a condition holds. */
  async until<T>(look: () => Promise<T | undefined | false | null>, what: string, timeoutMs = 15_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await sleep(25);
    }
  }

  /** Waits until no event is on its way, no outbox row waits, and no due job is open. */
  async quiet(timeoutMs = 30_000): Promise<void> {
    await sleep(SETTLE_DELAY_MS + 20);
    await this.stripe.idle(timeoutMs);
    const deadline = Date.now() + timeoutMs;
    for (let left = await this.underWay(); left.length > 0; left = await this.underWay()) {
      if (Date.now() > deadline) throw new Error(`waited in vain for jobs and outbox to drain: ${left.join('; ')}`);
      await sleep(25);
    }
  }

  /** What is left of the work of jobs and outbox. */
  private async underWay(): Promise<string[]> {
    const rows = await this.db.query<{ what: string }>(
      `SELECT concat_ws(' ', 'event', topic) AS what FROM outbox WHERE published_at IS NULL
       UNION ALL
       SELECT concat_ws(' ', 'job', name, state, 'tries:', attempts, last_error) FROM jobs
       WHERE state IN ('queued', 'running') AND next_at <= now() + interval '5 s'`,
    );
    return rows.map((row) => row.what);
  }

  /** The emulator's side of the books. */
  providerBooks(): ProviderBooks {
    const state = this.stripe.state() as {
      charges: Stripe.Charge[];
      refunds: Stripe.Refund[];
      disputes: Stripe.Dispute[];
      events: Stripe.Event[];
      balance_transactions: Stripe.BalanceTransaction[];
    };
    const intents = new Map(
      [...state.charges, ...state.refunds, ...state.disputes].map((object) => [
        object.id,
        object.payment_intent as string,
      ]),
    );
    return {
      charges: state.charges
        .filter((charge) => charge.status === 'succeeded' && !this.foreign.has(charge.payment_intent as string))
        .map((charge) => ({
          ref: charge.payment_intent as string,
          orderId: charge.metadata.order_id ?? '',
          captured: inIsoMinorUnits(charge.amount_captured, charge.currency),
          // What was released of a hold counts as refunded at Stripe, but never came.
          refunded: inIsoMinorUnits(charge.amount_refunded - (charge.amount - charge.amount_captured), charge.currency),
          currency: charge.currency.toUpperCase(),
        })),
      events: state.events.map((event) => ({ eventId: event.id, type: event.type })),
      lines: state.balance_transactions.map(({ id, source, amount, fee, currency }) => ({
        line: id,
        ref: intents.get(source as string) ?? '',
        amount: fromWire(amount, currency),
        fee: fromWire(fee, currency),
        currency: currency.toUpperCase(),
      })),
    };
  }

  /**
   * What has to hold when a test is over, whatever it was. Disturbances end; events that were held or lost on the way come in
   * the end, when nobody needs them any more; then the books and the ledger balance, and Stripe was called as it should be.
   */
  async settleUp(acks?: ClientAck[]): Promise<void> {
    const { stripe } = this;
    stripe.clearChaos();
    stripe.release();
    await this.quiet();
    const lost = ['dropped', 'failed'] as const;
    const events = new Set(lost.flatMap((status) => stripe.deliveries({ status })).map(({ event }) => event));
    for (const delivery of stripe.deliveries({ status: 'succeeded' })) events.delete(delivery.event);
    for (const event of events) stripe.resend(event);
    await this.balance(acks);
  }

  /** What the books find. */
  private async violations(acks?: ClientAck[]): Promise<Violation[]> {
    await this.quiet();
    const given = { provider: this.providerBooks(), ...(acks ? { acks } : {}) };
    return (await runBooks(this.db, 0, given)).violations;
  }

  /** Compares Stripe's book with the shop's, as each night does. */
  async reconcile(): Promise<void> {
    const { app, db } = this;
    // Also what the clock of the emulator was moved to.
    const period = { from: new Date(Date.now() - YEAR_MS), to: new Date(Date.now() + YEAR_MS) };
    const reports = app.get(ReportsRepository, { strict: false });
    const { id } = await reports.create(db, { kind: 'full', actor: 'test', ...period });
    await app.get(RunReconciliation, { strict: false }).full(id, () => Promise.resolve());
  }

  /**
   * Waits for quiet and then demands that the books balance and that Stripe was called as it should be. A line of Stripe of
   * which no word came may be missing until the reconciliation of the night, and not after it.
   */
  async balance(acks?: ClientAck[]): Promise<void> {
    let violations = await this.violations(acks);
    if (violations.length > 0 && violations.every(({ id }) => id === LINE_MISSING)) {
      await this.reconcile();
      violations = await this.violations(acks);
    }
    expect(violations).toEqual([]);
    const { unknownRoutes, unknownParams, postsWithoutOwnKey, reusedKeys, otherApiVersions } = this.stripe.problems();
    expect({ unknownRoutes, unknownParams, postsWithoutOwnKey, reusedKeys, otherApiVersions }).toEqual({
      unknownRoutes: [],
      unknownParams: [],
      postsWithoutOwnKey: [],
      reusedKeys: [],
      otherApiVersions: [],
    });
  }
}

/** Stripe takes these two with two digits more than they have. */
const inIsoMinorUnits = (amount: number, currency: string) =>
  ['isk', 'ugx'].includes(currency) ? amount / 100 : currency === 'mga' ? amount * 100 : amount;
