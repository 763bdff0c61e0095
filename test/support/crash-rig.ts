import type { ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { PaymentShop, type Sale } from './payments.js';
import { freePort, Processes } from './processes.js';
import { WEBHOOK_SECRET } from './shop.js';

/** What somebody does with the shop while it is killed, what they do again afterwards, and what has to have come of it. */
export interface Flow {
  prepare(): Promise<Sale | void>;
  act(sale: Sale | void): Promise<unknown>;
  check(sale: Sale): Promise<void>;
}

/** What may be answered to the same request once more, when it had been carried out: the same, or that it is done already. */
export const AS_ONCE = [200, 201, 202, 409, 422];

/**
 * A shop as a process of its own that is killed at a failpoint and started again. Another one beside it makes the goods and
 * reads the books.
 */
class CrashRig {
  readonly pay = new PaymentShop();
  private readonly processes = new Processes();
  private url: string;
  private env: Record<string, string>;
  private api: ChildProcess;

  async begin(): Promise<void> {
    const { pay } = this;
    await pay.start({ env: { JOBS: '0', RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.env = {
      FAILPOINTS: 'on',
      PORT: String(port),
      DATABASE_URL: pay.shop.database.url,
      STRIPE_SECRET_KEY: 'sk_test_emporium',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_BASE: pay.stripe.url,
      // Links in mails and access tokens of one are good at the other.
      ENCRYPTION_KEY: pay.shop.config.encryptionKey.toString('base64'),
      SIGNING_KEY: Buffer.from(
        pay.shop.config.signingKeys[0]!.export({ type: 'pkcs8', format: 'pem' }) as string,
      ).toString('base64'),
    };
    for (const endpoint of pay.stripe.state().webhook_endpoints as { id: string }[])
      pay.stripe.removeWebhookEndpoint(endpoint.id);
    pay.stripe.addWebhookEndpoint({ url: `${this.url}/v1/webhooks/stripe`, secret: WEBHOOK_SECRET });
    await this.start();
  }

  async end(): Promise<void> {
    await this.processes.stop();
    await this.pay.shop?.stop();
  }

  /** A request to the process that is killed; null when it was, before it answered. */
  async send(method: string, path: string, headers: Record<string, string>, body?: unknown) {
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as any };
    } catch {
      return null;
    }
  }

  post(path: string, headers: Record<string, string>, body: unknown = {}) {
    return this.send('POST', path, headers, body);
  }

  asStaff(key: string): Record<string, string> {
    return { Authorization: `Bearer ${this.pay.bearer}`, 'Idempotency-Key': key };
  }

  /** Kills the process at a failpoint that `act` leads to, starts it again, and lets what it had begun go on. */
  async killAt(failpoint: string, act: () => Promise<unknown>): Promise<void> {
    const { db } = this.pay.shop;
    const armed = this.told('armed');
    this.api.send({ type: 'failpoint', spec: `${failpoint}:kill` });
    await armed;
    const killed = once(this.api, 'exit', { signal: AbortSignal.timeout(15_000) });
    const acted = act();
    const [, signal] = await killed.catch(() => {
      throw new Error(`${failpoint} was never reached:\n${this.processes.output.slice(-2000)}`);
    });
    expect(signal).toBe('SIGKILL');
    await acted;

    await this.start();
    // What the dead process held comes back when its leases are over; the test does not wait that long.
    await db.query(`UPDATE jobs SET locked_until = now() - interval '1 ms' WHERE state = 'running'`);
    await db.query(`UPDATE jobs SET dispatched_at = NULL, next_at = least(next_at, now()) WHERE state = 'queued'
       AND name IN ('payments.execute-refund', 'payments.execute-capture')`);
    await db.query(`UPDATE jobs SET dispatched_at = NULL WHERE state = 'queued'`);
    await db.query(`UPDATE idempotency_keys SET locked_at = now() - interval '90 s' WHERE response_status IS NULL`);
  }

  /** How many orders there are that the token of a cart opens. */
  async ordersOf(token: string): Promise<number> {
    const [orders] = await this.pay.shop.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM orders o JOIN carts c ON c.id = o.cart_id WHERE c.token_hash = sha256($1::bytea)`,
      [token],
    );
    return orders!.n;
  }

  private async start(): Promise<void> {
    this.api = this.processes.start('src/main.js', this.env, { ipc: true });
    await this.told('ready');
  }

  /** Waits for a message of the process. */
  private async told(type: string): Promise<void> {
    const signal = AbortSignal.timeout(30_000);
    for await (const [message] of on(this.api, 'message', { signal, close: ['exit'] }))
      if (message.type === type) return;
    throw new Error(`the process ended instead of telling that it is ${type}:\n${this.processes.output.slice(-2000)}`);
  }
}

/** A shop that is killed, for the tests of a file. */
export function useCrashRig(): CrashRig {
  const rig = new CrashRig();
  beforeAll(async () => {
    await rig.begin();
  }, 60_000);
  afterAll(() => rig.end());
  return rig;
}
