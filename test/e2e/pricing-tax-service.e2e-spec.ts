import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeId } from '#libs/ids';
import { taxRate } from '../support/pricing.js';
import { Shop } from '../support/shop.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });

/** An outside tax service: 7 % on goods, 5 % on shipping, unless it shall fail, or not answer at all. */
class TestTaxService {
  readonly questions: any[] = [];
  answer: (question: any) => { status: number; body: unknown } | null = (question) => ({
    status: 200,
    body: {
      variants: Object.fromEntries(question.lines.map((line: any) => [line.variantId, 70_000])),
      shippingPpm: 50_000,
    },
  });
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const question = JSON.parse(text);
      this.questions.push(question);
      const answer = this.answer(question);
      if (!answer) return;
      const { status, body } = answer;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/quote`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }
}

describe.each([
  ['its own table when there is no answer', '0'],
  ['no checkout when there is no answer', '1'],
])('a shop with an outside tax service and %s', (_name, required) => {
  const service = new TestTaxService();
  const works = service.answer;
  let shop: Shop;
  beforeAll(async () => {
    const url = await service.start();
    shop = await Shop.start({ env: { TAX_SERVICE_URL: url, TAX_SERVICE_REQUIRED: required } });
    await taxRate(shop, 'US', 200_000);
  });
  afterAll(async () => {
    await shop?.stop();
    await service.stop();
  });
  const codesOf = (cart: { issues: { code: string }[] }) => cart.issues.map((issue) => issue.code);
  const get = async (cart: { id: string; token: string }) =>
    (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).body;

  it('asks once for each version of a cart, says nothing of the person, and sells by the answer', async () => {
    const variantId = await shop.product({ stock: 9, price: 1000 });
    const before = service.questions.length;
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    // 7 % of 20.00 and 5 % of 5.00.
    expect(cart.total).toBe(2000 + 140 + 500 + 25);
    await get(cart);
    await get(cart);
    expect(service.questions).toHaveLength(before + 1);
    expect(service.questions.at(-1)).toEqual({
      currency: 'USD',
      taxIncluded: false,
      place: { country: 'US', state: 'IL', postalCode: '62701', city: 'Springfield' },
      lines: [{ variantId: decodeId('variant', variantId), sku: null, taxClassId: null, quantity: 2 }],
    });
    const placed = await shop.checkout(cart, { paymentMethod: 'manual', expectedTotal: cart.total });
    expect(placed).toMatchObject({ status: 201, body: { order: { taxTotal: usd(165) } } });
    expect(service.questions).toHaveLength(before + 1);
    await shop.balance();
  });

  it('asks anew when the cart changes', async () => {
    const variantId = await shop.product({ stock: 9, price: 1000 });
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const before = service.questions.length;
    const other = await shop.product({ stock: 9, price: 100 });
    const added = await shop.call('POST', `/v1/carts/${cart.id}/lines`, {
      token: cart.token,
      body: { variantId: other, quantity: 1 },
    });
    expect(added.body.taxTotal).toEqual(usd(70 + 7 + 25));
    expect(service.questions).toHaveLength(before + 1);
  });

  it.each([
    ['an error', () => ({ status: 500, body: {} })],
    ['a rate too few', () => ({ status: 200, body: { variants: {}, shippingPpm: 0 } })],
    ['nonsense', () => ({ status: 200, body: { variants: null, shippingPpm: -1 } })],
  ])('lives with %s', async (_what, fails) => {
    const variantId = await shop.product({ stock: 9, price: 1000 });
    service.answer = fails;
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
    if (required === '0') {
      expect(cart.total).toBe(1000 + 200 + 500 + 100);
      expect(placed).toMatchObject({ status: 201, body: { order: { taxTotal: usd(300) } } });
    } else {
      expect(codesOf(await get(cart))).toContain('tax_unavailable');
      expect(placed).toMatchObject({ status: 422, body: { errors: [{ code: 'tax_unavailable' }] } });
      service.answer = works;
      expect(await shop.checkout(cart, { paymentMethod: 'manual' })).toMatchObject({ status: 201 });
    }
    service.answer = works;
  });
});

it('a tax service that hangs keeps few waiting: then the own table holds at once, until it answers again', async () => {
  const service = new TestTaxService();
  const works = service.answer;
  const shop = await Shop.start({ env: { TAX_SERVICE_URL: await service.start() } });
  try {
    await taxRate(shop, 'US', 200_000);
    const variantId = await shop.product({ stock: null, price: 1000 });
    const lines = [{ variantId, quantity: 1 }];
    const [own, theirs] = [1000 + 200 + 500 + 100, 1000 + 70 + 500 + 25];
    service.answer = () => null;
    const carts = await Promise.all(Array.from({ length: 6 }, () => shop.cart(lines)));
    expect(carts.map(({ total }) => total)).toEqual(carts.map(() => own));
    const asked = service.questions.length;
    for (const cart of carts) {
      const placed = await shop.checkout(cart, { paymentMethod: 'manual' });
      expect(placed).toMatchObject({ status: 201, body: { order: { total: usd(own) } } });
    }
    // Each question is a wait of two seconds. One finds out, after a while, how the service is now.
    expect(service.questions.length).toBeLessThanOrEqual(asked + 1);
    expect((await shop.call('GET', '/metrics')).body).toMatch(/tax_service/);
    service.answer = works;
    await shop.until(async () => (await shop.cart(lines)).total === theirs, 'the service to be asked again', 20_000);
  } finally {
    await shop.stop();
    await service.stop();
  }
});
