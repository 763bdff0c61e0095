import { decodeId } from '#libs/ids';
import { GiftCardCodes } from '../../src/modules/credits/index.js';
import type { PaymentShop, Sale } from './payments.js';

/** A gift card that was bought, as the database has it, with its code. */
export interface BoughtCard {
  id: string;
  piece: number;
  balance: number;
  isDisabled: boolean;
  code: string;
}

/** A product of the API that is a gift card. @returns the id of its only variant */
export async function giftCardProduct(pay: PaymentShop, price = 5000, variant: object = {}): Promise<string> {
  const made = await pay.shop.call('POST', '/v1/admin/products', {
    bearer: pay.bearer,
    body: {
      title: 'Gift Card',
      giftCard: true,
      status: 'active',
      variants: [{ prices: [{ amount: price, currency: 'USD' }], ...variant }],
    },
  });
  expect(made).toMatchObject({ status: 201, body: { giftCard: true } });
  return made.body.variants[0].id;
}

/** The cards of an order, in the order of its lines and pieces. */
export async function cardsOf(pay: PaymentShop, { orderId }: Pick<Sale, 'orderId'>): Promise<BoughtCard[]> {
  const rows = await pay.shop.db.query<Omit<BoughtCard, 'code'>>(
    `SELECT g.id, g.piece, g.balance, g.disabled_at IS NOT NULL AS "isDisabled" FROM gift_cards g
     JOIN order_lines l ON l.id = g.order_line_id WHERE g.order_id = $1 ORDER BY l.position, g.piece`,
    [decodeId('order', orderId)],
  );
  const codes = pay.shop.app.get(GiftCardCodes, { strict: false });
  return rows.map((row) => ({ ...row, code: codes.codeOf(row.id) }));
}

/** What is on each of them, in minor units. */
export const balancesOf = async (pay: PaymentShop, sale: Pick<Sale, 'orderId'>): Promise<number[]> =>
  (await cardsOf(pay, sale)).map(({ balance }) => balance);
