import { mailParts } from '../support/mail-parts.js';
import { decodeId } from '#libs/ids';
import { FakeSmtp } from '../support/fake-smtp.js';
import { cardsOf, giftCardProduct } from '../support/gift-cards.js';
import { PaymentShop } from '../support/payments.js';

const CARD = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
const TRIES = 10;

/** Gift cards for somebody whose mail server answers, and does not take them. */
describe('The mail with a gift card', () => {
  const pay = new PaymentShop();
  let server: FakeSmtp;
  beforeAll(async () => {
    server = await FakeSmtp.start();
    await pay.start({ env: { SMTP_URL: `smtp://127.0.0.1:${server.port}?ignoreTLS=true` } });
  });
  afterEach(() => pay.shop.settleUp());
  afterAll(async () => {
    await pay.shop?.stop();
    await server?.stop();
  });

  /** What an address was sent, as text. */
  const mailsTo = (email: string): string[] =>
    server.messages
      .filter((message) => message.includes(`\r\nTo: ${email}\r\n`))
      .map((message) => mailParts(message).find(({ type }) => type === 'text/plain')!.body);

  /** An order of a gift card for each of them. @returns its id, number and codes */
  async function bought(buyer: string, ...recipients: string[]) {
    const { shop } = pay;
    const variantIds = [];
    for (const _ of recipients) variantIds.push(await giftCardProduct(pay));
    const made = await shop.call('POST', '/v1/carts', {
      body: { lines: variantIds.map((variantId) => ({ variantId, quantity: 1 })), email: buyer },
    });
    for (const [i, recipientEmail] of recipients.entries()) {
      const { id, token, lines } = made.body;
      const path = `/v1/carts/${id}/lines/${lines[i].id}`;
      expect((await shop.call('PATCH', path, { token, body: { quantity: 1, recipientEmail } })).status).toBe(200);
    }
    const placed = await shop.checkout(made.body, CARD);
    expect(placed).toMatchObject({ status: 201 });
    const { id: orderId, number } = placed.body.order;
    await shop.until(async () => (await jobOf(orderId)) !== undefined, 'the mails to begin');
    return { orderId, number, codes: (await cardsOf(pay, { orderId })).map(({ code }) => code) };
  }
  const jobOf = async (orderId: string) => {
    const [job] = await pay.shop.db.query<{ state: string; attempts: number }>(
      `SELECT state, attempts FROM jobs WHERE name = 'notifications.gift-cards' AND payload ->> 'aggregateId' = $1`,
      [decodeId('order', orderId)],
    );
    return job;
  };
  /** Lets the job have so many tries. */
  const untilTried = (orderId: string, tries: number) =>
    pay.shop.until(async () => {
      const job = (await jobOf(orderId))!;
      if (job.attempts >= tries && job.state !== 'running') return job;
      // Not the try after that: between reading and waking it one may have ended.
      await pay.shop.db.query(
        `UPDATE jobs SET next_at = now() - interval '1 ms', dispatched_at = NULL
         WHERE name = 'notifications.gift-cards' AND state = 'queued' AND attempts < $1`,
        [tries],
      );
      return null;
    }, `try ${tries}`);

  it('goes to the buyer after the last try, once, when the address of whom it is for never takes it', async () => {
    const { orderId, codes } = await bought('ada@example.com', 'busy@example.org', 'grace@example.org');
    expect(await untilTried(orderId, TRIES - 1)).toMatchObject({ state: 'queued' });
    const mentions = (code: string) => mailsTo('ada@example.com').filter((text) => text.includes(code));
    expect(mentions(codes[0]!)).toEqual([]);
    expect(await untilTried(orderId, TRIES)).toMatchObject({ state: 'done' });
    expect(mentions(codes[0]!)).toEqual([expect.stringContaining('busy@example.org could not be reached by mail')]);
    expect(mentions(codes[1]!)).toEqual([]);
    expect(mailsTo('busy@example.org')).toEqual([]);
    expect(mailsTo('grace@example.org')).toHaveLength(1);
    await pay.shop.quiet();
    expect(mentions(codes[0]!)).toHaveLength(1);
  });

  it('waits for staff when the buyer cannot be reached, either', async () => {
    const { orderId } = await bought('busy@example.com', 'busy@example.org');
    expect(await untilTried(orderId, TRIES)).toMatchObject({ state: 'dead' });
  });
});
