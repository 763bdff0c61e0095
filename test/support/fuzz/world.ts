import { newUuid } from '#libs/ids';
import { seedDemoShop, WELL_KNOWN } from '../../../src/db/seed/index.js';
import { AccessTokens, PasswordHasher, Sessions } from '../../../src/modules/auth/index.js';
import { PASSWORD } from '../customers.js';
import { enableTwoFactor } from '../two-factor.js';
import { type Answer, type CallOptions, ADDRESS, type Shop } from '../shop.js';

/** Somebody who is signed in. */
export interface Person {
  /** uuid */
  id: string;
  email: string;
  bearer: string;
  refreshToken: string;
  sessionId: string;
}

/** An open cart, and with what it is opened. */
export interface OpenCart {
  id: string;
  lineId: string;
  credentials: Record<string, string>;
}

/** An order, and with what its shopper opens it. */
export interface Placed {
  id: string;
  paymentId: string;
  lineId: string;
  /** of a card that is awaited */
  clientSecret: string;
  credentials: Record<string, string>;
}

const ITEM = { variantId: WELL_KNOWN.variantId, quantity: 2 };
const DIGITAL = { variantId: WELL_KNOWN.digitalVariantId, quantity: 1 };

/** A file as browsers send it. */
export const form = (name: string, content: string, type: string, fields: Record<string, string> = {}): FormData => {
  const data = new FormData();
  for (const [key, value] of Object.entries(fields)) data.append(key, value);
  data.append('file', new Blob([content], { type }), name);
  return data;
};

/** The demo shop with somebody who manages it and somebody who buys in it, and more of everything at demand. */
export class World {
  private constructor(
    readonly shop: Shop,
    private readonly passwordHash: string,
    readonly owner: Person,
    readonly customer: Person,
  ) {}

  static async open(shop: Shop): Promise<World> {
    await shop.db.query('DELETE FROM shipping_zones');
    await seedDemoShop(shop.app, shop.config);
    await shop.db.query(`UPDATE shop_settings SET manual_payments = true, version = version + 1`);
    const hash = await shop.app.get(PasswordHasher, { strict: false }).hash(PASSWORD);
    const bare = new World(shop, hash, null as never, null as never);
    const world = new World(shop, hash, await bare.person('staff'), await bare.person('customer'));
    // Settings are changed at random, too: whatever the shop asks of its staff, this one may enter.
    await enableTwoFactor(shop, '/v1/admin/me/two-factor', world.owner.bearer, PASSWORD);
    return world;
  }

  /** Somebody with an account of their own and the password of all tests, signed in. */
  async person(kind: 'staff' | 'customer'): Promise<Person> {
    const id = newUuid();
    const email = `${id}@example.com`;
    await this.shop.db.query(
      kind === 'staff'
        ? `INSERT INTO users (id, email, name, password_hash, role) VALUES ($1, $2, 'Robin', $3, 'owner')`
        : `INSERT INTO customers (id, email, first_name, password_hash) VALUES ($1, $2, 'Ada', $3)`,
      [id, email, this.passwordHash],
    );
    const { app } = this.shop;
    const owner = { kind, id, tokenVersion: 1 };
    const session = (await app.get(Sessions, { strict: false }).begin(owner, this.passwordHash, 'fuzz'))!;
    const bearer = await app.get(AccessTokens, { strict: false }).issue(id, session.sessionId, 1, kind);
    return { id, email, bearer, ...session };
  }

