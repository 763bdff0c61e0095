import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { encodeId, newUuid } from '#libs/ids';
import type { CartChangeResponse, CustomerIdentity, SignInCartResponse } from '../auth/index.js';
import { hashCartToken, newCartToken } from './cart-token.js';
import { unitPriceSql } from '../catalog/index.js';
import { CartCompleted } from './cart.errors.js';
import { MAX_GIFT_CARDS } from './cart-writer.service.js';
import { dropRecipients } from './guest-wishes.js';
import { type CartLineSnapshot, type CartSnapshot, findCart, readCart } from './cart.snapshot.js';

const MAX_LINES = 1000;
const MAX_QUANTITY = 9999;
const SEEN_AMOUNT = unitPriceSql('w.amount', 'w.quantity', {
  variant: 'w.variant_id',
  currency: '$6',
  market: '$7',
  customer: '$8',
});

/** Which cart of a guest goes to which customer. */
export interface MergeCommand {
  /** uuid of the guest's cart */
  cartId: string;
  cartToken: string | undefined;
  customer: Pick<CustomerIdentity, 'id' | 'email'>;
  /** uuid; the cart that the customer used last when left out */
  intoCartId?: string;
}

/** What became of it; `cartId` is the customer's cart now. */
export interface MergeOutcome {
  cartId: string;
  outcome: SignInCartResponse['outcome'];
  changes: CartChangeResponse[];
}

/**
 * Brings the cart of a guest to the account of a customer: as it is where they have none, else line by line into theirs,
 * where the same variant adds up. What cannot go along is named. The guest's cart is gone afterwards. Whom it named for gift
 * cards is dropped: the customer gets them, or whom the customer has named for the line that they are added to.
 */
@Injectable()
export class MergeCarts {
  constructor(private readonly db: Db) {}

  /** @throws not_found when one of the carts is not theirs; cart_completed */
  execute(command: MergeCommand): Promise<MergeOutcome> {
    return this.db.transaction((tx) => this.merge(tx, command));
  }

  /** The open cart that a customer used last. */
  async latestOf(customerId: string, db: Pick<Tx, 'query'> = this.db): Promise<string | null> {
    const [row] = await db.query<{ id: string }>(
      `SELECT id FROM carts WHERE customer_id = $1 AND status = 'open' ORDER BY updated_at DESC, id DESC LIMIT 1`,
      [customerId],
    );
    return row?.id ?? null;
  }

  private async merge(tx: Tx, command: MergeCommand): Promise<MergeOutcome> {
    const { cartId, customer } = command;
    // Two carts that are brought along at the same time shall not both find that there is none.
    await tx.query(`SELECT FROM customers WHERE id = $1 FOR NO KEY UPDATE`, [customer.id]);
    const into = command.intoCartId ?? (await this.latestOf(customer.id, tx));
    await tx.query(`SELECT FROM carts WHERE id = ANY($1) ORDER BY id FOR UPDATE`, [[cartId, ...(into ? [into] : [])]]);
    const shopper = { cartToken: command.cartToken, customer: { ...customer, sessionId: '' } };
    const guests = await readCart(tx, cartId, shopper);
    if (guests.status === 'completed')
      throw CartCompleted({ data: guests.orderId === null ? {} : { orderId: encodeId('order', guests.orderId) } });
    // The cart of somebody else whose token is known is theirs, not to be taken.
    if (guests.customerId !== null && guests.customerId !== customer.id) throw NotFound();
    if (into === cartId) return { cartId, outcome: 'unchanged', changes: [] };
    if (into === null) {
      const changes = (await dropRecipients(tx, guests)).map((line) => recipientDropped(line, line.quantity));
      // From now on the account opens it: whoever slipped the customer a cart does not get to see what they put into it,
      // and no mail about it.
      await tx.query(
        `UPDATE carts SET customer_id = $2, email = CASE WHEN customer_id IS NULL THEN $3 ELSE coalesce(email, $3) END,
           token_hash = $4, version = version + 1, updated_at = now() WHERE id = $1`,
        [cartId, customer.id, customer.email, hashCartToken(newCartToken())],
      );
      return { cartId, outcome: guests.customerId === null ? 'claimed' : 'unchanged', changes };
    }
    const theirs = await findCart(tx, into, { cartToken: undefined, customer: shopper.customer });
    if (!theirs || theirs.status === 'completed') throw NotFound({ detail: 'You have no such open cart.' });
    const changes = await this.move(tx, guests, theirs);
    await tx.query(
      `UPDATE carts t SET version = t.version + 1, updated_at = now(), email = coalesce(t.email, $3),
         shipping_address = coalesce(t.shipping_address, g.shipping_address),
         billing_address = coalesce(t.billing_address, g.billing_address),
         shipping_method_id = coalesce(t.shipping_method_id, g.shipping_method_id),
         promotion_codes = (t.promotion_codes || ARRAY(
           SELECT code FROM unnest(g.promotion_codes) AS of_guest (code) WHERE code <> ALL (t.promotion_codes)))[1:10]
       FROM carts g WHERE t.id = $1 AND g.id = $2`,
      [theirs.id, guests.id, customer.email],
    );
    await tx.query(
      `INSERT INTO cart_gift_cards (cart_id, gift_card_id, created_at)
       SELECT $1, gift_card_id, created_at FROM cart_gift_cards g WHERE cart_id = $2
         AND NOT EXISTS (SELECT FROM cart_gift_cards t WHERE t.cart_id = $1 AND t.gift_card_id = g.gift_card_id)
       ORDER BY created_at, gift_card_id LIMIT greatest($3 - (SELECT count(*) FROM cart_gift_cards WHERE cart_id = $1), 0)`,
      [theirs.id, guests.id, MAX_GIFT_CARDS],
    );
    await tx.query(`DELETE FROM carts WHERE id = $1`, [guests.id]);
    return { cartId: theirs.id, outcome: 'merged', changes };
  }

