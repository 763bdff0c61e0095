import { setTimeout as sleep } from 'node:timers/promises';
import type Stripe from 'stripe';
import { decodeId, newUuid } from '#libs/ids';
import { Contract } from '../../libs/stripe-emulator/src/schema/contract.js';
import { OrderCredits } from '../../src/modules/credits/index.js';
import { ReconcileHandler } from '../../src/modules/payments/jobs/reconcile.job.js';
import { ReturnStock } from '../../src/modules/payments/return-stock.service.js';
import { SEED } from './rounds.js';
import { type Answer, SETTLE_DELAY_MS, Shop, type ShopOptions } from './shop.js';

/** An order that was placed to be paid with Stripe. */
export interface Sale {
  variantId: string;
  quantity: number;
  token: string;
  cartId: string;
  orderId: string;
  number: string;
  lineId: string;
  paymentId: string;
  /** Of the only intent of the order; `pi_…`. */
  intent: string;
  clientSecret: string;
  payment: any;
}

export interface SaleOptions {
  variantId?: string;
  stock?: number;
  quantity?: number;
  price?: number;
  /** With an address and a parcel for 5.00; else nothing is shipped. */
  isShipped?: boolean;
  /** Charged on the server with this at checkout. */
  pay?: string;
}

interface AccountState {
  payment_intents: Stripe.PaymentIntent[];
  charges: Stripe.Charge[];
  refunds: Stripe.Refund[];
  events: Stripe.Event[];
}

/**
 * A shop for scenarios of payments. After each test the disturbances end, events that were dropped are sent after all,
 * and then everything has to be right: the books, the ledger, and the way in which Stripe was called.
 */
export class PaymentShop {
  shop: Shop;
  bearer: string;

  async start(options: ShopOptions): Promise<void> {
    this.shop = await Shop.start({ seed: SEED, ...options });
    this.bearer = await this.shop.staff();
  }

  get stripe() {
    return this.shop.stripe;
  }

  get account(): AccountState {
    return this.stripe.state() as unknown as AccountState;
  }

  /** Puts goods into a cart. Five pieces of a thing for 10.00 are there, and two are wanted, unless said otherwise. */
  async fill(options: SaleOptions = {}): Promise<{ variantId: string; quantity: number; cart: any }> {
    const { shop } = this;
    const isShipped = options.isShipped ?? false;
    const variantId =
      options.variantId ??
      (await shop.product({ stock: options.stock ?? 5, price: options.price ?? 1000, shipping: isShipped }));
    const quantity = options.quantity ?? 2;
    if (isShipped) return { variantId, quantity, cart: await shop.cart([{ variantId, quantity }]) };
    const made = await shop.call('POST', '/v1/carts', {
      body: { lines: [{ variantId, quantity }], email: 'ada@example.com' },
    });
    expect(made).toMatchObject({ status: 201 });
    return { variantId, quantity, cart: made.body };
  }

  /** Places an order of 20.00, unless said otherwise. */
  async place(options: SaleOptions = {}): Promise<Sale> {
    const { variantId, quantity, cart } = await this.fill(options);
    const answer = await this.shop.checkout(cart, {
      paymentMethod: 'stripe',
      ...(options.pay ? { confirmationToken: options.pay, returnUrl: 'http://localhost/done' } : {}),
    });
    expect(answer).toMatchObject({ status: 201 });
    return this.saleOf(answer, variantId, quantity, cart);
  }

  /** What a checkout answered, as a sale. */
  saleOf(answer: Answer, variantId: string, quantity: number, cart: { id: string; token: string }): Sale {
    const { order, payment } = answer.body;
    return {
      variantId,
      quantity,
      cartId: cart.id,
      token: cart.token,
      orderId: order.id,
      number: order.number,
      lineId: order.lines[0].id,
      paymentId: payment.id,
      intent: this.intentsOf(order.id)[0]!.id,
      clientSecret: payment.clientSecret,
      payment,
    };
  }

  /** Runs `work` while the bank takes its time to say what a charge costs, then waits for that. */
  async withLateFees(work: () => Promise<Sale>): Promise<void> {
    this.stripe.settleDelayMs = 4_000;
    try {
      const { intent } = await work();
      const isSettled = (charge: Stripe.Charge) =>
        charge.payment_intent !== intent || charge.balance_transaction !== null;
      await this.shop.until(async () => this.account.charges.every(isSettled), 'the bank to say what it costs');
    } finally {
      this.stripe.settleDelayMs = SETTLE_DELAY_MS;
    }
  }

  order(sale: Sale): Promise<any> {
    return this.shop.order(sale.orderId, sale.token);
  }

  /** The order and its stock at one glance: status, payment status, on hand, reserved. */
  async standing(sale: Sale): Promise<[string, string, number, number]> {
    const { status, paymentStatus } = await this.order(sale);
    const { onHand, reserved } = await this.shop.stock(sale.variantId);
    return [status, paymentStatus, onHand, reserved];
  }

