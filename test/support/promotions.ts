import type { Answer, Shop } from './shop.js';

/** A promotion in words of the API: 10 % off the order by itself, unless said otherwise. It runs at once. */
export async function promote(shop: Shop, bearer: string, over: Record<string, unknown> = {}): Promise<any> {
  const answer = await shop.call('POST', '/v1/admin/promotions', {
    bearer,
    body: {
      name: 'Ten percent',
      method: over.code === undefined ? 'automatic' : 'code',
      active: true,
      action: { type: 'percent_off_order', ratePpm: 100_000 },
      ...over,
    },
  });
  if (answer.status !== 201) throw new Error(`promotion: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Ends a promotion, so that the next test begins without it. */
export async function endPromotion(shop: Shop, bearer: string, id: string): Promise<void> {
  const answer = await shop.call('DELETE', `/v1/admin/promotions/${id}`, { bearer, headers: { 'If-Match': '*' } });
  if (answer.status !== 204) throw new Error(`archive: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Applies a code to a cart. */
export function applyCode(shop: Shop, cart: { id: string; token: string }, code: string): Promise<Answer> {
  return shop.call('POST', `/v1/carts/${cart.id}/promotions`, { token: cart.token, body: { code } });
}
