import type Stripe from 'stripe';
import type { Emulator } from './index.js';
import { clientOf, createEmulator } from './testing.js';

const BACK = 'https://shop.test/thanks?order=7';
let emulator: Emulator;
let stripe: Stripe;

beforeAll(async () => {
  emulator = await createEmulator({ settleDelayMs: 60_000 });
  stripe = clientOf(emulator);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

const create = (params: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({ amount: 123_456, currency: 'usd', description: 'Order 7', ...params });
const statusOf = async (id: string): Promise<string> => (await stripe.paymentIntents.retrieve(id)).status;

/** A browser without scripts: opens a page, presses a button, lands where the answer sends it. */
class Browser {
  url = '';
  page = '';

  async open(url: string, init: RequestInit = {}): Promise<void> {
    const response = await fetch(url, { ...init, redirect: 'manual' });
    this.url = url;
    this.page = await response.text();
    const location = response.headers.get('location');
    if (location === null) return;
    const target = new URL(location, url);
    this.url = target.href;
    this.page = '';
    if (target.origin === emulator.url) await this.open(target.href);
  }

  /** Sends the form of the page with the hidden fields it has. */
  async press(name: string, value: string, extra: Record<string, string> = {}): Promise<void> {
    expect(this.page).toContain(`name="${name}" value="${value}"`);
    const form = new URLSearchParams({ [name]: value, ...extra });
    for (const [, field, content] of this.page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)) {
      form.set(field!, content!.replaceAll('&amp;', '&'));
    }
    const action = /action="([^"]+)"/.exec(this.page)![1]!;
    await this.open(new URL(action, this.url).href, { method: 'POST', body: form });
  }

  /** Where the page will take the shopper. */
  refreshTarget(): URL {
    return new URL(/http-equiv="refresh" content="\d+;url=([^"]+)"/.exec(this.page)![1]!.replaceAll('&amp;', '&'));
  }
}

async function visit(intent: Stripe.PaymentIntent, returnUrl?: string): Promise<Browser> {
  const browser = new Browser();
  await browser.open(emulator.payUrl(intent.client_secret!, returnUrl));
  return browser;
}

it('shows what is to be paid, takes the money and returns to the shop', async () => {
  const intent = await create();
  const browser = await visit(intent, BACK);
  expect(browser.page).toContain('$1,234.56');
  expect(browser.page).toContain('Order 7');
  await browser.press('payment_method', 'pm_card_visa');
  expect(browser.page).toContain('Payment succeeded');
  expect(await statusOf(intent.id)).toBe('succeeded');
  const target = browser.refreshTarget();
  expect([target.origin, target.pathname]).toEqual(['https://shop.test', '/thanks']);
  expect(Object.fromEntries(target.searchParams)).toEqual({
    order: '7',
    payment_intent: intent.id,
    payment_intent_client_secret: intent.client_secret,
    redirect_status: 'succeeded',
  });
});

it('says why a card was declined and lets the shopper try another', async () => {
  const intent = await create();
  const browser = await visit(intent);
  await browser.press('payment_method', 'pm_card_visa_chargeDeclinedInsufficientFunds');
  expect(browser.page).toContain('Your card has insufficient funds.');
  expect(browser.page).toContain('insufficient_funds');
  await browser.press('payment_method', 'pm_card_visa');
  expect(browser.page).toContain('You can close this page');
  expect(browser.page).not.toContain('http-equiv="refresh"');
});

describe('3D Secure', () => {
  it('is a step of the page, with a way back after a failed check', async () => {
    const intent = await create();
    const browser = await visit(intent, BACK);
    await browser.press('payment_method', 'pm_card_threeDSecure2Required');
    expect(browser.url).toContain('/3ds/');
    await browser.press('result', 'fail');
    expect(browser.page).toContain('unable to authenticate');
    await browser.press('payment_method', 'pm_card_threeDSecure2Required');
    await browser.press('result', 'approve');
    expect(browser.refreshTarget().searchParams.get('redirect_status')).toBe('succeeded');
    expect(await statusOf(intent.id)).toBe('succeeded');
  });

  it.each([
    ['approve', 'succeeded', 'succeeded'],
    ['fail', 'failed', 'requires_payment_method'],
  ])('of a confirm by the shop: %s goes straight back', async (result, redirectStatus, status) => {
    const method = { confirm: true, payment_method: 'pm_card_authenticationRequired', return_url: BACK };
    const intent = await create(method);
    const browser = new Browser();
    await browser.open(intent.next_action!.redirect_to_url!.url!);
    await browser.press('result', result);
    const target = new URL(browser.url);
    expect([target.host, target.searchParams.get('redirect_status')]).toEqual(['shop.test', redirectStatus]);
    expect(await statusOf(intent.id)).toBe(status);
  });
});

it('lets the shopper close the browser after paying', async () => {
  const intent = await create();
  const browser = await visit(intent, BACK);
  await browser.press('payment_method', 'pm_card_visa', { stay: '1' });
  expect(browser.page).toContain('the shop has to learn it by itself');
  expect(browser.page).not.toContain('http-equiv="refresh"');
});

it('tells of a payment that takes its time, is over or is unknown', async () => {
  const slow = await create();
  const browser = await visit(slow);
  await browser.press('payment_method', 'pm_emu_processing_then_succeed');
  expect(browser.page).toContain('The bank is working on it');
  const gone = await create();
  await stripe.paymentIntents.cancel(gone.id);
  expect((await visit(gone)).page).toContain('This payment was canceled');
  const unknown = await fetch(`${emulator.url}/pay/${gone.id}_secret_wrong`);
  expect(unknown.status).toBe(404);
});

it('charges once when the button is pressed twice', async () => {
  const intent = await create();
  const form = { method: 'POST', body: new URLSearchParams({ payment_method: 'pm_card_visa' }) };
  await Promise.all([
    fetch(emulator.payUrl(intent.client_secret!), form),
    fetch(emulator.payUrl(intent.client_secret!), form),
  ]);
  expect((await stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1);
});

it('never runs what others wrote', async () => {
  const intent = await create({ description: '<script>alert(1)</script>"\'' });
  const browser = await visit(intent, 'javascript:alert(1)');
  expect(browser.page).not.toContain('<script');
  expect(browser.page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;');
  expect(browser.page).not.toContain('javascript:');
  const quoted = await visit(intent, 'https://shop.test/"><script>');
  expect(quoted.page).not.toContain('<script');
});

it('lists the newest payments on its front page', async () => {
  const intent = await create();
  const browser = new Browser();
  await browser.open(`${emulator.url}/`);
  expect(browser.page).toContain(`/pay/${intent.client_secret}`);
  expect(() => emulator.noUnknownRoutes()).not.toThrow();
});