  private async move(tx: Tx, guests: CartSnapshot, theirs: CartSnapshot): Promise<CartChangeResponse[]> {
    const had = new Map(theirs.lines.map((line) => [line.variantId, line.quantity]));
    const prices = await this.pricesIn(tx, theirs.currency, guests.lines);
    let room = MAX_LINES - theirs.lines.length;
    const moved: { variantId: string; quantity: number; amount: number }[] = [];
    const changes = guests.lines.flatMap((line): CartChangeResponse[] => {
      const before = had.get(line.variantId) ?? 0;
      const wanted = before + line.quantity;
      const quantity = Math.min(wanted, MAX_QUANTITY);
      const amount = prices.get(line.variantId);
      const variantId = encodeId('variant', line.variantId);
      if (amount === undefined || (before === 0 && room <= 0))
        return [{ variantId, change: 'left_out', quantity: before, wanted }];
      if (before === 0) room -= 1;
      moved.push({ variantId: line.variantId, quantity, amount });
      const change = { variantId, change: before === 0 ? 'added' : 'increased', quantity, wanted } as const;
      return line.recipientEmail === null ? [change] : [change, recipientDropped(line, quantity)];
    });
    await tx.query(
      `INSERT INTO cart_lines (id, cart_id, variant_id, quantity, seen_amount)
       SELECT w.id, $1, w.variant_id, w.quantity, ${SEEN_AMOUNT}
       FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::bigint[]) AS w (id, variant_id, quantity, amount)
       ON CONFLICT ON CONSTRAINT cart_lines_variant DO UPDATE SET quantity = excluded.quantity, seen_amount = excluded.seen_amount`,
      [
        theirs.id,
        moved.map(() => newUuid()),
        moved.map((line) => line.variantId),
        moved.map((line) => line.quantity),
        moved.map((line) => line.amount),
        theirs.currency,
        theirs.marketId,
        theirs.customerId,
      ],
    );
    return changes;
  }

  /** What can be bought in a currency, and for how much. */
  private async pricesIn(
    tx: Tx,
    currency: string,
    lines: readonly CartLineSnapshot[],
  ): Promise<ReadonlyMap<string, number>> {
    const rows = await tx.query<{ id: string; amount: number }>(
      `SELECT v.id, pr.amount FROM variants v JOIN products p ON p.id = v.product_id AND p.status = 'active'
         JOIN prices pr ON pr.variant_id = v.id AND pr.currency = $2
       WHERE v.id = ANY($1) AND v.status = 'active'`,
      [lines.map((line) => line.variantId), currency],
    );
    return new Map(rows.map((row) => [row.id, row.amount]));
  }
}

/** Whom the guest had named gets none of them. */
const recipientDropped = ({ variantId }: CartLineSnapshot, quantity: number): CartChangeResponse => ({
  variantId: encodeId('variant', variantId),
  change: 'recipient_dropped',
  quantity,
  wanted: quantity,
});
