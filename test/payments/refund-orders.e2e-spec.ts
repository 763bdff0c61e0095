import fc from 'fast-check';
import { encodeId, newUuid } from '#libs/ids';

import { applyCard, giftCard } from '../support/credits.js';
import { usePaymentShop } from '../support/payments.js';
import { market, priceIn, taxRate } from '../support/pricing.js';
import { applyCode, promote } from '../support/promotions.js';
import { SEED } from '../support/rounds.js';
import { ADDRESS, METHOD_ID, ZONE_ID } from '../support/shop.js';

/** Where it is sold, and how it comes there. */
const PLACES = [
  { country: 'US', currency: 'USD', methodId: METHOD_ID, ratePpm: 82_500 },
  { country: 'JP', currency: 'JPY', methodId: newUuid(), ratePpm: 100_000 },
  { country: 'KW', currency: 'KWD', methodId: newUuid(), ratePpm: 50_000 },
];
const ORDERS = 10;

const anyOrder = fc.record({
  lines: fc.array(
    fc.record({ price: fc.integer({ min: 120, max: 9_999 }), quantity: fc.integer({ min: 1, max: 5 }) }),
    { minLength: 2, maxLength: 4 },
  ),
  isShipped: fc.boolean(),
  hasCode: fc.boolean(),
  card: fc.constantFrom(0, 0, 330, 2_000),
  /** Which line goes back next, and how many of it. */
  parts: fc.array(fc.record({ line: fc.nat(3), quantity: fc.integer({ min: 1, max: 3 }) }), { maxLength: 8 }),
});
type AnyOrder = ReturnType<typeof anyOrder.generate>['value'];

/** Orders as chance makes them, with promotions and taxes, sent back line by line. */
describe(`Refunds of whole orders (seed ${SEED})`, () => {
  const pay = usePaymentShop();

  beforeAll(async () => {
    const { shop, bearer } = pay;
    await market(shop, { countries: ['JP'], currency: 'JPY', taxIncluded: true });
    await market(shop, { countries: ['KW'], currency: 'KWD', taxIncluded: false });
    for (const { country, currency, methodId, ratePpm } of PLACES) {
      await shop.db.query(
        `INSERT INTO shipping_methods (id, zone_id, name, amount, currency) VALUES ($1, $2, 'Post', 70, $3) ON CONFLICT DO NOTHING`,
        [methodId, ZONE_ID, currency],
      );
      await taxRate(shop, country, ratePpm);
    }
    const together = { combinesWith: ['product', 'order', 'shipping'] };
    const off = PLACES.map(({ currency }) => ({ amount: 101, currency }));
    await promote(shop, bearer, { ...together, action: { type: 'percent_off_order', ratePpm: 73_100 } });
    await promote(shop, bearer, { ...together, code: 'OFF', action: { type: 'amount_off_order', amounts: off } });
    await promote(shop, bearer, {
      ...together,
      action: { type: 'buy_x_get_y', buyQuantity: 2, getQuantity: 1, ratePpm: 1_000_000 },
    });
  });

  /** @returns the paid order; null where it costs what cannot be charged */
  async function order({ lines, isShipped, hasCode, card }: AnyOrder, place: (typeof PLACES)[number]) {
    const { shop } = pay;
    const { country, currency, methodId } = place;
    const variants = [];
    for (const { price, quantity } of lines) {
      const variantId = await shop.product({ stock: null, shipping: isShipped, price });
      await priceIn(shop, variantId, currency, price);
      variants.push({ variantId, quantity });
    }
    const made = await shop.call('POST', '/v1/carts', {
      headers: { 'X-Country': country },
      body: {
        lines: variants,
        email: 'ada@example.com',
        shippingAddress: { ...ADDRESS, country },
        ...(isShipped ? { shippingMethodId: encodeId('shippingMethod', methodId) } : {}),
      },
    });
    expect(made).toMatchObject({ status: 201, body: { currency } });
    const cart = made.body;
    if (hasCode) expect(await applyCode(shop, cart, 'OFF')).toMatchObject({ status: 201 });
    if (card > 0) await applyCard(shop, cart, (await giftCard(shop, card, { currency })).code);
    const placed = await shop.checkout(cart, {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_visa',
      returnUrl: 'http://localhost/done',
    });
    if (['amount_not_chargeable', 'amount_too_small'].includes(placed.body.code)) return null;
    // The gift card pays for all of it.
    if (placed.status === 201 && placed.body.payment === null) return null;
    expect(placed).toMatchObject({ status: 201, body: { order: { total: { currency } } } });
    return pay.saleOf(placed, variants[0]!.variantId, 1, cart);
  }

  it('all lines bring back what was paid for them, in whatever order, and the rest is what shipping cost', async () => {
    const numRuns = ORDERS * 30;
    const chosen = fc.sample(anyOrder, { numRuns, seed: SEED });
    const done = new Map(PLACES.map(({ currency }) => [currency, 0]));
    let next = 0;
    for (let made = 0; made < ORDERS;) {
      const place = PLACES[made % PLACES.length]!;
      const any = chosen[next++]!;
      const sale = await order(any, place);
      if (!sale) continue;
      const { lines, total, taxTotal, discountTotal } = await pay.order(sale);
      expect([taxTotal.amount > 0, discountTotal.amount > 0]).toEqual([true, true]);
      const left = lines.map((line: any) => ({ lineId: line.id, quantity: line.quantity }));
      const send = async (wanted: { lineId: string; quantity: number }[]) => {
        const answer = await pay.refund(sale, { lines: wanted });
        // What cost nothing goes back with the next, and not at all when all is back.
        if (answer.status === 400)
          return expect(answer.body.errors).toMatchObject([{ pointer: '/lines', code: 'too_small' }]);
        if (answer.status === 422)
          return expect(answer.body).toMatchObject({ code: 'refund_too_large', refundable: 0 });
        expect(answer).toMatchObject({ status: 201 });
        for (const { lineId, quantity } of wanted)
          left.find((line: any) => line.lineId === lineId).quantity -= quantity;
      };
      const open = () => left.filter((line: any) => line.quantity > 0);
      for (const { line, quantity } of any.parts) {
        const one = left[line % left.length];
        if (one.quantity > 0) await send([{ lineId: one.lineId, quantity: Math.min(quantity, one.quantity) }]);
      }
      for (const one of open().slice(1)) await send([{ ...one }]);
      if (open().length > 0) await send(open().map((one: any) => ({ ...one })));
      await pay.shop.quiet();
      const back = (await pay.order(sale)).refundedTotal.amount;
      const ofLines = lines.reduce((sum: number, line: any) => sum + line.total.amount, 0);
      if (place.currency === 'KWD') expect(Math.abs(back - ofLines)).toBeLessThan(any.isShipped ? 10 : 1);
      else expect(back).toBe(ofLines);
      if (back < total.amount)
        expect(await pay.refund(sale, {})).toMatchObject({
          status: 201,
          body: { amount: { amount: total.amount - back } },
        });
      await pay.becomes(sale, 'confirmed', 'refunded');
      expect((await pay.order(sale)).refundedTotal).toEqual(total);
      done.set(place.currency, done.get(place.currency)! + 1);
      made += 1;
    }
    expect([...done.values()]).toEqual([4, 3, 3]);
  }, 240_000);
});