  /** A call that has to work. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await this.shop.call(method, path, options);
    if (answer.status < 300) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  asStaff(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(method, path, { bearer: this.owner.bearer, body, headers, key: newUuid() });
  }

  async cart(by: Person | null, item: { variantId: string; quantity: number } = ITEM): Promise<OpenCart> {
    const { body } = await this.call('POST', '/v1/carts', {
      ...(by ? { bearer: by.bearer } : {}),
      body: {
        lines: [item],
        email: by?.email ?? 'guest@example.com',
        shippingAddress: ADDRESS,
        ...(item === ITEM ? { shippingMethodId: WELL_KNOWN.shippingMethodId } : {}),
      },
    });
    return { id: body.id, lineId: body.lines[0].id, credentials: credentialsOf(by, body.token) };
  }

  /** An order: on invoice, waiting for a card, paid by card (or held, as the settings are), or of a file that is paid. */
  async order(by: Person | null, how: 'invoice' | 'unpaid' | 'paid' | 'digital'): Promise<Placed> {
    const cart = await this.cart(by, how === 'digital' ? DIGITAL : ITEM);
    const isCard = how === 'paid' || how === 'digital';
    const { body } = await this.call('POST', `/v1/carts/${cart.id}/checkout`, {
      headers: cart.credentials,
      key: newUuid(),
      body: {
        paymentMethod: how === 'invoice' ? 'manual' : 'stripe',
        ...(isCard ? { confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' } : {}),
        ...(isCard && by ? { savePaymentMethod: true } : {}),
      },
    });
    const { order, payment } = body;
    const { clientSecret } = payment;
    return {
      id: order.id,
      paymentId: payment.id,
      lineId: order.lines[0].id,
      clientSecret,
      credentials: cart.credentials,
    };
  }

  /** A paid order that its card holder disputes. */
  async dispute(): Promise<string> {
    const { id } = await this.order(null, 'paid');
    const { payment_intents: intents } = this.shop.stripe.state() as {
      payment_intents: { id: string; metadata: Record<string, string> }[];
    };
    this.shop.stripe.openDispute(intents.find(({ metadata }) => metadata.order_id === id)!.id);
    return this.shop.until(async () => {
      const { body } = await this.asStaff('GET', `/v1/admin/disputes?orderId=${id}`);
      return body.data[0]?.id as string | undefined;
    }, 'the dispute');
  }

  /** A payment of less than its order costs, which a person has to look at. */
  async oddPayment(): Promise<string> {
    const { id, paymentId, clientSecret } = await this.order(null, 'unpaid');
    await fetch(`${this.shop.stripe.url}/v1/payment_intents/${clientSecret.split('_secret_')[0]}`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer sk_test_emporium',
        'Content-Type': 'application/x-www-form-urlencoded',
        'Idempotency-Key': newUuid(),
      },
      body: 'amount=100',
    });
    await this.shop.confirm(clientSecret);
    await this.shop.until(
      async () => (await this.asStaff('GET', `/v1/admin/orders/${id}`)).body.status === 'payment_review',
      'the review',
    );
    return paymentId;
  }

  /** A review of theirs that waits for staff. */
  async review(by: Person): Promise<string> {
    const { body } = await this.call('POST', `/v1/products/${WELL_KNOWN.secondProductId}/reviews`, {
      bearer: by.bearer,
      body: { rating: 5, title: 'Good', body: 'It does what it should.' },
    });
    return body.id as string;
  }

  /** Whether cards are charged at once, or held. */
  async setCapture(paymentCapture: 'manual' | 'automatic'): Promise<void> {
    const { headers } = await this.asStaff('GET', '/v1/admin/settings');
    await this.asStaff('PATCH', '/v1/admin/settings', { paymentCapture }, { 'If-Match': headers.get('etag')! });
  }

  /** A file of products, read to its end. */
  async import(csv: string): Promise<{ id: string }> {
    const answer = await fetch(`${this.shop.url}/v1/admin/imports`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.owner.bearer}` },
      body: form('products.csv', csv, 'text/csv'),
    });
    const { id } = (await answer.json()) as { id: string };
    return this.shop.until(async () => {
      const { body } = await this.asStaff('GET', `/v1/admin/imports/${id}`);
      return ['completed', 'failed'].includes(body.status as string) && (body as { id: string });
    }, 'the import');
  }
}

/** What opens the things of a shopper. */
export function credentialsOf(by: Person | null, token: string): Record<string, string> {
  return by ? { Authorization: `Bearer ${by.bearer}` } : { 'X-Cart-Token': token };
}
