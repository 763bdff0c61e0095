import type { Tx } from '#libs/database';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { PermanentFailure } from '#libs/jobs';
import { BoughtGiftCards } from '../../src/modules/credits/index.js';
import { Mailer } from '../../src/modules/notifications/mailer.js';
import { applyCard, giftCard, storeCredit } from '../support/credits.js';
import { signUp } from '../support/customers.js';
import { balancesOf, cardsOf, giftCardProduct } from '../support/gift-cards.js';
import { PaymentShop, type Sale } from '../support/payments.js';
import { endPromotion, promote } from '../support/promotions.js';
import { race } from '../support/rounds.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const CARD = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };

describe('Gift cards that are bought', () => {
  const pay = new PaymentShop();
  let variantId: string;
  beforeAll(async () => {
    await pay.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '100000' } });
    variantId = await giftCardProduct(pay);
  });
  afterAll(() => pay.shop?.stop());
  afterEach(() => pay.shop.settleUp());

  /** A cart of lines that need no parcel. */
  async function cartOf(...lines: { variantId: string; quantity: number }[]) {
    const made = await pay.shop.call('POST', '/v1/carts', { body: { lines, email: 'ada@example.com' } });
    expect(made).toMatchObject({ status: 201 });
    return made.body;
  }
  /** An order of as many gift cards, paid by card, and of what else is named. */
  async function bought(quantity = 1, ...others: string[]): Promise<Sale> {
    const cart = await cartOf({ variantId, quantity }, ...others.map((id) => ({ variantId: id, quantity: 1 })));
    const sale = pay.saleOf(await pay.shop.checkout(cart, CARD), variantId, quantity, cart);
    await pay.shop.quiet();
    return sale;
  }
  const book = () => pay.shop.product({ stock: 5, price: 1000 });
  /** A paid order of a gift card and a book that is still to be shipped. */
  async function mixed(): Promise<Sale> {
    const cart = await pay.shop.cart([
      { variantId, quantity: 1 },
      { variantId: await book(), quantity: 1 },
    ]);
    const sale = pay.saleOf(await pay.shop.checkout(cart, CARD), variantId, 1, cart);
    await pay.shop.quiet();
    return sale;
  }
  /** Spends of a card, which pays what it can of an order of this amount. */
  async function spend(code: string, price: number) {
    const { cart } = await pay.fill({ price, quantity: 1 });
    expect((await applyCard(pay.shop, cart, code)).status).toBe(201);
    return pay.shop.checkout(cart, CARD);
  }
  async function mailsTo(number: string) {
    return pay.shop.db.query<{ recipient: string; subject: string; text: string }>(
      `SELECT recipient, subject, text_body AS text FROM mailbox WHERE text_body LIKE '%' || $1 || '%' ORDER BY id`,
      [`order ${number}`],
    );
  }
  /** The bank warns of fraud, and the shop has heard of it. */
  async function warned(sale: Sale) {
    pay.stripe.warnOfFraud(sale.intent);
    await pay.shop.until(async () => (await pay.told(sale, 'order.fraud_warning')) === 1, 'the warning');
  }
  const release = (sale: Sale) =>
    pay.shop.call('POST', `/v1/admin/orders/${sale.orderId}/release-hold`, { bearer: pay.bearer, body: {} });
  const refundAll = (sale: Sale) => pay.refund(sale, {});
  const refundLine = (sale: Sale, quantity: number, key?: string) =>
    pay.refund(sale, { lines: [{ lineId: sale.lineId, quantity }] }, key);

  it('are always there, ship nothing and are not taxed, unless staff say otherwise; the flag can be changed', async () => {
    const { bearer } = pay;
    const made = await pay.shop.call('POST', '/v1/admin/products', {
      bearer,
      body: { title: 'Card', giftCard: true, variants: [{ prices: [{ amount: 2500, currency: 'USD' }] }] },
    });
    expect(made.body).toMatchObject({
      giftCard: true,
      variants: [{ trackInventory: false, requiresShipping: false, taxable: false }],
    });
    const path = `/v1/admin/products/${made.body.id}`;
    const changed = await pay.shop.call('PATCH', path, {
      bearer,
      headers: { 'If-Match': made.headers.get('etag')! },
      body: { giftCard: false },
    });
    expect(changed).toMatchObject({ status: 200, body: { giftCard: false } });
    const wrong = await pay.shop.call('PATCH', path, {
      bearer,
      headers: { 'If-Match': changed.headers.get('etag')! },
      body: { giftCard: 'yes' },
    });
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ pointer: '/giftCard' }] } });
  });

  it('are made when the order is paid, one for each piece, and their codes are mailed', async () => {
    await pay.shop.db.query(
      `INSERT INTO tax_rates (id, name, country, rate_ppm) VALUES ($1, 'Tax', 'US', 100000) ON CONFLICT DO NOTHING`,
      [newUuid()],
    );
    const promotion = await promote(pay.shop, pay.bearer);
    const thing = await book();
    const cart = await pay.shop.cart([
      { variantId, quantity: 2 },
      { variantId: thing, quantity: 1 },
    ]);
    const placed = await pay.shop.checkout(cart, CARD);
    await endPromotion(pay.shop, pay.bearer, promotion.id);
    expect(placed.body.order).toMatchObject({
      paymentStatus: 'paid',
      lines: [
        { total: usd(10_000), discountTotal: usd(0), taxTotal: usd(0) },
        { discountTotal: usd(100), taxTotal: usd(90) },
      ],
    });
    const sale = pay.saleOf(placed, variantId, 2, cart);
    await pay.shop.quiet();
    const cards = await cardsOf(pay, sale);
    expect(cards).toMatchObject([
      { piece: 1, balance: 5000, isDisabled: false },
      { piece: 2, balance: 5000, isDisabled: false },
    ]);
    // The book is still to be shipped.
    expect(await pay.order(sale)).toMatchObject({ status: 'confirmed', fulfillmentStatus: 'unfulfilled' });
    const mails = (await mailsTo(sale.number)).filter(({ subject }) => subject === 'Your 2 gift cards');
    expect(mails).toHaveLength(1);
    expect(mails[0]!.recipient).toContain('ada@example.com');
    for (const { code } of cards) expect(mails[0]!.text).toContain(`${code}\n$50.00`);
    expect(await spend(cards[0]!.code, 3000)).toMatchObject({
      status: 201,
      body: { order: { paymentStatus: 'paid' } },
    });
    expect(await balancesOf(pay, sale)).toEqual([2000, 5000]);
    const staff = await pay.shop.call('GET', `/v1/admin/gift-cards?orderId=${sale.orderId}&include=total`, {
      bearer: pay.bearer,
    });
    expect(staff.body).toMatchObject({ data: [{ orderId: sale.orderId }, {}], page: { total: 2 } });
  });

  it('are nowhere with their code: not in the outbox, a job, the timeline, the audit log or a kept answer', async () => {
    const sale = await bought();
    const { code } = (await cardsOf(pay, sale))[0]!;
    const bare = code.replaceAll('-', '');
    for (const table of ['outbox', 'jobs', 'order_events', 'audit_log', 'gift_cards', 'credit_transactions']) {
      const found = await pay.shop.db.query(
        `SELECT 1 FROM ${table} t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%' OR to_jsonb(t)::text LIKE '%' || $2 || '%'`,
        [code, bare],
      );
      expect([table, found]).toEqual([table, []]);
    }
    expect(JSON.stringify(await pay.order(sale))).not.toContain(code);
  });

  it('are owed, not earned: the sale is in the ledger as what whoever has the card may claim', async () => {
    const sale = await bought();
    const entries = await pay.shop.db.query(
      `SELECT e.account, e.amount FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
       WHERE t.order_id = $1 AND t.kind = 'credit_sale' ORDER BY e.account`,
      [decodeId('order', sale.orderId)],
    );
    expect(entries).toEqual([
      { account: 'customer_payments', amount: 5000 },
      { account: 'gift_cards', amount: -5000 },
    ]);
  });

  it('are at most 500 in one order; the cart names the line with those that are too many', async () => {
    const cart = await cartOf(
      { variantId, quantity: 400 },
      { variantId: await giftCardProduct(pay, 100), quantity: 130 },
    );
    expect(cart.issues).toEqual([
      {
        code: 'gift_card_quantity',
        severity: 'blocking',
        pointer: '/lines/1/quantity',
        detail: 'One order buys 500 gift cards at most: take 30 of Gift Card out.',
      },
    ]);
    const refused = await pay.shop.checkout(cart, CARD);
    expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
      422,
      'cart_incomplete',
      [expect.objectContaining({ pointer: '/lines/1/quantity', code: 'gift_card_quantity' })],
    ]);
  });

  it('are taken back with as many statements for one as for many', async () => {
    const cards = pay.shop.app.get(BoughtGiftCards, { strict: false });
    const rolledBack = new Error('only counted');
    const counts: number[] = [];
    for (const quantity of [1, 30]) {
      const sale = await bought(quantity);
      // Staff have put more on one than it cost.
      const [generous] = await cardsOf(pay, sale);
      await pay.shop.call('POST', `/v1/admin/gift-cards/${encodeId('giftCard', generous!.id)}/adjustments`, {
        bearer: pay.bearer,
        key: newUuid(),
        body: { delta: 500, reason: 'sorry' },
      });
      let statements = 0;
      await expect(
        pay.shop.db.transaction(async (tx) => {
          const counting = Object.create(tx) as Tx;
          counting.query = (text, values) => {
            statements += 1;
            return tx.query(text, values);
          };
          const { taken } = await cards.takeBack(counting, decodeId('order', sale.orderId)!, 'all', 'system');
          expect(taken).toBe(quantity * 5000);
          throw rolledBack;
        }),
      ).rejects.toBe(rolledBack);
      counts.push(statements);
    }
    expect(counts[1]).toBe(counts[0]);
  });

  describe('for somebody else', () => {
    const lineOf = (cart: any, i = 0) => `/v1/carts/${cart.id}/lines/${cart.lines[i].id}`;
    const send = (cart: any, recipientEmail: unknown, i = 0) =>
      pay.shop.call('PATCH', lineOf(cart, i), { token: cart.token, body: { quantity: 1, recipientEmail } });
    const mailsOf = (email: string) =>
      pay.shop.db.query<{ subject: string; text: string }>(
        `SELECT subject, text_body AS text FROM mailbox WHERE recipient LIKE '%' || $1 || '%' ORDER BY id`,
        [email],
      );
    /** An order of one card for somebody and one for the buyer. */
    async function given(recipient: string, customer?: { bearer: string; email: string }): Promise<Sale> {
      const other = await giftCardProduct(pay, 2000);
      const lines = [{ variantId, quantity: 1 }, { variantId: other, quantity: 1 }]; // prettier-ignore
      const made = await pay.shop.call('POST', '/v1/carts', {
        body: { lines, email: customer?.email ?? 'ada@example.com' },
        ...(customer ? { bearer: customer.bearer } : {}),
      });
      expect(await send(made.body, recipient)).toMatchObject({ status: 200, body: { lines: [{ quantity: 1 }, {}] } });
      const sale = pay.saleOf(await pay.shop.checkout(made.body, CARD), variantId, 1, made.body);
      await pay.shop.quiet();
      return sale;
    }

    it('the code goes to them by mail, the other to the buyer; neither learns of the other code', async () => {
      const sale = await given('grace@example.org');
      const [theirs, own] = await cardsOf(pay, sale);
      const [mail, ...more] = await mailsOf('grace@example.org');
      expect([mail!.subject, more]).toEqual(['A gift card for you', []]);
      expect(mail!.text).toContain(`${theirs!.code}\n$50.00`);
      for (const secret of [own!.code, sale.orderId, 'ada@example.com']) expect(mail!.text).not.toContain(secret);
      const buyers = (await mailsTo(sale.number)).filter(({ subject }) => subject === 'Your gift card');
      expect(buyers).toHaveLength(1);
      expect([buyers[0]!.text.includes(own!.code), buyers[0]!.text.includes(theirs!.code)]).toEqual([true, false]);
      const staff = await pay.shop.call('GET', `/v1/admin/gift-cards?orderId=${sale.orderId}`, { bearer: pay.bearer });
      expect(staff.body.data.map((card: any) => card.recipientEmail).sort()).toEqual(['grace@example.org', null]);
      // The address is where it is needed, and nowhere else.
      for (const table of ['outbox', 'jobs', 'order_events', 'audit_log', 'credit_transactions']) {
        const found = await pay.shop.db.query(
          `SELECT 1 FROM ${table} t WHERE to_jsonb(t)::text LIKE '%grace@example.org%'`,
        );
        expect([table, found]).toEqual([table, []]);
      }
    });

    it('who keeps none hears that they are sent', async () => {
      const cart = await cartOf({ variantId, quantity: 1 });
      expect(await send(cart, 'lin@example.org')).toMatchObject({ status: 200 });
      const placed = await pay.shop.checkout(cart, CARD);
      await pay.shop.quiet();
      const told = (await mailsTo(placed.body.order.number)).filter(
        ({ subject }) => subject === 'Your gift cards are sent',
      );
      expect(told.map(({ text }) => text.includes('are sent to lin@example.org'))).toEqual([true]);
      expect(await mailsOf('lin@example.org')).toHaveLength(1);
      // What is ordered is not changed any more.
      expect(await send(cart, 'eve@example.org')).toMatchObject({ status: 409, body: { code: 'cart_completed' } });
    });

    it('what makes no sense is refused by name, and nothing is changed', async () => {
      const cart = await cartOf({ variantId, quantity: 3 }, { variantId: await book(), quantity: 2 });
      for (const [value, i, status, code] of [
        ['nobody', 0, 400, 'validation_failed'],
        ['grace@example.org', 1, 422, 'no_gift_card'],
      ] as const) {
        const { status: got, body } = await send(cart, value, i);
        expect([got, body.code, body.errors[0].pointer]).toEqual([status, code, '/recipientEmail']);
      }
      const stranger = await pay.shop.call('PATCH', lineOf(cart), {
        body: { quantity: 1, recipientEmail: 'eve@example.org' },
      });
      expect(stranger.status).toBe(404);
      const after = await pay.shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
      expect(after.body.lines.map((line: any) => line.quantity)).toEqual([3, 2]);
      expect(await send(cart, 'grace@example.org')).toMatchObject({ status: 200 });
      expect(await send(cart, null)).toMatchObject({ status: 200 });
      expect(await pay.shop.db.query(`SELECT 1 FROM cart_lines WHERE recipient_email LIKE 'eve%' OR (recipient_email IS NOT NULL AND cart_id = $1)`, [decodeId('cart', cart.id)])).toEqual([]); // prettier-ignore
    });

    it('their address goes when the account of the buyer goes, and when their own does', async () => {
      const left = (email: string) =>
        pay.shop.db.query(
          `SELECT 1 FROM gift_cards WHERE recipient_email = $1 UNION ALL SELECT 1 FROM cart_lines WHERE recipient_email = $1`,
          [email],
        );
      const buyer = { ...(await signUp(pay.shop, 'leaver@example.com')), email: 'leaver@example.com' };
      await given('kept@example.org', buyer);
      expect(await left('kept@example.org')).toHaveLength(2);
      const gone = await pay.shop.call('DELETE', `/v1/admin/customers/${buyer.id}`, { bearer: await pay.shop.staff(), headers: { 'If-Match': '*' } }); // prettier-ignore
      expect(gone.status).toBe(204);
      expect(await left('kept@example.org')).toEqual([]);
      const receiver = await signUp(pay.shop, 'receiver@example.com');
      await given('receiver@example.com');
      const theirs = await pay.shop.call('DELETE', `/v1/admin/customers/${receiver.id}`, { bearer: await pay.shop.staff(), headers: { 'If-Match': '*' } }); // prettier-ignore
      expect(theirs.status).toBe(204);
      expect(await left('receiver@example.com')).toEqual([]);
    });

    it('an address whose account is gone gets no card of an order that is paid later', async () => {
      const receiver = await signUp(pay.shop, 'Later@example.com');
      const [open, ordered] = [await cartOf({ variantId, quantity: 1 }), await cartOf({ variantId, quantity: 1 })];
      for (const cart of [open, ordered]) expect((await send(cart, 'later@example.com')).status).toBe(200);
      const placed = await pay.shop.checkout(ordered, { paymentMethod: 'manual' });
      const gone = await pay.shop.call('DELETE', `/v1/admin/customers/${receiver.id}`, { bearer: await pay.shop.staff(), headers: { 'If-Match': '*' } }); // prettier-ignore
      expect(gone.status).toBe(204);
      expect(await pay.shop.db.query(`SELECT 1 FROM cart_lines WHERE lower(recipient_email) = 'later@example.com'`)).toEqual([]); // prettier-ignore
      const { id, number } = placed.body.order;
      await pay.shop.call('POST', `/v1/admin/orders/${id}/payments/${placed.body.payment.id}/mark-paid`, { bearer: pay.bearer }); // prettier-ignore
      await pay.shop.quiet();
      const mails = (await mailsTo(number)).filter(({ subject }) => subject === 'Your gift card');
      expect(mails.map(({ recipient }) => recipient)).toEqual([expect.stringContaining('ada@example.com')]);
    });

    it('whom a guest cart named gets nothing that a customer pays for, who brings it along', async () => {
      const buyer = await signUp(pay.shop, 'bringer@example.com');
      const bring = (cart: any) =>
        pay.shop.call('POST', `/v1/carts/${cart.id}/merge`, { bearer: buyer.bearer, token: cart.token, body: {} });
      const recipients = (cart: any) => cart.lines.map((line: any) => line.recipientEmail);
      const claimed = await cartOf({ variantId, quantity: 1 });
      expect(recipients((await send(claimed, 'eve@example.org')).body)).toEqual(['eve@example.org']);
      const mine = (await bring(claimed)).body;
      expect([mine.outcome, recipients(mine.cart)]).toEqual(['claimed', [null]]);
      expect(mine.changes).toEqual([{ variantId, change: 'recipient_dropped', quantity: 1, wanted: 1 }]);

      // A line that is there already keeps its recipient, or its having none; one that comes has none.
      const [own, fresh] = [await giftCardProduct(pay, 1000), await giftCardProduct(pay, 1500)];
      const path = `/v1/carts/${mine.cart.id}/lines`;
      const added = await pay.shop.call('POST', path, { bearer: buyer.bearer, body: { variantId: own, quantity: 1 } });
      const named = await pay.shop.call('PATCH', `${path}/${added.body.lines[1].id}`, { bearer: buyer.bearer, body: { quantity: 1, recipientEmail: 'friend@example.org' } }); // prettier-ignore
      expect(recipients(named.body)).toEqual([null, 'friend@example.org']);
      const other = await cartOf({ variantId, quantity: 1 }, { variantId: own, quantity: 1 }, { variantId: fresh, quantity: 1 }); // prettier-ignore
      for (const i of [0, 1, 2]) expect((await send(other, 'eve@example.org', i)).status).toBe(200);
      const merged = (await bring(other)).body;
      expect([merged.outcome, merged.cart.itemCount]).toEqual(['merged', 5]);
      const changes = merged.changes.map((one: any) => [one.variantId, one.change, one.quantity, one.wanted]);
      expect(changes).toEqual([
        [variantId, 'increased', 2, 2], [variantId, 'recipient_dropped', 2, 2],
        [own, 'increased', 2, 2], [own, 'recipient_dropped', 2, 2],
        [fresh, 'added', 1, 1], [fresh, 'recipient_dropped', 1, 1],
      ]); // prettier-ignore
      expect(recipients(merged.cart)).toEqual([null, 'friend@example.org', null]);
    });

    it('whom a guest cart named gets nothing that a customer pays for, who orders it as it is', async () => {
      const buyer = await signUp(pay.shop, 'victim@example.com');
      const made = await pay.shop.call('POST', '/v1/carts', {
        body: { lines: [{ variantId, quantity: 1 }], email: 'slipper@example.org' },
      });
      expect((await send(made.body, 'eve@example.org')).status).toBe(200);
      const { id, token } = made.body;
      const { body, status } = await pay.shop.call('POST', `/v1/carts/${id}/checkout`, { body: CARD, token, bearer: buyer.bearer, key: newUuid() }); // prettier-ignore
      expect([status, body.order?.email]).toEqual([201, 'victim@example.com']);
      await pay.shop.quiet();
      const [card] = await cardsOf(pay, { orderId: body.order.id });
      for (const email of ['slipper@example.org', 'eve@example.org']) expect(await mailsOf(email)).toEqual([]);
      const codes = (await mailsOf('victim@example.com')).filter(({ text }) => text.includes(card!.code));
      expect(codes).toHaveLength(1);
      // Who has the token may still read the order: it is good for that.
      expect((await pay.shop.call('GET', `/v1/orders/${body.order.id}`, { token })).status).toBe(200);
    });

    it('more of a line is for whom the line is for, and the cart says who that is', async () => {
      const cart = await cartOf({ variantId, quantity: 1 }, { variantId: await book(), quantity: 1 });
      expect(cart.lines[0].recipientEmail).toBeNull();
      expect(cart.lines[1]).not.toHaveProperty('recipientEmail');
      await send(cart, 'grace@example.org');
      const more = await pay.shop.call('POST', `/v1/carts/${cart.id}/lines`, { token: cart.token, body: { variantId, quantity: 2 } }); // prettier-ignore
      expect(more.body.lines[0]).toMatchObject({ quantity: 3, recipientEmail: 'grace@example.org' });
      const read = await pay.shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
      expect(read.body.lines[0].recipientEmail).toBe('grace@example.org');
    });

    it('who changes a line is refused as a whole or not at all', async () => {
      for (let round = 0; round < 12; round += 1) {
        const cart = await cartOf({ variantId, quantity: 1 });
        const names = ['a@example.org', 'b@example.org', 'c@example.org', 'd@example.org'];
        const headers = { 'If-Match': '"1"' };
        const answers = await Promise.all(
          names.map((recipientEmail, i) =>
            pay.shop.call('PATCH', lineOf(cart), {
              token: cart.token,
              headers,
              body: { quantity: i + 2, recipientEmail },
            }),
          ),
        );
        const winner = answers.findIndex(({ status }) => status === 200);
        expect(answers.filter(({ status }) => status === 412)).toHaveLength(3);
        const [line] = await pay.shop.db.query(`SELECT quantity, recipient_email FROM cart_lines WHERE cart_id = $1`, [
          decodeId('cart', cart.id),
        ]);
        expect(line).toEqual({ quantity: winner + 2, recipient_email: names[winner] });
      }
    });

    it('an address that takes no mail keeps nobody else from theirs: the buyer gets its codes', async () => {
      const cart = await cartOf(
        { variantId, quantity: 1 },
        { variantId: await giftCardProduct(pay, 2000), quantity: 1 },
        { variantId: await giftCardProduct(pay, 3000), quantity: 1 },
      );
      for (const [i, who] of ['refused', 'slow', 'last'].entries()) await send(cart, `${who}@example.org`, i);
      const mailer = pay.shop.app.get(Mailer, { strict: false });
      const deliver = mailer.send.bind(mailer);
      let isBusy = true;
      mailer.send = async (mail) => {
        if (mail.to === 'refused@example.org') throw new PermanentFailure('the recipient was refused with 550');
        if (mail.to === 'slow@example.org' && isBusy) throw new Error('450 later');
        await deliver(mail);
      };
      try {
        const placed = await pay.shop.checkout(cart, CARD);
        const { id: orderId, number } = placed.body.order;
        await pay.shop.until(async () => (await mailsOf('last@example.org')).length === 1, 'the mail to the last');
        isBusy = false;
        await pay.shop.until(async () => {
          await pay.shop.db.query(
            `UPDATE jobs SET next_at = now() - interval '1 ms' WHERE state = 'queued' AND name LIKE 'notifications.%'`,
          );
          return (await mailsOf('slow@example.org')).length === 1;
        }, 'the mail to the slow');
        await pay.shop.quiet();
        const [refused, slow] = await cardsOf(pay, { orderId });
        const mails = await mailsTo(number);
        const own = mails.filter(({ subject }) => subject === 'Your gift card');
        expect(own).toHaveLength(1);
        expect(own[0]!.text).toContain(`${refused!.code}\n$50.00`);
        expect(own[0]!.text).toContain('refused@example.org');
        expect(own[0]!.text).not.toContain(slow!.code);
        const told = mails.filter(({ subject }) => subject === 'Your gift cards are sent');
        expect(told.map(({ text }) => text.includes('are sent to slow@example.org, last@example.org.'))).toEqual([
          true,
        ]);
        expect(await mailsOf('last@example.org')).toHaveLength(1);
      } finally {
        mailer.send = deliver;
      }
    });
  });

  it('fulfill an order of nothing else', async () => {
    const sale = await bought();
    expect(await pay.order(sale)).toMatchObject({ status: 'completed', fulfillmentStatus: 'fulfilled' });
  });

  it('are made once, though the webhook comes 20 times at once and the job runs again', async () => {
    pay.stripe.setChaos({ webhooks: [{ kind: 'duplicate', times: 20, isConcurrent: true }] });
    const sale = await pay.place({ variantId, quantity: 3 });
    await pay.shop.confirm(sale.clientSecret);
    await pay.shop.until(async () => (await pay.order(sale)).paymentStatus === 'paid', 'the payment');
    await pay.shop.quiet();
    pay.stripe.setChaos({});
    await pay.shop.db.query(
      `UPDATE jobs SET state = 'queued', attempts = 0, next_at = now() - interval '1 ms', dispatched_at = NULL WHERE name = 'downloads.deliver'`,
    );
    await pay.shop.quiet();
    expect(await balancesOf(pay, sale)).toEqual([5000, 5000, 5000]);
    expect(await pay.told(sale, 'order.gift_cards_issued')).toBe(1);
    expect((await mailsTo(sale.number)).filter(({ subject }) => subject === 'Your 3 gift cards')).toHaveLength(1);
  });

  it('wait for the money of an invoice', async () => {
    const cart = await cartOf({ variantId, quantity: 1 });
    const placed = await pay.shop.checkout(cart, { paymentMethod: 'manual' });
    const { id: orderId } = placed.body.order;
    await pay.shop.quiet();
    expect(await balancesOf(pay, { orderId })).toEqual([]);
    const paid = await pay.shop.call(
      'POST',
      `/v1/admin/orders/${orderId}/payments/${placed.body.payment.id}/mark-paid`,
      {
        bearer: pay.bearer,
      },
    );
    expect(paid.status).toBe(200);
    await pay.shop.quiet();
    expect(await balancesOf(pay, { orderId })).toEqual([5000]);
  });

  it('wait until an order that is held back is released', async () => {
    await pay.captureLater(true);
    const sale = await bought();
    await pay.captureLater(false);
    await warned(sale);
    expect(await pay.capture(sale)).toMatchObject({ status: 201 });
    await pay.shop.quiet();
    expect(await balancesOf(pay, sale)).toEqual([]);
    expect((await release(sale)).status).toBe(200);
    await pay.shop.quiet();
    expect(await balancesOf(pay, sale)).toEqual([5000]);
    expect(await pay.order(sale)).toMatchObject({ status: 'completed', fulfillmentStatus: 'fulfilled' });
  });

  it('are made of the pieces that are captured of a hold, and not before', async () => {
    await pay.captureLater(true);
    const sale = await bought(3);
    await pay.captureLater(false);
    expect(await balancesOf(pay, sale)).toEqual([]);
    expect(await pay.capture(sale, { lines: [{ lineId: sale.lineId, quantity: 2 }] })).toMatchObject({ status: 201 });
    await pay.shop.quiet();
    expect(await balancesOf(pay, sale)).toEqual([5000, 5000]);
    expect(await pay.order(sale)).toMatchObject({ status: 'completed', fulfillmentStatus: 'fulfilled' });
    expect((await refundAll(sale)).body).toMatchObject({ amount: usd(10_000) });
    await pay.shop.quiet();
    expect(await balancesOf(pay, sale)).toEqual([0, 0]);
  });

  it('that cost nothing give no card, and the free order is done', async () => {
    const free = await giftCardProduct(pay, 0);
    const cart = await cartOf({ variantId: free, quantity: 2 });
    const placed = await pay.shop.checkout(cart, { paymentMethod: 'stripe' });
    expect(placed).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' }, payment: null } });
    await pay.shop.quiet();
    expect(await balancesOf(pay, { orderId: placed.body.order.id })).toEqual([]);
    expect(await pay.shop.order(placed.body.order.id, cart.token)).toMatchObject({ status: 'completed' });
  });

  it('are not bought with gift cards or store credit', async () => {
    const card = await giftCard(pay.shop, 20_000);
    const customer = await signUp(pay.shop, 'saves@example.com');
    await storeCredit(pay.shop, customer.id, 20_000);
    const made = await pay.shop.call('POST', '/v1/carts', {
      bearer: customer.bearer,
      body: {
        email: customer.email,
        lines: [
          { variantId, quantity: 1 },
          { variantId: await pay.shop.product({ stock: 5, shipping: false }), quantity: 1 },
        ],
      },
    });
    const path = `/v1/carts/${made.body.id}`;
    await pay.shop.call('PATCH', path, { bearer: customer.bearer, body: { useStoreCredit: true } });
    const applied = await pay.shop.call('POST', `${path}/gift-cards`, {
      bearer: customer.bearer,
      body: { code: card.code },
    });
    expect(applied.body).toMatchObject({ total: usd(6000), creditTotal: usd(1000), amountDue: usd(5000) });
  });

  describe('beside goods that store credit pays', () => {
    /** Gift cards and a mug for 50.00, which store credit pays for; the bank card pays for the gift cards. */
    async function besideMug(cards = 1): Promise<Sale & { mugLineId: string; customer: string }> {
      const customer = await signUp(pay.shop, `beside-${newUuid()}@example.com`);
      await storeCredit(pay.shop, customer.id, 5000);
      const mug = await pay.shop.product({ stock: 5, price: 5000, shipping: false });
      const by = { bearer: customer.bearer };
      const lines = [
        { variantId, quantity: cards },
        { variantId: mug, quantity: 1 },
      ];
      const { body: cart } = await pay.shop.call('POST', '/v1/carts', {
        ...by,
        body: { email: customer.email, lines },
      });
      await pay.shop.call('PATCH', `/v1/carts/${cart.id}`, { ...by, body: { useStoreCredit: true } });
      const placed = await pay.shop.call('POST', `/v1/carts/${cart.id}/checkout`, {
        ...by,
        key: newUuid(),
        body: CARD,
      });
      expect(placed).toMatchObject({ status: 201, body: { order: { amountDue: usd(5000 * cards) } } });
      const sale = pay.saleOf(placed, variantId, cards, cart);
      await pay.shop.quiet();
      return { ...sale, mugLineId: placed.body.order.lines[1].id, customer: customer.id };
    }
    const creditOf = async ({ customer }: { customer: string }) =>
      (
        await pay.shop.db.query<{ balance: number }>(
          `SELECT balance FROM store_credit_accounts WHERE customer_id = $1`,
          [decodeId('customer', customer)],
        )
      )[0]!.balance;

    it('a refund of the goods goes to the credit: the money stands for the card that stays out', async () => {
      const sale = await besideMug();
      expect(await pay.refund(sale, { lines: [{ lineId: sale.mugLineId, quantity: 1 }] })).toMatchObject({
        status: 201,
        body: { amount: usd(5000), parts: [{ destination: 'store_credit', amount: usd(5000) }] },
      });
      expect([pay.refundsAtStripe(sale), await creditOf(sale), await balancesOf(pay, sale)]).toEqual([
        [],
        5000,
        [5000],
      ]);
      expect((await refundLine(sale, 1)).body).toMatchObject({ amount: usd(5000) });
      await pay.shop.quiet();
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 5000 }]);
      expect(await balancesOf(pay, sale)).toEqual([0]);
    });

    it.each([1, 2])('a capture of the cards takes what they cost, and the credit goes back (%i)', async (cards) => {
      await pay.captureLater(true);
      const sale = await besideMug(cards);
      await pay.captureLater(false);
      const key = newUuid();
      const captured = await pay.capture(sale, { lines: [{ lineId: sale.lineId, quantity: cards }] }, key);
      expect(captured).toMatchObject({ status: 201, body: { status: 'succeeded', amount: usd(5000 * cards) } });
      expect((await pay.capture(sale, { lines: [{ lineId: sale.lineId, quantity: cards }] }, key)).status).toBe(201);
      await pay.shop.quiet();
      expect(pay.intentsOf(sale.orderId)).toMatchObject([{ status: 'succeeded', amount_received: 5000 * cards }]);
      expect([await creditOf(sale), pay.refundsAtStripe(sale)]).toEqual([5000, []]);
      expect(await balancesOf(pay, sale)).toEqual(Array.from({ length: cards }, () => 5000));
      expect((await refundAll(sale)).body).toMatchObject({ amount: usd(5000 * cards) });
      await pay.shop.quiet();
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 5000 * cards }]);
    });
  });

  it('are stocked where staff track them', async () => {
    const printed = await giftCardProduct(pay, 5000, { trackInventory: true });
    const made = await pay.shop.call('POST', '/v1/carts', {
      body: { lines: [{ variantId: printed, quantity: 1 }], email: 'ada@example.com' },
    });
    expect(JSON.stringify(made.body)).toContain('out_of_stock');
  });

  describe('when money goes back', () => {
    it('give back what their line cost, and are disabled: so many pieces as the refund names, once for each key', async () => {
      const sale = await bought(2);
      const key = newUuid();
      const answers = await Promise.all([refundLine(sale, 1, key), refundLine(sale, 1, key)]);
      const statuses = answers.map(({ status }) => status);
      for (const status of statuses) expect([201, 409]).toContain(status);
      expect(statuses).toContain(201);
      await pay.shop.quiet();
      const cards = await cardsOf(pay, sale);
      expect(cards.filter(({ isDisabled }) => isDisabled)).toMatchObject([{ balance: 0 }]);
      expect(pay.refundsAtStripe(sale)).toMatchObject([{ amount: 5000 }]);
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'partially_refunded' });
      const disabled = cards.find(({ isDisabled }) => isDisabled)!;
      const { cart } = await pay.fill();
      expect(await applyCard(pay.shop, cart, disabled.code)).toMatchObject({
        status: 422,
        body: { code: 'gift_card_disabled' },
      });
      expect(await refundLine(sale, 2)).toMatchObject({ status: 400, body: { errors: [{ code: 'too_large' }] } });
      expect((await refundAll(sale)).body).toMatchObject({ amount: usd(5000) });
      await pay.becomes(sale, 'completed', 'refunded');
      expect(await balancesOf(pay, sale)).toEqual([0, 0]);
    });

    it('give back what is left on them, the fullest first; one that is spent gives nothing', async () => {
      const sale = await bought(2);
      const [first] = await cardsOf(pay, sale);
      expect((await spend(first!.code, 2000)).status).toBe(201);
      expect((await refundLine(sale, 1)).body).toMatchObject({ amount: usd(5000) });
      expect(await balancesOf(pay, sale)).toEqual([3000, 0]);
      expect((await refundLine(sale, 1)).body).toMatchObject({ amount: usd(3000) });
      expect(await balancesOf(pay, sale)).toEqual([0, 0]);
      expect(await refundAll(sale)).toMatchObject({ status: 422, body: { code: 'refund_too_large', refundable: 0 } });
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'partially_refunded' });
      const spent = await bought(1);
      const [card] = await cardsOf(pay, spent);
      expect((await spend(card!.code, 5000)).status).toBe(201);
      expect(await refundLine(spent, 1)).toMatchObject({ status: 409, body: { code: 'gift_card_spent', unspent: 0 } });
      expect(await refundAll(spent)).toMatchObject({ status: 422, body: { code: 'refund_too_large' } });
    });

    it('an amount is refunded of other goods only', async () => {
      const thing = await pay.shop.product({ stock: 5, price: 1000, shipping: false });
      const sale = await bought(1, thing);
      expect(await pay.refund(sale, { amount: 1001 })).toMatchObject({
        status: 422,
        body: { code: 'refund_too_large', refundable: 1000, detail: expect.stringContaining('gift cards') },
      });
      expect(await pay.refund(sale, { amount: 1000 })).toMatchObject({ status: 201 });
      expect(await balancesOf(pay, sale)).toEqual([5000]);
      expect((await refundAll(sale)).body).toMatchObject({ amount: usd(5000) });
      await pay.shop.quiet();
      expect(await pay.order(sale)).toMatchObject({ paymentStatus: 'refunded' });
      expect(await balancesOf(pay, sale)).toEqual([0]);
    });

    it('before they are made, they are never spendable', async () => {
      const cart = await cartOf({ variantId, quantity: 2 });
      const placed = await pay.shop.checkout(cart, { paymentMethod: 'manual' });
      const sale = { ...placed.body.order, orderId: placed.body.order.id, lineId: placed.body.order.lines[0].id, token: cart.token }; // prettier-ignore
      await pay.shop.db.query(`UPDATE orders SET hold = 'fraud_warning' WHERE id = $1`, [
        decodeId('order', sale.orderId),
      ]);
      const path = `/v1/admin/orders/${sale.orderId}`;
      await pay.shop.call('POST', `${path}/payments/${placed.body.payment.id}/mark-paid`, { bearer: pay.bearer });
      expect((await refundLine(sale, 1)).body).toMatchObject({ amount: usd(5000) });
      await pay.shop.call('POST', `${path}/release-hold`, { bearer: pay.bearer, body: {} });
      await pay.shop.quiet();
      expect((await cardsOf(pay, sale)).map(({ balance, isDisabled }) => [balance, isDisabled])).toEqual([
        [0, true],
        [5000, false],
      ]);
    });

    it('a canceled order takes its cards back; not where one was spent', async () => {
      const sale = await mixed();
      const [card] = await cardsOf(pay, sale);
      expect((await spend(card!.code, 1000)).status).toBe(201);
      expect(await pay.cancel(sale)).toMatchObject({ status: 409, body: { code: 'order_not_cancelable' } });
      expect(await balancesOf(pay, sale)).toEqual([4000]);
      const other = await mixed();
      expect(await pay.cancel(other)).toMatchObject({ status: 200, body: { status: 'canceled' } });
      await pay.becomes(other, 'canceled', 'refunded');
      expect(await balancesOf(pay, other)).toEqual([0]);
    });

    it('what is sent back in full at Stripe takes the cards along', async () => {
      const sale = await bought();
      await pay.atStripe('POST', '/v1/refunds', { payment_intent: sale.intent });
      await pay.becomes(sale, 'completed', 'refunded');
      await pay.shop.quiet();
      expect(await balancesOf(pay, sale)).toEqual([0]);
    });

    it('a card whose buyer disputes the payment pays nothing', async () => {
      const sale = await bought();
      const [card] = await cardsOf(pay, sale);
      pay.stripe.openDispute(sale.intent);
      await pay.shop.quiet();
      const { cart } = await pay.fill();
      expect(await applyCard(pay.shop, cart, card!.code)).toMatchObject({
        status: 422,
        body: { code: 'gift_card_disabled' },
      });
      pay.stripe.winDispute(sale.intent);
      await pay.shop.quiet();
      expect(await applyCard(pay.shop, cart, card!.code)).toMatchObject({ status: 201 });
      await pay.shop.quiet();
    });

    it('a card pays nothing when the bank warns of fraud, though its order is completed, until staff release it', async () => {
      const sale = await bought();
      expect(await pay.order(sale)).toMatchObject({ status: 'completed', fulfillmentStatus: 'fulfilled' });
      const [card] = await cardsOf(pay, sale);
      await warned(sale);
      const { cart } = await pay.fill();
      expect(await applyCard(pay.shop, cart, card!.code)).toMatchObject({
        status: 422,
        body: { code: 'gift_card_disabled' },
      });
      expect(await release(sale)).toMatchObject({ status: 200, body: { hold: null } });
      expect(await applyCard(pay.shop, cart, card!.code)).toMatchObject({ status: 201 });
      await pay.shop.quiet();
      expect(await balancesOf(pay, sale)).toEqual([5000]);
    });

    it('a warning of fraud holds no completed order whose cards are spent', async () => {
      const sale = await bought();
      const [card] = await cardsOf(pay, sale);
      expect((await spend(card!.code, 5000)).status).toBe(201);
      await warned(sale);
      const seen = await pay.shop.call('GET', `/v1/admin/orders/${sale.orderId}`, { bearer: pay.bearer });
      expect(seen.body).toMatchObject({ status: 'completed', hold: null });
    });

    /** An order of 60.00 that waits for its money: the card paid all that it holds. */
    async function waiting(code: string): Promise<Sale> {
      const { variantId: thing, quantity, cart } = await pay.fill({ price: 6000, quantity: 1 });
      expect((await applyCard(pay.shop, cart, code)).status).toBe(201);
      const placed = await pay.shop.checkout(cart, { paymentMethod: 'stripe' });
      return pay.saleOf(placed, thing, quantity, cart);
    }
    const adjust = (id: string, delta: number) =>
      pay.shop.call('POST', `/v1/admin/gift-cards/${encodeId('giftCard', id)}/adjustments`, {
        bearer: pay.bearer,
        key: newUuid(),
        body: { delta, reason: 'test' },
      });

    it('what comes back to a card that was taken back pays again, and can be refunded', async () => {
      const sale = await bought(2);
      const [first, second] = await cardsOf(pay, sale);
      const other = await waiting(first!.code);
      // So that something is left on it to be taken back with its piece.
      expect((await adjust(first!.id, 100)).status).toBe(201);
      expect((await refundLine(sale, 2)).body).toMatchObject({ amount: usd(5100) });
      await pay.expire(other);
      await pay.becomes(other, 'canceled', 'canceled');
      expect(await cardsOf(pay, sale)).toMatchObject([
        { id: first!.id, balance: 5000, isDisabled: false },
        { id: second!.id, balance: 0, isDisabled: true },
      ]);
      expect((await spend(first!.code, 2000)).status).toBe(201);
      expect((await refundAll(sale)).body).toMatchObject({ amount: usd(3000) });
      expect(await balancesOf(pay, sale)).toEqual([0, 0]);
    });

    it('staff disable it for good', async () => {
      const sale = await bought();
      const [card] = await cardsOf(pay, sale);
      const other = await waiting(card!.code);
      expect((await adjust(card!.id, 100)).status).toBe(201);
      expect((await refundLine(sale, 1)).body).toMatchObject({ amount: usd(100) });
      const path = `/v1/admin/gift-cards/${encodeId('giftCard', card!.id)}/disable`;
      expect((await pay.shop.call('POST', path, { bearer: pay.bearer })).status).toBe(200);
      await pay.expire(other);
      await pay.becomes(other, 'canceled', 'canceled');
      expect(await cardsOf(pay, sale)).toMatchObject([{ balance: 5000, isDisabled: true }]);
    });

    it('what comes back to a card whose order has all its money back is taken off it', async () => {
      const sale = await bought();
      const [card] = await cardsOf(pay, sale);
      const other = await waiting(card!.code);
      await pay.atStripe('POST', '/v1/refunds', { payment_intent: sale.intent });
      await pay.becomes(sale, 'completed', 'refunded');
      await pay.expire(other);
      await pay.becomes(other, 'canceled', 'canceled');
      expect(await balancesOf(pay, sale)).toEqual([0]);
    });

    it('what staff put on a card does not go back for its piece', async () => {
      const sale = await bought(1, await pay.shop.product({ stock: 5, price: 1000, shipping: false }));
      const [card] = await cardsOf(pay, sale);
      expect((await adjust(card!.id, 2000)).status).toBe(201);
      expect((await refundLine(sale, 1)).body).toMatchObject({ amount: usd(5000) });
      expect(await balancesOf(pay, sale)).toEqual([0]);
      expect(await pay.refund(sale, { amount: 1001 })).toMatchObject({ status: 422, body: { refundable: 1000 } });
      const granted = await pay.shop.db.query(
        `SELECT sum(e.amount)::int AS amount FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
         JOIN credit_transactions c ON t.fact = 'credit:' || c.id WHERE c.gift_card_id = $1 AND e.account = 'credits_granted'`,
        [card!.id],
      );
      expect(granted).toEqual([{ amount: 0 }]);
    });

    race('spends and refunds race: what is spent and what goes back are what was paid, never more', async () => {
      const sale = await bought();
      const [card] = await cardsOf(pay, sale);
      const carts = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const { cart } = await pay.fill({ price: 1000, quantity: 1 });
          expect((await applyCard(pay.shop, cart, card!.code)).status).toBe(201);
          return cart;
        }),
      );
      const [refund, ...spends] = await Promise.all([
        refundLine(sale, 1),
        ...carts.map((cart) => pay.shop.checkout(cart, CARD)),
      ]);
      const spent = spends.filter(({ status }) => status === 201).length * 1000;
      for (const { status, body } of spends) expect([201, 409]).toContain(status ?? body.code);
      const back = refund!.status === 201 ? refund!.body.amount.amount : 0;
      expect(spent + back).toBe(5000);
      expect(await balancesOf(pay, sale)).toEqual([0]);
    });
  });
});
