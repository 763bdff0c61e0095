import { decodeId, encodeId, newUuid } from '#libs/ids';
import { releasePromotionUses } from '../../src/modules/promotions/index.js';
import { PASSWORD, signUp } from '../support/customers.js';
import { applyCode, endPromotion, promote } from '../support/promotions.js';
import { Shop } from '../support/shop.js';

const MANUAL = { paymentMethod: 'manual' };
let shop: Shop;
let owner: string;
let variantId: string;
const made: string[] = [];

beforeAll(async () => {
  shop = await Shop.start();
  owner = await shop.staff();
  variantId = await shop.product({ stock: 10_000, price: 1000 });
});
afterEach(async () => {
  for (const id of made.splice(0)) await endPromotion(shop, owner, id);
});
afterEach(() => shop.settleUp());
afterAll(async () => {
  await shop?.stop();
});

async function promotion(over: Record<string, unknown> = {}): Promise<any> {
  const body = await promote(shop, owner, over);
  made.push(body.id);
  return body;
}
const cartOf = (quantity: number) => shop.cart([{ variantId, quantity }]);
const read = async (cart: { id: string; token: string }) =>
  (await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token })).body;
const addLine = (cart: { id: string; token: string }, quantity: number) =>
  shop.call('POST', `/v1/carts/${cart.id}/lines`, { token: cart.token, body: { variantId, quantity } });
const patch = (cart: { id: string; token: string }, body: unknown) =>
  shop.call('PATCH', `/v1/carts/${cart.id}`, { token: cart.token, body });
const statistics = async (id: string) =>
  (await shop.call('GET', `/v1/admin/promotions/${id}/statistics`, { bearer: owner })).body;

