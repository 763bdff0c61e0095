import { setTimeout as sleep } from 'node:timers/promises';
import type { Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { JobRunner } from '#libs/jobs';
import { defineEvent, announce, eventCatalog, type EventDefinition } from '#libs/outbox';
import { AuthModule } from '../../src/modules/auth/index.js';
import { NotificationsModule } from '../../src/modules/notifications/index.js';
import { Mailer } from '../../src/modules/notifications/mailer.js';
import { FakeSmtp } from '../support/fake-smtp.js';
import { mailParts } from '../support/mail-parts.js';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

interface Message {
  to: string;
  subject: string;
  text: string;
  html: string;
  createdAt: string;
  messageId: string;
}

/** The modules that announce these topics are not part of this test. */
const event = (topic: string): EventDefinition =>
  eventCatalog().find((e) => e.topic === topic) ??
  defineEvent({ topic, version: 1, description: 'for this test', example: {} });

const EVIL = `Pot "<script>alert(1)</script>" & Söhne`;

describe('mail', () => {
  let database: TestDatabase;
  let shop: ModuleApp;

  beforeAll(async () => {
    database = await cloneDatabase();
    shop = await startModules([AuthModule, NotificationsModule], database.url, {
      PUBLIC_URL: 'http://api.example.com',
      STOREFRONT_URL: 'https://shop.example.com',
    });
    await shop.db.query(
      `INSERT INTO shop_settings (name, currency, sender_email, notify_email) VALUES ('Pots & Söhne', 'USD', 'shop@example.com', 'stock@example.com')
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, sender_email = excluded.sender_email, notify_email = excluded.notify_email`,
    );
  });
  afterAll(async () => {
    await shop?.close();
    await database?.drop();
  });

  const mailTo = async (to: string): Promise<Message[]> =>
    (await fetch(`${shop.url}/dev/mailbox.json?to=${encodeURIComponent(to)}`)).json() as Promise<Message[]>;

  async function waitForMail(to: string, count = 1): Promise<Message[]> {
    for (let i = 0; i < 100; i += 1) {
      const mail = await mailTo(to);
      if (mail.length >= count) return mail;
      await sleep(100);
    }
    const jobs = await shop.db.query(`SELECT name, state, last_error FROM jobs WHERE name LIKE 'notifications.%'`);
    throw new Error(`no mail to ${to}: ${JSON.stringify(jobs)}`);
  }

  const tell = (topic: string, aggregateId: string, payload: Record<string, unknown>, key?: string) =>
    shop.db.transaction(async (tx) =>
      announce(tx, { definition: event(topic), key, aggregateType: 'order', aggregateId, payload }),
    );

  /** An order of two lines, without tax in its prices: 2 × 15.00 + 1 × 9.99 + 5.00 shipping + 3.60 tax. */
  async function insertOrder(
    to: string,
    state: { status?: string; paymentStatus?: string; placed?: boolean; cancelReason?: string } = {},
  ): Promise<{ id: string; lines: [string, string] }> {
    const [product, cart, id] = [newUuid(), newUuid(), newUuid()];
    const variants = [newUuid(), newUuid()];
    const lines: [string, string] = [newUuid(), newUuid()];
    await shop.db.transaction(async (tx: Tx) => {
      await tx.query(`INSERT INTO products (id, handle, title, status) VALUES ($1, $2, 'Pot', 'active')`, [
        product,
        `pot-${product}`,
      ]);
      for (const [i, variant] of variants.entries()) {
        await tx.query(`INSERT INTO variants (id, product_id, title, option_key) VALUES ($1, $2, 'Blue', $3)`, [
          variant,
          product,
          String(i),
        ]);
      }
      await tx.query(`INSERT INTO carts (id, token_hash, currency, status) VALUES ($1, '\\x00', 'USD', 'completed')`, [
        cart,
      ]);
      await tx.query(
        `INSERT INTO orders (id, cart_id, token_hash, email, currency, status, payment_status, subtotal, shipping_total, tax_total, total,
           tax_included, shipping_address, shipping_method, placed_at, cancel_reason)
         VALUES ($1, $2, '\\x00', $3, 'USD', $4, $5, 3999, 500, 360, 4859, false, $6, '{"name":"Standard"}',
           CASE WHEN $7 THEN now() END, $8)`,
        [
          id,
          cart,
          to,
          state.status ?? 'confirmed',
          state.paymentStatus ?? 'paid',
          JSON.stringify({
            firstName: '<b>Ada</b>',
            lastName: 'Lovelace',
            line1: '1 Main Street',
            city: 'Springfield',
            state: 'IL',
            postalCode: '62701',
            country: 'US',
          }),
          state.placed ?? true,
          state.cancelReason ?? null,
        ],
      );
      for (const [i, line] of lines.entries()) {
        await tx.query(
          `INSERT INTO order_lines (id, order_id, position, variant_id, product_id, title, variant_title, sku, quantity, unit_price,
             total, requires_shipping, stock_tracked)
           VALUES ($1, $2, $3, $4, $5, $6, 'Blue', $7, $8, $9, $10, true, true)`,
          [
            line,
            id,
            i,
            variants[i],
            product,
            i === 0 ? EVIL : 'Saucer',
            `SKU-${i}`,
            i === 0 ? 2 : 1,
            i === 0 ? 1500 : 999,
            i === 0 ? 3000 : 999,
          ],
        );
      }
    });
    return { id, lines };
  }

  it('confirms an order once, with lines, totals, tax, address and the way to it', async () => {
    const to = 'confirm@example.com';
    const { id } = await insertOrder(to);
    await tell('order.placed', id, { orderId: encodeId('order', id) });
    const [mail] = await waitForMail(to);
    const [order] = await shop.db.query<{ number: number }>(`SELECT number FROM orders WHERE id = $1`, [id]);
    expect(mail!.subject).toBe(`Order ${order!.number} is confirmed`);
    for (const form of [mail!.text, mail!.html]) {
      for (const part of ['$30.00', '$9.99', '$39.99', '$5.00', '$3.60', '$48.59', 'Standard', '1 Main Street']) {
        expect(form).toContain(part);
      }
      expect(form).toContain('Springfield IL 62701');
      expect(form).toContain('United States');
      expect(form).toContain(`https://shop.example.com/orders/${encodeId('order', id)}`);
    }
    expect(mail!.html).not.toMatch(/<script|<b>Ada/);
    expect(mail!.html).toContain('Pot &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot; &amp; Söhne');
    expect(mail!.html).toContain('Pots &amp; Söhne');
    expect(mail!.text).toContain(EVIL);

    // The same fact again is no second mail; nor is the same job again, as after a crash before it was marked done.
    await tell('order.placed', id, { orderId: encodeId('order', id) });
    const [job] = await shop.db.query<{ id: string }>(
      `UPDATE jobs SET state = 'queued', next_at = now() + interval '1 hour' WHERE name = 'notifications.order-confirmation' AND payload ->> 'aggregateId' = $1 RETURNING id`,
      [id],
    );
    await shop.db.query(`UPDATE jobs SET next_at = now() - interval '1 second', dispatched_at = now() WHERE id = $1`, [
      job!.id,
    ]);
    await shop.app.get(JobRunner, { strict: false }).run([job!.id]);
    const [after] = await shop.db.query<{ state: string; attempts: number }>(
      `SELECT state, attempts FROM jobs WHERE id = $1`,
      [job!.id],
    );
    expect(after).toEqual({ state: 'done', attempts: 2 });
    expect(await mailTo(to)).toHaveLength(1);
    expect(mail!.messageId).toBe(`<${encodeId('job', job!.id)}@api.example.com>`);
  });

  it('says that a manual order is still to be paid', async () => {
    const { id } = await insertOrder('unpaid@example.com', { paymentStatus: 'pending' });
    await tell('order.placed', id, { orderId: encodeId('order', id) });
    const [mail] = await waitForMail('unpaid@example.com');
    expect(mail!.text).toContain('Still to be paid: $48.59');
  });

  it('counts what gift cards and store credit pay, and asks for the rest', async () => {
    const { id } = await insertOrder('credit@example.com', { paymentStatus: 'pending' });
    await shop.db.query(`UPDATE orders SET credit_total = 4000 WHERE id = $1`, [id]);
    await tell('order.placed', id, { orderId: encodeId('order', id) });
    const [mail] = await waitForMail('credit@example.com');
    expect(mail!.text).toContain('Total: $48.59\nGift cards and store credit: -$40.00\nPayment: $8.59');
    expect(mail!.text).toContain('Still to be paid: $8.59');
  });

  it('tells of a parcel: what is in it and how to follow it', async () => {
    const to = 'parcel@example.com';
    const { id, lines } = await insertOrder(to);
    const fulfillmentId = newUuid();
    await shop.db.query(
      `INSERT INTO fulfillments (id, order_id, carrier, tracking_number) VALUES ($1, $2, 'UPS', '1Z999<i>')`,
      [fulfillmentId, id],
    );
    await shop.db.query(`INSERT INTO fulfillment_lines (fulfillment_id, order_line_id, quantity) VALUES ($1, $2, 1)`, [
      fulfillmentId,
      lines[0],
    ]);
    await tell(
      'order.fulfilled',
      id,
      { orderId: encodeId('order', id), fulfillmentId },
      `order.fulfilled:${fulfillmentId}`,
    );
    const [mail] = await waitForMail(to);
    expect(mail!.text).toContain('a part of your order is on its way');
    expect(mail!.text).toContain('Carrier: UPS\nTracking number: 1Z999<i>');
    expect(mail!.text).toContain(`1 x ${EVIL}`);
    expect(mail!.text).not.toContain('Saucer');
    expect(mail!.html).toContain('1Z999&lt;i&gt;');
  });

  it('tells of a refund with its amount', async () => {
    const to = 'refund@example.com';
    const { id } = await insertOrder(to, { paymentStatus: 'partially_refunded' });
    const [paymentId, refundId] = [newUuid(), newUuid()];
    await shop.db.query(
      `INSERT INTO payments (id, order_id, provider, status, currency, amount, captured, refunded) VALUES ($1, $2, 'manual', 'succeeded', 'USD', 4859, 4859, 500)`,
      [paymentId, id],
    );
    await shop.db.query(
      `INSERT INTO refunds (id, payment_id, order_id, status, amount, currency) VALUES ($1, $2, $3, 'succeeded', 500, 'USD')`,
      [refundId, paymentId, id],
    );
    await tell('payment.refunded', id, { orderId: encodeId('order', id), refundId }, `payment.refunded:${refundId}`);
    const [mail] = await waitForMail(to);
    expect(mail!.subject).toMatch(/^\$5\.00 refunded for order \d+$/);
  });

  it('tells of a cancellation, and leaves those alone who walked away from the payment page', async () => {
    const canceled = { status: 'canceled', paymentStatus: 'canceled' };
    const walkedAway = await insertOrder('left@example.com', { ...canceled, placed: false, cancelReason: 'expired' });
    await tell('order.canceled', walkedAway.id, { reason: 'expired' });
    const late = await insertOrder('late@example.com', { ...canceled, placed: false, cancelReason: 'late_payment' });
    await tell('order.canceled', late.id, { reason: 'late_payment' });
    const [mail] = await waitForMail('late@example.com');
    expect(mail!.text).toContain('your payment arrived after the goods were given to others');
    const [job] = await shop.db.query<{ state: string }>(
      `SELECT state FROM jobs WHERE name = 'notifications.order-canceled' AND payload ->> 'aggregateId' = $1`,
      [walkedAway.id],
    );
    expect(job!.state).toBe('done');
    expect(await mailTo('left@example.com')).toEqual([]);
  });

  it('tells the shop what runs low', async () => {
    const [product, variant] = [newUuid(), newUuid()];
    const location = '01920000-0000-7000-8000-000000000001';
    await shop.db.query(`INSERT INTO products (id, handle, title) VALUES ($1, $2, 'Kettle')`, [
      product,
      `k-${product}`,
    ]);
    await shop.db.query(
      `INSERT INTO variants (id, product_id, title, sku, option_key) VALUES ($1, $2, 'Red', 'KET-R', 'red')`,
      [variant, product],
    );
    await shop.db.query(`UPDATE stock_levels SET on_hand = 5, reserved = 2 WHERE variant_id = $1`, [variant]);
    await tell('inventory.low_stock', variant, { variantId: variant, locationId: location, available: 3 });
    const [mail] = await waitForMail('stock@example.com');
    expect(mail!.subject).toBe('Low stock: Kettle – Red');
    expect(mail!.text).toContain('Only 3 left to sell');
    expect(mail!.text).toContain('SKU: KET-R');
  });

  it('confirms orders that travel together each to its own customer, also beside one that does not exist', async () => {
    const orders = [await insertOrder('left@example.com'), null, await insertOrder('right@example.com')];
    const ids = orders.map(() => newUuid());
    for (const [i, order] of orders.entries()) {
      await shop.db.query(
        `INSERT INTO jobs (id, queue, name, dedupe_key, payload, dispatched_at)
         VALUES ($1, 'notifications', 'notifications.order-confirmation', $1::uuid::text, $2, now())`,
        [ids[i], JSON.stringify({ aggregateId: order?.id ?? newUuid() })],
      );
    }
    await shop.app.get(JobRunner, { strict: false }).run(ids);
    expect(
      await shop.db.query(`SELECT state FROM jobs WHERE id = ANY($1) ORDER BY array_position($1, id)`, [ids]),
    ).toEqual([{ state: 'done' }, { state: 'dead' }, { state: 'done' }]);
    const subjects: string[] = [];
    for (const to of ['left@example.com', 'right@example.com']) {
      const mail = await waitForMail(to);
      expect(mail).toHaveLength(1);
      subjects.push(mail[0]!.subject);
    }
    expect(subjects[0]).not.toBe(subjects[1]);
  });

  it('buries the mail of an order that does not exist, at once', async () => {
    const id = newUuid();
    await tell('order.placed', id, { orderId: encodeId('order', id) });
    for (let i = 0; i < 100; i += 1) {
      const [job] = await shop.db.query<{ state: string; attempts: number }>(
        `SELECT state, attempts FROM jobs WHERE name = 'notifications.order-confirmation' AND payload ->> 'aggregateId' = $1`,
        [id],
      );
      if (job?.state === 'dead') {
        expect(job.attempts).toBe(1);
        return;
      }
      await sleep(50);
    }
    throw new Error('the job was not buried');
  });

  it('shows the mailbox to people, with the mail in a frame that can do nothing', async () => {
    const list = await fetch(`${shop.url}/dev/mailbox`);
    const listText = await list.text();
    expect(list.headers.get('content-security-policy')).toContain(`default-src 'none'`);
    const [, messagePath] = /href="(\/dev\/mailbox\/\d+)"/.exec(listText)!;
    const page = await (await fetch(`${shop.url}${messagePath}`)).text();
    expect(page).toContain(`<iframe sandbox="allow-popups" src="${messagePath}/html"`);
    const framed = await fetch(`${shop.url}${messagePath}/html`);
    expect(framed.headers.get('content-security-policy')).toMatch(/^sandbox allow-popups; default-src 'none'/);
    expect(framed.headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect((await fetch(`${shop.url}${messagePath}/text`)).status).toBe(200);
    for (const missing of ['999999999', 'x', '1e3']) {
      expect((await fetch(`${shop.url}/dev/mailbox/${missing}`)).status).toBe(404);
    }
  });

  it('does not send from inside a transaction', async () => {
    const { SmtpMailer } = await import('../../src/modules/notifications/smtp.mailer.js');
    const mailer = new SmtpMailer('smtp://127.0.0.1:9');
    const mail = {
      messageId: '<a@b>',
      from: { name: 'x', address: 'x@example.com' },
      to: 'y@example.com',
      subject: 's',
      text: 't',
      html: 'h',
    };
    await expect(shop.db.transaction(() => mailer.send(mail))).rejects.toThrow('inside a database transaction');
    mailer.onModuleDestroy();
  });
});

describe('mail by SMTP', () => {
  let database: TestDatabase;
  let shop: ModuleApp;
  let server: FakeSmtp;

  beforeAll(async () => {
    database = await cloneDatabase();
    server = await FakeSmtp.start();
    shop = await startModules([AuthModule, NotificationsModule], database.url, {
      SMTP_URL: `smtp://127.0.0.1:${server.port}?ignoreTLS=true`,
    });
  });
  afterAll(async () => {
    await shop?.close();
    await server?.stop();
    await database?.drop();
  });

  const mail = (to: string) => ({
    messageId: '<job_1@shop.example.com>',
    from: { name: 'Pots, "Söhne"', address: 'shop@example.com' },
    to,
    subject: 'Grüße\r\nBcc: everybody@example.com',
    text: 'text form',
    html: '<p>html form: 2 × 3</p>',
  });

  it('sends both forms with our Message-ID, and a subject cannot add headers', async () => {
    await shop.app.get(Mailer, { strict: false }).send(mail('ada@example.com'));
    const received = server.messages.at(-1)!;
    expect(received).toMatch(/^Message-ID: <job_1@shop\.example\.com>\r$/im);
    expect(received).toMatch(/^From: .*<shop@example\.com>\r$/m);
    expect(mailParts(received)).toEqual([
      { type: 'text/plain', body: 'text form' },
      { type: 'text/html', body: '<p>html form: 2 &#215; 3</p>' },
    ]);
    expect(received).not.toMatch(/^Bcc:/m);
  });

  it('gives a refused recipient up, and tries a busy server again', async () => {
    const mailer = shop.app.get(Mailer, { strict: false });
    await expect(mailer.send(mail('nobody@example.com'))).rejects.toThrow('the recipient was refused with 550');
    await expect(mailer.send(mail('busy@example.com'))).rejects.toMatchObject({ responseCode: 451 });
  });
});
