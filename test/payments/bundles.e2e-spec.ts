import { bundleOf } from '../support/bundles.js';
import { usePaymentShop } from '../support/payments.js';
import { SEED } from '../support/rounds.js';

/** Bundles whose money comes when the order is over: all their parts, or none. */
describe(`Late money for bundles (seed ${SEED})`, () => {
  const pay = usePaymentShop();

  async function unpaid() {
    const [one, two] = [await pay.shop.product({ stock: 10 }), await pay.shop.product({ stock: 10 })];
    const bundle = await bundleOf(pay.shop, pay.bearer, [
      { variantId: one, quantity: 1 },
      { variantId: two, quantity: 3 },
    ]);
    const sale = await pay.place({ variantId: bundle.variantId, quantity: 2, isShipped: true });
    const stocks = async () => [await pay.shop.stock(one), await pay.shop.stock(two)];
    expect(await stocks()).toEqual([
      { onHand: 10, reserved: 2 },
      { onHand: 10, reserved: 6 },
    ]);
    await pay.endHere(sale);
    expect(await stocks()).toEqual([
      { onHand: 10, reserved: 0 },
      { onHand: 10, reserved: 0 },
    ]);
    return { sale, one, two, stocks };
  }

  it('takes all parts once more where they are there', async () => {
    const { sale, stocks } = await unpaid();
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'confirmed', 'paid');
    expect(await stocks()).toEqual([
      { onHand: 8, reserved: 0 },
      { onHand: 4, reserved: 0 },
    ]);
  });

  it('goes back where one part is gone, and no other part is taken', async () => {
    const { sale, two, stocks } = await unpaid();
    const other = await pay.fill({ variantId: two, quantity: 5, isShipped: true });
    expect((await pay.shop.checkout(other.cart, { paymentMethod: 'manual' })).status).toBe(201);
    await pay.shop.confirm(sale.clientSecret);
    await pay.becomes(sale, 'canceled', 'refunded');
    expect(await stocks()).toEqual([
      { onHand: 10, reserved: 0 },
      { onHand: 5, reserved: 0 },
    ]);
  });
});
