import { newUuid } from '#libs/ids';
import { SEED } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

/** What staff and shoppers read of payments, and what the shop is told of them. */
describe('the payments desk', () => {
  let shop: Shop;
  let bearer: string;
  beforeAll(async () => {
    shop = await Shop.start({ seed: SEED });
    bearer = await shop.staff();
  });
  afterAll(async () => {
    await shop?.stop();
  });
  afterEach(() => shop.settleUp());

  async function place(pay?: string) {
    const variantId = await shop.product({ stock: 5 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const { body, status } = await shop.checkout(cart, {
      paymentMethod: 'stripe',
      ...(pay ? { confirmationToken: pay, returnUrl: 'http://localhost/done' } : {}),
    });
    expect(status).toBe(201);
    return { token: cart.token, order: body.order, payment: body.payment };
  }
  const list = (query: string) => shop.call('GET', `/v1/admin/payments?${query}`, { bearer });
  const mails = async (subject: RegExp) =>
    ((await shop.call('GET', '/dev/mailbox.json')).body as { subject: string; to: string; text: string }[]).filter(
      (m) => subject.test(m.subject),
    );

  it('finds a payment by order number and by what Stripe calls it, its charge and its refund', async () => {
    const sale = await place('pm_card_visa');
    await place();
    const refund = await shop.call('POST', `/v1/admin/orders/${sale.order.id}/refunds`, {
      bearer,
      key: newUuid(),
      body: { amount: 300, reason: 'requested_by_customer' },
    });
    expect(refund.status).toBe(201);
    const { body } = await shop.call('GET', `/v1/admin/payments/${sale.payment.id}`, { bearer });
    expect(body).toMatchObject({
      providerRef: expect.stringMatching(/^pi_/),
      dashboardUrl: null,
      review: null,
      attempts: [{ outcome: 'succeeded', providerRef: expect.stringMatching(/^ch_/) }],
      captures: [],
      refunds: [{ reason: 'requested_by_customer', providerRef: expect.stringMatching(/^re_/) }],
    });
    for (const q of [
      sale.order.number,
      `%23${sale.order.number}`,
      body.providerRef,
      body.attempts[0].providerRef,
      body.refunds[0].providerRef,
    ])
      expect((await list(`q=${q}`)).body.data.map((p: { id: string }) => p.id)).toEqual([sale.payment.id]);
    expect((await list('q=pi_unknown')).body.data).toEqual([]);
    expect((await list(`orderId=${sale.order.id}&status=canceled`)).body.data).toEqual([]);
    expect((await list('review=open')).body.data).toEqual([]);
    expect((await list('provider=stripe&include=total')).body.page.total).toBe(2);
    const state = shop.stripe.state() as { refunds: { id: string; reason: string }[] };
    expect(state.refunds.find(({ id }) => id === body.refunds[0].providerRef)?.reason).toBe('requested_by_customer');
    await shop.quiet();
    const receipts = await shop.call('GET', `/v1/admin/webhook-receipts?objectRef=${body.providerRef}`, { bearer });
    expect(receipts.body.data.length).toBeGreaterThan(0);
    for (const receipt of receipts.body.data) expect(receipt.objectRef).toBe(body.providerRef);
  });

  it('shows the shopper their payments, and the ways to pay', async () => {
    const sale = await place('pm_card_chargeDeclined');
    const read = await shop.call('GET', `/v1/orders/${sale.order.id}/payments`, { token: sale.token });
    expect(read).toMatchObject({
      status: 200,
      body: {
        data: [
          {
            id: sale.payment.id,
            status: 'requires_payment_method',
            amount: { amount: 1500, currency: 'USD' },
            captured: { amount: 0 },
            error: { code: 'generic_decline' },
          },
        ],
      },
    });
    expect(JSON.stringify(read.body)).not.toContain('_secret_');
    expect((await shop.call('GET', `/v1/orders/${sale.order.id}/payments`, { token: newUuid() })).status).toBe(404);
    const methods = await shop.call('GET', '/v1/payment-methods');
    expect(methods.body.data).toEqual([
      { id: 'stripe', publishableKey: 'pk_test_emporium', capture: 'automatic' },
      { id: 'manual' },
    ]);
  });

  it('writes to the shop about a refund that fails: its money can be refunded again', async () => {
    const sale = await place('pm_card_refundFail');
    const refund = () =>
      shop.call('POST', `/v1/admin/orders/${sale.order.id}/refunds`, {
        bearer,
        key: newUuid(),
        body: { amount: 1500 },
      });
    expect((await refund()).status).toBe(201);
    shop.stripe.settle();
    const [mail] = await shop.until(async () => {
      const found = await mails(/^A refund failed/);
      return found.length > 0 && found;
    }, 'the mail');
    expect(mail).toMatchObject({
      to: 'shop@emporium.example',
      subject: `A refund failed: order ${sale.order.number}`,
      text: expect.stringContaining('$15.00'),
    });
    expect(await shop.order(sale.order.id, sale.token)).toMatchObject({ refundedTotal: { amount: 0 } });
    const events = await shop.call('GET', `/v1/admin/orders/${sale.order.id}/events`, { bearer });
    expect(events.body.data.map((e: { type: string }) => e.type)).toContain('payment.refund_failed');
    expect((await refund()).status).toBe(201);
  });

  it('writes to the shop about money that does not fit', async () => {
    const sale = await place();
    const changed = await fetch(
      `${shop.stripe.url}/v1/payment_intents/${sale.payment.clientSecret.split('_secret_')[0]}`,
      {
        method: 'POST',
        headers: { Authorization: 'Bearer sk_test_emporium', 'Idempotency-Key': newUuid() },
        body: new URLSearchParams({ amount: '900' }),
      },
    );
    expect(changed.status).toBe(200);
    await shop.confirm(sale.payment.clientSecret);
    const [mail] = await shop.until(async () => {
      const found = await mails(/^A payment needs a decision/);
      return found.length > 0 && found;
    }, 'the mail');
    expect(mail!.text).toContain('$15.00');
    expect((await list('review=open')).body.data).toMatchObject([{ id: sale.payment.id }]);
  });
});