  /** Waits until the order stands like this. */
  async becomes(sale: Sale, status: string, paymentStatus: string, timeoutMs = 15_000): Promise<void> {
    let seen = '';
    await this.shop
      .until(
        async () => {
          const order = await this.order(sale);
          seen = `${order.status}/${order.paymentStatus}`;
          return seen === `${status}/${paymentStatus}`;
        },
        'the order',
        timeoutMs,
      )
      .catch(() => {
        throw new Error(`order ${sale.number} became ${seen} instead of ${status}/${paymentStatus}`);
      });
  }

  /** Pays again on the server. */
  pay(sale: Sale, token: string, key: string = newUuid()): Promise<Answer> {
    return this.shop.call('POST', `/v1/orders/${sale.orderId}/payments`, {
      token: sale.token,
      key,
      body: { confirmationToken: token, returnUrl: 'http://localhost/done' },
    });
  }

  /** What the storefront asks for when the shopper comes back. */
  comeBack(sale: Sale): Promise<Answer> {
    return this.shop.call('POST', `/v1/orders/${sale.orderId}/payments/sync`, { token: sale.token });
  }

  refund(sale: Sale, body: Record<string, unknown>, key: string = newUuid()): Promise<Answer> {
    return this.shop.call('POST', `/v1/admin/orders/${sale.orderId}/refunds`, { bearer: this.bearer, key, body });
  }

  cancel(sale: Sale): Promise<Answer> {
    return this.shop.call('POST', `/v1/admin/orders/${sale.orderId}/cancel`, { bearer: this.bearer, body: {} });
  }

  /** The payment as staff see it, with its tries and refunds. */
  async payment(sale: Sale): Promise<any> {
    return (await this.shop.call('GET', `/v1/admin/payments/${sale.paymentId}`, { bearer: this.bearer })).body;
  }

  /** Moves the hold of an order into the past and wakes the job that ends it. */
  async expire(sale: Sale): Promise<void> {
    const id = decodeId('order', sale.orderId);
    await this.shop.db.query(`UPDATE orders SET expires_at = now() - interval '1 s' WHERE id = $1`, [id]);
    await this.wake('payments.expire-order', 'orderId', id);
  }

  /** Lets a waiting job run now. */
  async wake(name: string, field?: string, value?: string | null): Promise<void> {
    await this.shop.db.query(
      `UPDATE jobs SET next_at = now() - interval '1 ms', dispatched_at = NULL
       WHERE name = $1 AND state = 'queued' AND ($2::text IS NULL OR payload->>$2 = $3)`,
      [name, field ?? null, value ?? null],
    );
  }

  /** From now on cards are held, and charged when staff say so; or charged at once. */
  async captureLater(isLater: boolean): Promise<void> {
    await this.shop.db.query(`UPDATE shop_settings SET payment_capture = $1, version = version + 1`, [
      isLater ? 'manual' : 'automatic',
    ]);
    // A change of the settings is seen everywhere within this time.
    await sleep(1_100);
  }

  capture(sale: Sale, body: Record<string, unknown> = {}, key: string = newUuid()): Promise<Answer> {
    return this.shop.call('POST', `/v1/admin/orders/${sale.orderId}/captures`, { bearer: this.bearer, key, body });
  }

  /** Disputes of the sale, as staff see them. */
  async disputes(sale: Sale): Promise<any[]> {
    return (await this.shop.call('GET', `/v1/admin/disputes?orderId=${sale.orderId}`, { bearer: this.bearer })).body
      .data;
  }

  /** Runs the reconciliation as if the payment of this order had not been heard of for an hour. */
  async reconcile(sale: Sale): Promise<void> {
    await this.shop.db.query(
      `UPDATE payments SET updated_at = now() - interval '1 hour', created_at = now() - interval '1 hour' WHERE id = $1`,
      [decodeId('payment', sale.paymentId)],
    );
    await this.shop.app
      .get(ReconcileHandler, { strict: false })
      .handle({ id: newUuid() } as Parameters<ReconcileHandler['handle']>[0]);
  }

  /**
   * Ends an order past all guards, while its intent stays payable at Stripe: what no way through the API can do.
   */
  async endHere(sale: Sale): Promise<void> {
    const id = decodeId('order', sale.orderId);
    await this.shop.db.transaction(async (tx) => {
      const [order] = await tx.query<{
        id: string;
        currency: string;
        version: number;
        fulfillment_status: 'unfulfilled';
      }>(`SELECT id, currency, version, fulfillment_status FROM orders WHERE id = $1 FOR UPDATE`, [id]);
      await this.shop.app.get(OrderCredits, { strict: false }).giveBack(tx, order!, false, 'system');
      await this.shop.app.get(ReturnStock, { strict: false }).execute(tx, order!, 'system');
      await tx.query(
        `UPDATE orders SET status = 'canceled', payment_status = 'canceled', expires_at = NULL, version = version + 1 WHERE id = $1`,
        [id],
      );
      await tx.query(
        `INSERT INTO order_events (order_id, type, from_status, to_status)
         VALUES ($1, 'order.canceled', (SELECT to_status FROM order_events WHERE order_id = $1 AND to_status IS NOT NULL ORDER BY id DESC LIMIT 1), 'canceled')`,
        [id],
      );
    });
  }

