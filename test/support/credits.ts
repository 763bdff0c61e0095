import { decodeId, encodeId, newUuid } from '#libs/ids';
import { GiftCardCodes, IssueGiftCard, StoreCredit } from '../../src/modules/credits/index.js';
import type { Answer, Shop } from './shop.js';

/** A gift card with its code. */
export interface TestCard {
  id: string;
  code: string;
}

/** Makes a gift card; `endsInMs` is when it expires, from now. */
export async function giftCard(
  shop: Shop,
  amount: number,
  { currency = 'USD', endsInMs }: { currency?: string; endsInMs?: number } = {},
): Promise<TestCard> {
  const id = newUuid();
  await shop.db.transaction((tx) =>
    shop.app.get(IssueGiftCard, { strict: false }).execute(tx, {
      id,
      amount,
      currency,
      actor: 'test',
      ...(endsInMs === undefined ? {} : { expiresAt: new Date(Date.now() + endsInMs) }),
    }),
  );
  return { id: encodeId('giftCard', id), code: shop.app.get(GiftCardCodes, { strict: false }).codeOf(id) };
}

/** Gives store credit to a customer. */
export async function storeCredit(shop: Shop, customerId: string, amount: number, currency = 'USD'): Promise<void> {
  await shop.db.transaction((tx) =>
    shop.app
      .get(StoreCredit, { strict: false })
      .change(tx, decodeId('customer', customerId)!, { kind: 'issue', delta: amount, currency, actor: 'test' }),
  );
}

/** What is on a card. */
export async function balanceOf(shop: Shop, card: TestCard): Promise<number> {
  const [row] = await shop.db.query<{ balance: number }>(`SELECT balance FROM gift_cards WHERE id = $1`, [
    decodeId('giftCard', card.id),
  ]);
  return row!.balance;
}

/** Pays a cart with a card, too. */
export function applyCard(shop: Shop, cart: { id: string; token: string }, code: string): Promise<Answer> {
  return shop.call('POST', `/v1/carts/${cart.id}/gift-cards`, { token: cart.token, body: { code } });
}
