import { encodeId } from '#libs/ids';
import { endPromotion, promote } from '../support/promotions.js';
import { METHOD_ID, Shop } from '../support/shop.js';

let shop: Shop;
let owner: string;

beforeAll(async () => {
  shop = await Shop.start();
  owner = await shop.staff();
});
afterAll(async () => {
  await shop?.stop();
});

const call = (method: string, path: string, body?: unknown, etag?: string | null) =>
  shop.call(method, `/v1/admin/promotions${path}`, {
    bearer: owner,
    ...(body === undefined ? {} : { body }),
    headers: etag ? { 'If-Match': etag } : {},
  });

describe('promotions for staff', () => {
  it('are made, read, changed, switched, listed and archived', async () => {
    const variantId = await shop.product({ stock: 1 });
    const body = {
      name: 'Mugs for less',
      description: 'Summer',
      method: 'code',
      code: 'mugs',
      priority: 5,
      combinesWith: ['shipping', 'shipping'],
      conditions: {
        items: { variantIds: [variantId] },
        minSubtotal: [{ amount: 1000, currency: 'USD' }],
        countries: ['US'],
        firstOrder: true,
      },
      action: {
        type: 'buy_x_get_y',
        buyQuantity: 2,
        getQuantity: 1,
        items: { variantIds: [variantId], excludeSaleItems: true },
      },
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '2099-01-01T00:00:00Z',
      maxUses: 10,
    };
    const made = await call('POST', '', body);
    expect([made.status, made.headers.get('location')]).toEqual([201, `/v1/admin/promotions/${made.body.id}`]);
    const { code: _code, ...shown } = body;
    expect(made.body).toMatchObject({
      ...shown,
      combinesWith: ['shipping'],
      action: { ...body.action, ratePpm: 1_000_000 },
      status: 'inactive',
      class: 'product',
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2099-01-01T00:00:00.000Z',
      maxUsesPerCustomer: null,
    });
    const got = await call('GET', `/${made.body.id}`);
    expect(got.body).toEqual(made.body);
    const codes = await call('GET', `/${made.body.id}/codes`);
    expect(codes.body.data).toMatchObject([{ code: 'MUGS', uses: 0, maxUses: null, generated: false }]);

    expect((await call('PATCH', `/${made.body.id}`, { priority: 6 })).body.code).toBe('if_match_required');
    const changed = await call('PATCH', `/${made.body.id}`, { priority: 6, endsAt: null }, got.headers.get('etag'));
    expect(changed.body).toMatchObject({ priority: 6, endsAt: null, conditions: made.body.conditions });
    const stale = await call('PATCH', `/${made.body.id}`, { priority: 7 }, got.headers.get('etag'));
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    expect((await call('POST', `/${made.body.id}/activate`)).body.status).toBe('active');
    expect((await call('GET', '?status=active&method=code&q=MUGS')).body.data).toMatchObject([{ id: made.body.id }]);
    expect((await call('GET', '?status=inactive')).body.data).toEqual([]);
    expect((await call('POST', `/${made.body.id}/deactivate`)).body.status).toBe('inactive');
    expect((await call('DELETE', `/${made.body.id}`, undefined, '*')).status).toBe(204);
    expect((await call('GET', '')).body.data).toEqual([]);
    const over = await call('POST', `/${made.body.id}/activate`);
    expect([over.status, over.body.code]).toEqual([409, 'promotion_archived']);
    const log = await shop.call('GET', `/v1/admin/audit-log?recordType=promotions`, { bearer: owner });
    expect(log.status).toBe(200);
    const [entries] = await shop.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM audit_log WHERE record_type IN ('promotions', 'promotion_codes')`,
    );
    expect(entries!.n).toBe(6);
  });

  const USD = [{ amount: 100, currency: 'USD' }];
  it.each<[string, Record<string, unknown>, [string, string][]]>([
    ['nothing', { action: undefined }, [['/action', 'required']]],
    ['an unknown type', { action: { type: 'magic' } }, [['/action/type', 'not_allowed']]],
    ['no rate', { action: { type: 'percent_off_order' } }, [['/action/ratePpm', 'required']]],
    ['a rate above all', { action: { type: 'percent_off_order', ratePpm: 1_000_001 } }, [['/action/ratePpm', 'too_large']]],
    ['fields of another type', { action: { type: 'free_shipping', ratePpm: 5, amounts: USD } },
      [['/action/ratePpm', 'not_for_this_type'], ['/action/amounts', 'not_for_this_type']]],
    ['rate and amounts', { action: { type: 'reduced_shipping', ratePpm: 5, amounts: USD } }, [['/action/amounts', 'not_together']]],
    ['a currency twice', { action: { type: 'amount_off_order', amounts: [...USD, ...USD] } }, [['/action/amounts/1/currency', 'duplicate']]],
    ['an unknown currency', { action: { type: 'amount_off_order', amounts: [{ amount: 1, currency: 'XXZ' }] } },
      [['/action/amounts/0/currency', 'unknown_currency']]],
    ['ids of another kind', { conditions: { items: { productIds: ['var_01h455vb4pex5vsknk084sn02q'] } } },
      [['/conditions/items/productIds/0', 'invalid_id']]],
    ['ids of nothing', { conditions: { items: { categoryIds: ['cat_01h455vb4pex5vsknk084sn02q'] } } },
      [['/conditions/items/categoryIds/0', 'not_found']]],
    ['countries that are none', { conditions: { countries: ['US', 'XX'] } }, [['/conditions/countries/1', 'unknown_country']]],
    ['bounds that cross', { conditions: { minQuantity: 3, maxQuantity: 2 } }, [['/conditions/maxQuantity', 'too_small']]],
    ['steps that do not climb', { action: { type: 'tiered', tiers: [{ fromQuantity: 5, ratePpm: 1 }, { fromQuantity: 5, ratePpm: 2 }] } },
      [['/action/tiers/1/fromQuantity', 'not_ascending']]],
    ['steps of two kinds', { action: { type: 'tiered', tiers: [{ fromQuantity: 5, fromSubtotal: USD }] } },
      [['/action/tiers/0/fromSubtotal', 'not_together'], ['/action/tiers/0/ratePpm', 'required']]],
    ['an end before the begin', { startsAt: '2026-02-01', endsAt: '2026-01-01' }, [['/endsAt', 'too_early']]],
    ['a code without the method', { code: 'ABC' }, [['/code', 'not_for_this_type']]],
    ['a code that is none', { method: 'code', code: 'a b' }, [['/code', 'invalid_code']]],
    ['classes that are none', { combinesWith: ['order', 'tax'] }, [['/combinesWith', 'not_allowed']]],
  ])('refuses %s, naming the field', async (_what, over, expected) => {
    const answer = await call('POST', '', {
      name: 'X',
      method: 'automatic',
      action: { type: 'percent_off_order', ratePpm: 1 },
      ...over,
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors.map((e: any) => [e.pointer, e.code])).toEqual(expected);
  }); // prettier-ignore

  it('say in a preview what a cart would cost and why each applies or not, drafts too, as the cart itself does', async () => {
    const variantId = await shop.product({ stock: 100, price: 1000 });
    const percent = await promote(shop, owner, { name: 'Percent', combinesWith: ['shipping'], priority: 1 });
    const late = await promote(shop, owner, { name: 'Next year', startsAt: '2098-01-01T00:00:00Z', priority: 2 });
    const coded = await promote(shop, owner, { name: 'Coded', code: 'PREVIEW', exclusive: true, priority: 3 });
    const draft = await promote(shop, owner, {
      name: 'Draft',
      active: false,
      priority: 4,
      action: { type: 'free_shipping' },
      combinesWith: ['order'],
      conditions: { countries: ['US'] },
    });
    const body = {
      lines: [{ variantId, quantity: 3 }],
      country: 'US',
      shippingMethodId: encodeId('shippingMethod', METHOD_ID),
    };
    const plain = await call('POST', '/preview', body);
    expect(plain.status).toBe(200);
    expect(plain.body.promotions).toMatchObject([
      { promotionId: percent.id, applied: true, amount: { amount: 300 }, detail: '$3.00 off.' },
      { promotionId: late.id, applied: false, reason: 'not_started' },
    ]);
    const cart = await shop.cart(body.lines);
    expect(plain.body.total.amount).toBe(cart.total);
    const full = await call('POST', '/preview', {
      ...body,
      at: '2098-06-01T00:00:00Z',
      promotionCodes: ['preview'],
      promotionIds: [draft.id],
    });
    expect(full.body.promotions.map((p: any) => [p.name, p.applied, p.reason, p.shippingAmount.amount])).toEqual([
      ['Percent', true, null, 0],
      ['Next year', false, 'not_combinable', 0],
      ['Coded', false, 'better_promotion_applied', 0],
      ['Draft', true, null, 500],
    ]);
    expect(full.body).toMatchObject({ shippingTotal: { amount: 0 }, total: { amount: 2700 } });
    const nothing = await call('POST', '/preview', { ...body, promotionCodes: ['NO-SUCH-CODE'] });
    expect([nothing.status, nothing.body.code]).toEqual([422, 'promotion_code_not_found']);
    const stranger = await call('POST', '/preview', { ...body, customerId: `cus_${'0'.repeat(26)}` });
    expect([stranger.status, stranger.body.errors[0].pointer]).toEqual([400, '/customerId']);
    for (const { id } of [percent, late, coded, draft]) await endPromotion(shop, owner, id);
  });

  it('are for those who may', async () => {
    const { id } = await promote(shop, owner, { name: 'Read me', active: false });
    const support = await shop.staff('support');
    expect((await shop.call('GET', `/v1/admin/promotions/${id}`, { bearer: support })).status).toBe(200);
    const refused = await shop.call('POST', `/v1/admin/promotions/${id}/activate`, { bearer: support });
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    const automatic = await call('POST', `/${id}/codes`, { code: 'ABC' });
    expect([automatic.status, automatic.body.code]).toEqual([409, 'promotion_without_codes']);
    expect((await call('GET', `/promo_${'0'.repeat(26)}`)).status).toBe(404);
  });
});