  /** Takes the capture of a sale out of the ledger, as if it had never been entered: what nobody can do to it. */
  async forgetCapture(sale: Sale): Promise<void> {
    const { db } = this.shop;
    const tables = ['ledger_entries', 'ledger_transactions'];
    const of = `SELECT id FROM ledger_transactions WHERE payment_id = $1 AND kind = 'capture'`;
    const id = [decodeId('payment', sale.paymentId)];
    for (const table of tables) await db.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
    await db.query(
      `WITH e AS (DELETE FROM ledger_entries WHERE transaction_id IN (${of}) RETURNING account, currency, amount)
       INSERT INTO ledger_unfolded (account, currency, amount) SELECT account, currency, -sum(amount) FROM e GROUP BY 1, 2`,
      id,
    );
    await db.query(`DELETE FROM ledger_transactions WHERE id IN (${of})`, id);
    for (const table of tables) await db.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  }

  intentsOf(orderId: string): Stripe.PaymentIntent[] {
    return this.account.payment_intents.filter((intent) => intent.metadata.order_id === orderId);
  }

  /** Charges of a sale that took money. */
  charges(sale: Sale): Stripe.Charge[] {
    return this.account.charges.filter(
      (charge) => charge.metadata.order_id === sale.orderId && charge.status === 'succeeded',
    );
  }

  refundsAtStripe(sale: Sale): Stripe.Refund[] {
    return this.account.refunds.filter((refund) => refund.payment_intent === sale.intent);
  }

  eventsOf(sale: Sale, type: string): Stripe.Event[] {
    return this.account.events.filter(
      (event) =>
        event.type === type &&
        [
          (event.data.object as { id: string }).id,
          (event.data.object as { payment_intent?: string }).payment_intent,
        ].includes(sale.intent),
    );
  }

  /** How often the outbox told of an order; not yet published ones too. */
  async told(sale: Sale, topic: string): Promise<number> {
    const [row] = await this.shop.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM outbox WHERE topic = $1 AND aggregate_id = $2`,
      [topic, decodeId('order', sale.orderId)],
    );
    return row!.n;
  }

  /** What is in the history of an order, oldest first. */
  async history(sale: Sale): Promise<string[]> {
    const rows = await this.shop.db.query<{ type: string }>(
      `SELECT type FROM order_events WHERE order_id = $1 ORDER BY id`,
      [decodeId('order', sale.orderId)],
    );
    return rows.map(({ type }) => type);
  }

  /** A call of Stripe's API past the shop: as its dashboard, another program, or a thief would. */
  async atStripe<T = any>(method: 'GET' | 'POST', path: string, params: Record<string, string> = {}): Promise<T> {
    const form = new URLSearchParams(params).toString();
    const response = await fetch(`${this.stripe.url}${path}${method === 'GET' && form ? `?${form}` : ''}`, {
      method,
      headers: {
        Authorization: 'Bearer sk_test_emporium',
        ...(method === 'POST'
          ? { 'Content-Type': 'application/x-www-form-urlencoded', 'Idempotency-Key': newUuid() }
          : {}),
      },
      ...(method === 'POST' ? { body: form } : {}),
    });
    return (await response.json()) as T;
  }

  /** POSTs that the shop sent to Stripe, by the ends of their paths. */
  posts(contains: string): number {
    return this.stripe
      .requests({ method: 'POST' })
      .filter((request) => request.key === 'secret' && request.path.includes(contains)).length;
  }

  /** Posts to the webhook endpoint. */
  deliver(body: string | Buffer, signature?: string): Promise<Response> {
    return fetch(`${this.shop.url}/v1/webhooks/stripe`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(signature ? { 'Stripe-Signature': signature } : {}) },
      body,
    });
  }

  async receipts(): Promise<number> {
    return (await this.shop.db.query<{ n: number }>(`SELECT count(*) AS n FROM webhook_receipts`))[0]!.n;
  }
}

/**
 * Starts a shop for the scenarios of a file, and settles up after each of them. In the end, all that was said between the
 * shop and Stripe has to be as the SDK's types say.
 */
export function usePaymentShop(options: ShopOptions = {}): PaymentShop {
  const payments = new PaymentShop();
  let contract: Contract | undefined;
  beforeAll(async () => {
    contract = await Contract.load();
    const { observe, observeEvent } = contract;
    await payments.start({ observers: { observe, observeEvent }, ...options });
  });
  afterEach(() => payments.shop.settleUp());
  afterAll(async () => {
    await payments.shop?.stop();
    contract?.assertKept();
  });
  return payments;
}