describe('a promotion that comes by itself', () => {
  it('is in the cart, in the order, in its mail and in what is refunded', async () => {
    const { id } = await promotion({ name: 'Thirteen off', action: { type: 'percent_off_order', ratePpm: 130_000 } });
    const cart = await cartOf(3);
    expect(cart.total).toBe(3000 - 390 + 500);
    const seen = await read(cart);
    expect(seen).toMatchObject({
      discountTotal: { amount: 390 },
      promotions: [{ promotionId: id, code: null, name: 'Thirteen off', applied: true, amount: { amount: 390 } }],
      lines: [{ discountTotal: { amount: 390 }, discounts: [{ promotionId: id, amount: { amount: 390 } }] }],
    });
    const placed = await shop.checkout(cart, { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa' });
    expect(placed.body.order).toMatchObject({
      total: { amount: 3110 },
      promotions: [{ promotionId: id, name: 'Thirteen off', code: null, amount: { amount: 390 } }],
    });
    await shop.quiet();
    const order = await shop.order(placed.body.order.id, cart.token);
    expect(order).toEqual({ ...placed.body.order, ...order });
    expect(order.lines[0].discounts).toEqual([{ promotionId: id, amount: { amount: 390, currency: 'USD' } }]);
    const [mail] = await shop.db.query<{ text_body: string }>(
      `SELECT text_body FROM mailbox WHERE subject LIKE $1 ORDER BY id LIMIT 1`,
      [`%${order.number}%`],
    );
    expect(mail!.text_body).toContain('Thirteen off');
    const one = await shop.call('POST', `/v1/admin/orders/${order.id}/refunds`, {
      bearer: owner,
      key: newUuid(),
      body: { lines: [{ lineId: order.lines[0].id, quantity: 3 }] },
    });
    expect([one.status, one.body.amount?.amount]).toEqual([201, 2610]);
    await shop.quiet();
    expect(await statistics(id)).toMatchObject({ uses: 1, totals: [{ currency: 'USD', discount: 390, orders: 3110 }] });
  });

  it('says what is missing while it is within reach', async () => {
    await promotion({
      name: 'Free shipping',
      action: { type: 'free_shipping' },
      conditions: { minSubtotal: [{ amount: 3000, currency: 'USD' }] },
    });
    const cart = await cartOf(1);
    expect((await read(cart)).promotions).toMatchObject([
      { name: 'Free shipping', applied: false, reason: 'subtotal_too_low', detail: 'Needs $20.00 more.' },
    ]);
    const full = await patch(cart, { lines: [{ variantId, quantity: 3 }] });
    expect(full.body).toMatchObject({
      shippingTotal: { amount: 0 },
      total: { amount: 3000 },
      discountTotal: { amount: 0 },
    });
  });

  it('looks at categories with all that is below them', async () => {
    const category = async (title: string, parentId: string | null) =>
      (
        await shop.call('POST', '/v1/admin/categories', {
          bearer: owner,
          body: { title, handle: `c-${newUuid()}`, ...(parentId ? { parentId } : {}) },
        })
      ).body.id as string;
    const top = await category('Top', null);
    const below = await category('Below', top);
    await promotion({ action: { type: 'percent_off_lines', ratePpm: 500_000, items: { categoryIds: [top] } } });
    expect((await cartOf(1)).total).toBe(1500);
    const product = await shop.call('GET', `/v1/admin/products/${(await read(await cartOf(1))).lines[0].productId}`, {
      bearer: owner,
    });
    const edited = await shop.call('PATCH', `/v1/admin/products/${product.body.id}`, {
      bearer: owner,
      headers: { 'If-Match': product.headers.get('etag')! },
      body: { categoryIds: [below] },
    });
    expect(edited.status).toBe(200);
    expect((await cartOf(1)).total).toBe(1000);
  });
});

describe('codes', () => {
  it('go in and out whatever their case, and say what is wrong with them', async () => {
    const { id } = await promotion({ code: 'Spring-26', maxUses: 1 });
    const cart = await cartOf(2);
    expect((await read(cart)).promotions).toEqual([]);
    const applied = await applyCode(shop, cart, ' sPRING-26 ');
    expect(applied.status).toBe(201);
    expect(applied.body).toMatchObject({
      promotionCodes: ['SPRING-26'],
      discountTotal: { amount: 200 },
      promotions: [{ code: 'SPRING-26', applied: true }],
      issues: [],
    });
    expect((await applyCode(shop, cart, 'SPRING-26')).body.promotionCodes).toEqual(['SPRING-26']);
    const unknown = await applyCode(shop, cart, 'NO-SUCH');
    expect([unknown.status, unknown.body.code, unknown.body.errors[0].pointer]).toEqual([
      422,
      'promotion_code_not_found',
      '/code',
    ]);
    const gone = await shop.call('DELETE', `/v1/carts/${cart.id}/promotions/spring-26`, { token: cart.token });
    expect([gone.status, gone.body.promotionCodes, gone.body.discountTotal.amount]).toEqual([200, [], 0]);
    const twice = await shop.call('DELETE', `/v1/carts/${cart.id}/promotions/spring-26`, { token: cart.token });
    expect([twice.status, twice.body.code]).toEqual([404, 'not_found']);

    const created = await shop.call('POST', '/v1/carts', {
      body: { lines: [{ variantId, quantity: 1 }], promotionCodes: ['spring-26'] },
    });
    expect(created.body).toMatchObject({ promotionCodes: ['SPRING-26'], discountTotal: { amount: 100 } });
    const wrong = await patch(cart, { promotionCodes: ['spring-26', 'nothing'] });
    expect([wrong.status, wrong.body.errors]).toMatchObject([422, [{ pointer: '/promotionCodes/1' }]]);
    expect((await patch(cart, { promotionCodes: ['spring-26'] })).body.discountTotal.amount).toBe(200);
    expect((await shop.checkout(cart, MANUAL)).status).toBe(201);

    const late = await cartOf(1);
    const usedUp = await applyCode(shop, late, 'SPRING-26');
    expect([usedUp.status, usedUp.body.code, usedUp.body.promotions]).toEqual([
      409,
      'promotion_used_up',
      [{ code: 'SPRING-26' }],
    ]);
    const other = { id: created.body.id, token: created.body.token };
    expect(await read(other)).toMatchObject({
      discountTotal: { amount: 0 },
      issues: [
        { code: 'email_missing' },
        { code: 'shipping_address_missing' },
        { code: 'promotion_not_applied', severity: 'warning', pointer: '/promotionCodes/0', reason: 'used_up' },
      ],
    });
    await shop.call('POST', `/v1/admin/promotions/${id}/deactivate`, { bearer: owner });
    expect((await read(other)).promotions).toMatchObject([{ applied: false, reason: 'inactive' }]);
    await endPromotion(shop, owner, made.pop()!);
    const over = await applyCode(shop, late, 'SPRING-26');
    expect([over.status, over.body.code]).toEqual([422, 'promotion_expired']);
  });

  it('are refused in a cart that is somebody else’s before anybody learns whether they exist', async () => {
    await promotion({ code: 'HIDDEN' });
    const cart = await cartOf(1);
    expect((await applyCode(shop, { ...cart, token: 'wrong' }, 'HIDDEN')).status).toBe(404);
    expect((await patch({ ...cart, token: 'wrong' }, { promotionCodes: ['HIDDEN'] })).status).toBe(404);
  });

  it('are made by the thousand, each for one order; one can be taken back', async () => {
    const { id } = await promotion({ method: 'code' });
    const answer = await shop.call('POST', `/v1/admin/promotions/${id}/codes/generate`, {
      bearer: owner,
      body: { count: 10_000, prefix: 'vip-' },
    });
    expect([answer.status, answer.body.count, new Set(answer.body.codes).size]).toEqual([201, 10_000, 10_000]);
    const [first, second] = answer.body.codes as string[];
    expect(first).toMatch(/^VIP-[2-9A-HJ-NP-Z]{10}$/);
    const one = await cartOf(1);
    await applyCode(shop, one, first!);
    expect((await shop.checkout(one, MANUAL)).body.order.promotions).toMatchObject([{ code: first }]);
    expect((await applyCode(shop, await cartOf(1), first!)).status).toBe(409);
    const two = await cartOf(1);
    await applyCode(shop, two, second!);
    const [row] = await shop.db.query<{ id: string }>(`SELECT id FROM promotion_codes WHERE code = $1`, [second]);
    const page = await shop.call('GET', `/v1/admin/promotions/${id}/codes?limit=2&include=total`, { bearer: owner });
    expect([page.body.data.length, page.body.page.total]).toEqual([2, 10_000]);
    const disabled = await shop.call(
      'DELETE',
      `/v1/admin/promotions/${id}/codes/${encodeId('promotionCode', row!.id)}`,
      {
        bearer: owner,
      },
    );
    expect(disabled.status).toBe(204);
    expect(await read(two)).toMatchObject({
      discountTotal: { amount: 0 },
      issues: [{ code: 'promotion_not_applied', reason: 'code_disabled' }],
    });
    expect(await statistics(id)).toMatchObject({ uses: 1, codes: 10_000, usedCodes: 1, left: null });
    const added = await shop.call('POST', `/v1/admin/promotions/${id}/codes`, { bearer: owner, body: { code: first } });
    expect([added.status, added.body.code]).toEqual([409, 'promotion_code_taken']);
  });

  it('cannot be guessed: a cart is stopped after ten wrong ones, for wrong and right ones alike', async () => {
    await promotion({ code: 'REAL-ONE' });
    const cart = await cartOf(1);
    for (let i = 0; i < 10; i += 1) expect((await applyCode(shop, cart, `GUESS-${i}`)).status).toBe(422);
    const stopped = await applyCode(shop, cart, 'REAL-ONE');
    expect([stopped.status, stopped.body.code, Number(stopped.headers.get('retry-after')) > 0]).toEqual([
      429,
      'rate_limited',
      true,
    ]);
    expect((await applyCode(shop, await cartOf(1), 'REAL-ONE')).status).toBe(201);
  });
});

describe('codes of a guest', () => {
  it('go along when the cart goes to the account', async () => {
    await promotion({ code: 'GOES-ALONG' });
    const ada = await signUp(shop, 'ada.codes@example.com');
    const own = await shop.call('POST', '/v1/carts', {
      bearer: ada.bearer,
      body: { lines: [{ variantId, quantity: 1 }] },
    });
    const guests = await cartOf(2);
    await applyCode(shop, guests, 'GOES-ALONG');
    const merged = await shop.call('POST', `/v1/carts/${guests.id}/merge`, {
      bearer: ada.bearer,
      token: guests.token,
      body: { intoCartId: own.body.id },
    });
    expect(merged.body).toMatchObject({
      outcome: 'merged',
      cart: { promotionCodes: ['GOES-ALONG'], discountTotal: { amount: 300 } },
    });
  });
});

describe('limits', () => {
  it('count a customer by e-mail address, whatever its spelling', async () => {
    await promotion({ code: 'ONCE-EACH', maxUsesPerCustomer: 1 });
    const order = async (email: string) => {
      const cart = await cartOf(1);
      await applyCode(shop, cart, 'ONCE-EACH');
      await patch(cart, { email });
      return { cart, answer: await shop.checkout(cart, MANUAL) };
    };
    expect((await order('grace@example.com')).answer.status).toBe(201);
    const again = await order('GRACE+again@example.com');
    expect([again.answer.status, again.answer.body.code, again.answer.body.promotions]).toEqual([
      409,
      'promotion_used_up',
      [{ code: 'ONCE-EACH', name: 'Ten percent', reason: 'used_by_customer' }],
    ]);
    expect((await read(again.cart)).issues).toMatchObject([{ reason: 'used_by_customer' }]);
    await shop.call('DELETE', `/v1/carts/${again.cart.id}/promotions/ONCE-EACH`, { token: again.cart.token });
    expect((await shop.checkout(again.cart, MANUAL)).status).toBe(201);
    expect((await order('alan@example.com')).answer.status).toBe(201);
  });

  it('are for first orders where a promotion says so', async () => {
    await promotion({ conditions: { firstOrder: true } });
    const guest = async (email: string) => {
      const cart = await cartOf(1);
      return { cart, body: (await patch(cart, { email })).body };
    };
    const first = await guest('barbara@example.com');
    expect(first.body.discountTotal.amount).toBe(100);
    expect((await shop.checkout(first.cart, MANUAL)).body.order.total.amount).toBe(1400);
    expect((await guest('Barbara@example.com')).body.discountTotal.amount).toBe(0);
    // A cart that is made with an address knows it at once, as when it is read.
    for (const [email, discount] of [
      ['BARBARA@example.com', 0],
      ['barbara.2@example.com', 100],
    ] as const) {
      const { body } = await shop.call('POST', '/v1/carts', { body: { lines: [{ variantId, quantity: 1 }], email } });
      expect(body.discountTotal.amount).toBe(discount);
      const { token, ...made } = body;
      expect(await read({ id: made.id, token })).toEqual(made);
      // So does one whose goods change once the address is known.
      const more = await addLine({ id: made.id, token }, 2);
      expect(more.body.discountTotal.amount).toBe(3 * discount);
      expect(await read({ id: made.id, token })).toEqual(more.body);
    }
  });

  it('say the same of a cart without an address, whether it is made, changed or read', async () => {
    // Used up by somebody else.
    await promotion({ maxUses: 1, action: { type: 'percent_off_order', ratePpm: 500_000 } });
    const { body: bought } = await shop.checkout(await cartOf(1), MANUAL);
    expect(bought.order.promotions).toHaveLength(1);
    await promotion({ conditions: { firstOrder: true } });
    await promotion({ maxUsesPerCustomer: 1, action: { type: 'percent_off_order', ratePpm: 20_000 } });
    const filled = (await shop.call('POST', '/v1/carts', { body: { lines: [{ variantId, quantity: 3 }] } })).body;
    expect(filled.discountTotal.amount).toBeLessThan(filled.subtotal.amount / 2);
    const { body } = await shop.call('POST', '/v1/carts', { body: {} });
    const { token, ...empty } = body;
    const cart = { id: empty.id as string, token: token as string };
    expect(await read(cart)).toEqual(empty);
    const added = (await addLine(cart, 3)).body;
    expect(added.promotions.length).toBeGreaterThan(0);
    expect(added.discountTotal).toEqual(filled.discountTotal);
    expect(await read(cart)).toEqual(added);
  });

  it('forget a customer who deletes their account', async () => {
    await promotion({ code: 'FORGET-ME', maxUsesPerCustomer: 1 });
    const gone = await signUp(shop, 'gone@example.com');
    const cart = await cartOf(1);
    await applyCode(shop, cart, 'FORGET-ME');
    await patch(cart, { email: 'gone+tag@example.com' });
    const placed = await shop.call('POST', `/v1/carts/${cart.id}/checkout`, {
      token: cart.token,
      bearer: gone.bearer,
      key: newUuid(),
      body: MANUAL,
    });
    expect(placed.status).toBe(201);
    const keys = () =>
      shop.db.query(`SELECT FROM promotion_customers c JOIN promotions p ON p.id = c.promotion_id WHERE p.id = $1`, [
        decodeId('promotion', made[0]!),
      ]);
    expect(await keys()).toHaveLength(2);
    await shop.call('POST', `/v1/orders/${placed.body.order.id}/cancel`, { bearer: gone.bearer, body: {} });
    const deleted = await shop.call('DELETE', '/v1/me', { bearer: gone.bearer, body: { password: PASSWORD } });
    expect(deleted.status).toBe(204);
    expect(await keys()).toHaveLength(0);
  });

  it('are for customers of a group where a promotion says so', async () => {
    const ada = await signUp(shop, 'ada.group@example.com');
    const [groupId, marketId] = [newUuid(), newUuid()];
    await shop.db.query(`INSERT INTO customer_groups (id, name) VALUES ($1, $2)`, [groupId, `Friends ${groupId}`]);
    await shop.db.query(`INSERT INTO customer_group_members (group_id, customer_id) VALUES ($1, $2)`, [
      groupId,
      decodeId('customer', ada.id),
    ]);
    const made = await promotion({ conditions: { customerGroupIds: [encodeId('customerGroup', groupId)] } });
    expect(made.conditions).toEqual({ customerGroupIds: [encodeId('customerGroup', groupId)] });
    const body = { lines: [{ variantId, quantity: 1 }] };
    const theirs = await shop.call('POST', '/v1/carts', { bearer: ada.bearer, body });
    expect(theirs.body.discountTotal.amount).toBe(100);
    expect((await shop.call('POST', '/v1/carts', { body })).body.discountTotal.amount).toBe(0);
    const nowhere = await shop.call('POST', '/v1/admin/promotions', {
      bearer: owner,
      body: {
        name: 'Nowhere',
        method: 'automatic',
        action: { type: 'free_shipping' },
        conditions: { marketIds: [encodeId('market', marketId)] },
      },
    });
    expect([nowhere.status, nowhere.body.errors]).toMatchObject([400, [{ pointer: '/conditions/marketIds/0' }]]);
  });

  it('give a use back when the order ends unpaid, and keep it once it was paid', async () => {
    const { id } = await promotion({ code: 'LAST-ONE', maxUses: 1 });
    const ordered = async (body: Record<string, unknown>) => {
      const cart = await cartOf(1);
      await applyCode(shop, cart, 'LAST-ONE');
      return { cart, answer: await shop.checkout(cart, body) };
    };
    const cancel = (order: { id: string }) =>
      shop.call('POST', `/v1/admin/orders/${order.id}/cancel`, { bearer: owner, body: {}, key: newUuid() });
    const unpaid = await ordered({ paymentMethod: 'stripe' });
    expect(unpaid.answer.status).toBe(201);
    expect(await statistics(id)).toMatchObject({ uses: 1, left: 0 });
    await cancel(unpaid.answer.body.order);
    expect(await statistics(id)).toMatchObject({ uses: 0, released: 1, left: 1 });
    const paid = await ordered({ paymentMethod: 'stripe', confirmationToken: 'pm_card_visa' });
    expect(paid.answer.status).toBe(201);
    await shop.quiet();
    await cancel(paid.answer.body.order);
    await shop.quiet();
    expect(await statistics(id)).toMatchObject({ uses: 1, left: 0 });
  });

  it('never turn down money: an order that is paid late keeps its discount, beyond the limit if need be', async () => {
    const { id } = await promotion({ code: 'LATE', maxUses: 1 });
    const [slow, quick] = [await cartOf(1), await cartOf(1)];
    await applyCode(shop, slow, 'LATE');
    await applyCode(shop, quick, 'LATE');
    const placed = await shop.checkout(slow, { paymentMethod: 'stripe' });
    await endUnheard(placed.body.order.id);
    expect(await statistics(id)).toMatchObject({ uses: 0, left: 1 });
    expect((await shop.checkout(quick, MANUAL)).status).toBe(201);
    await shop.confirm(placed.body.payment.clientSecret);
    await shop.until(
      async () => (await shop.order(placed.body.order.id, slow.token)).status === 'confirmed',
      'the late order',
    );
    await shop.quiet();
    expect(await statistics(id)).toMatchObject({ uses: 2, lateUses: 1, left: 0 });
    const events = await shop.call('GET', `/v1/admin/orders/${placed.body.order.id}/events`, { bearer: owner });
    expect(events.body.data).toContainEqual(
      expect.objectContaining({ type: 'promotion.used_late', data: { promotionIds: [id] } }),
    );
  });

  it('count the customer of an order that is paid late, too, when the limit was set meanwhile', async () => {
    const { id } = await promotion({ code: 'MEANWHILE' });
    const slow = await cartOf(1);
    await applyCode(shop, slow, 'MEANWHILE');
    const placed = await shop.checkout(slow, { paymentMethod: 'stripe' });
    await endUnheard(placed.body.order.id);
    const set = { bearer: owner, headers: { 'If-Match': '*' }, body: { maxUsesPerCustomer: 1 } };
    expect((await shop.call('PATCH', `/v1/admin/promotions/${id}`, set)).status).toBe(200);
    await shop.confirm(placed.body.payment.clientSecret);
    await shop.until(
      async () => (await shop.order(placed.body.order.id, slow.token)).status === 'confirmed',
      'the late order',
    );
    await shop.quiet();
    await shop.balance([]);
    const again = await cartOf(1);
    await applyCode(shop, again, 'MEANWHILE');
    expect(await shop.checkout(again, MANUAL)).toMatchObject({ status: 409, body: { code: 'promotion_used_up' } });
  });

  /** The order ends here, but Stripe does not hear of it. */
  async function endUnheard(id: string): Promise<void> {
    const orderId = decodeId('order', id)!;
    await shop.db.transaction(async (tx) => {
      await tx.query(
        `WITH r AS (UPDATE stock_reservations SET state = 'released' WHERE order_id = $1 RETURNING variant_id, location_id, quantity)
         UPDATE stock_levels s SET reserved = s.reserved - r.quantity FROM r WHERE (s.variant_id, s.location_id) = (r.variant_id, r.location_id)`,
        [orderId],
      );
      await tx.query(
        `WITH e AS (INSERT INTO order_events (order_id, type, from_status, to_status) VALUES ($1, 'order.canceled', 'pending_payment', 'canceled'))
         UPDATE orders SET status = 'canceled', payment_status = 'canceled', canceled_at = now(), cancel_reason = 'expired', expires_at = NULL, version = version + 1 WHERE id = $1`,
        [orderId],
      );
      await releasePromotionUses(tx, orderId);
      await releasePromotionUses(tx, orderId);
    });
  }

  it('can be set later: what was used before counts', async () => {
    const { id } = await promotion({ code: 'LATER' });
    const order = async () => {
      const cart = await cartOf(1);
      await applyCode(shop, cart, 'LATER');
      return shop.checkout(cart, MANUAL);
    };
    await order();
    await order();
    const set = (body: unknown) =>
      shop.call('PATCH', `/v1/admin/promotions/${id}`, { bearer: owner, headers: { 'If-Match': '*' }, body });
    const tooLow = await set({ maxUses: 1 });
    expect([tooLow.status, tooLow.body.errors]).toEqual([
      400,
      [{ pointer: '/maxUses', code: 'too_small', detail: 'it was used 2 times already' }],
    ]);
    expect((await set({ maxUses: 3 })).status).toBe(200);
    expect(await statistics(id)).toMatchObject({ uses: 2, left: 1 });
    expect((await order()).status).toBe(201);
    expect((await applyCode(shop, await cartOf(1), 'LATER')).status).toBe(409);
  });
});
