import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { usePaymentShop } from '../support/payments.js';

const chromiumPath = process.env.EMPORIUM_TEST_CHROMIUM ?? '/usr/bin/chromium';
const withBrowser = chromiumPath !== '0' && existsSync(chromiumPath) ? describe : describe.skip;

/** A shopper in a real browser, on the page that stands for Stripe's. */
withBrowser('Paying in a browser', () => {
  const pay = usePaymentShop();
  let browser: Browser;
  let page: Page;
  const troubles: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  });
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => troubles.push(error.message));
  });
  afterEach(() => page.context().close());
  afterAll(() => browser?.close());

  /** Checks out, and goes where the answer says that one pays. */
  async function open() {
    const { cart, variantId, quantity } = await pay.fill();
    const returnUrl = `${pay.shop.url}/health/live`;
    const answer = await pay.shop.checkout(cart, { paymentMethod: 'stripe', returnUrl });
    expect(answer).toMatchObject({ status: 201 });
    await page.goto(answer.body.payment.testPayUrl);
    expect(await page.textContent('.amount')).toContain('20.00');
    return pay.saleOf(answer, variantId, quantity, cart);
  }
  const choose = (card: string) => page.click(`button[name="payment_method"][value="${card}"]`);
  /** The address that the shopper comes back to, with what Stripe says in it. */
  async function returned(): Promise<URLSearchParams> {
    await page.waitForURL(`${pay.shop.url}/**`);
    return new URL(page.url()).searchParams;
  }

  it('a good card: back at the shop, paid', async () => {
    const sale = await open();
    await choose('pm_card_visa');
    const back = await returned();
    expect([back.get('redirect_status'), back.get('payment_intent')]).toEqual(['succeeded', sale.intent]);
    expect(await pay.comeBack(sale)).toMatchObject({ status: 200, body: { paymentStatus: 'paid' } });
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(pay.charges(sale)).toHaveLength(1);
    expect(troubles).toEqual([]);
  });

  it('a declined card: the page says why, the order waits, another card pays it', async () => {
    const sale = await open();
    await choose('pm_card_visa_chargeDeclined');
    expect(await page.textContent('[role="alert"]')).toMatch(/declined.*Nothing was charged/s);
    await pay.shop.quiet();
    expect(await pay.standing(sale)).toEqual(['pending_payment', 'pending', 5, 2]);
    expect((await pay.payment(sale)).attempts).toMatchObject([{ outcome: 'failed' }]);
    await choose('pm_card_visa');
    expect((await returned()).get('redirect_status')).toBe('succeeded');
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(pay.intentsOf(sale.orderId)).toHaveLength(1);
    expect(troubles).toEqual([]);
  });

  it('a card that asks for 3D Secure: failed once, approved the second time', async () => {
    const sale = await open();
    await choose('pm_card_threeDSecure2Required');
    await page.click('button[name="result"][value="fail"]');
    expect(await page.textContent('[role="alert"]')).toContain('Nothing was charged');
    expect((await pay.order(sale)).status).toBe('pending_payment');
    await choose('pm_card_threeDSecure2Required');
    await page.click('button[name="result"][value="approve"]');
    expect((await returned()).get('redirect_status')).toBe('succeeded');
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
    expect(pay.charges(sale)).toHaveLength(1);
    expect(troubles).toEqual([]);
  });

  it('the browser is closed after paying: the shop learns it by webhook', async () => {
    const sale = await open();
    await page.check('input[name="stay"]');
    await choose('pm_card_visa');
    expect(await page.textContent('[role="status"]')).toContain('Close this page');
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await pay.standing(sale)).toEqual(['confirmed', 'paid', 3, 0]);
  });
});
