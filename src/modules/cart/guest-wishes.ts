import type { Queryable, Tx } from '#libs/database';
import type { CustomerIdentity } from '../auth/index.js';
import { unitPriceOf } from '../pricing/index.js';
import { byAsks, EVERYTHING } from './cart-asks.js';
import { toPricingLine } from './cart.assessment.js';
import { type CartPurpose, type CartSnapshot, type CartStatement, findCartBy, selectCart } from './cart.snapshot.js';

/**
 * What a guest's cart does not bring along when it becomes a customer's: whom it named for mail. Who slips somebody a cart gets
 * no code and no link that the customer pays for; the customer gets them.
 * @returns the lines whose gift cards were for somebody
 */
export async function dropRecipients(tx: Tx, cart: CartSnapshot): Promise<CartSnapshot['lines']> {
  const named = cart.lines.filter((line) => line.recipientEmail !== null);
  if (named.length > 0) await tx.query(`UPDATE cart_lines SET recipient_email = NULL WHERE cart_id = $1`, [cart.id]);
  return named;
}

/** A guest's cart as if it were of the customer $2 with the address $3: their prices, promotions and taxes. */
const asTheirsFor = (purpose: CartPurpose): CartStatement =>
  byAsks((asks) =>
    selectCart(
      `carts g CROSS JOIN LATERAL jsonb_populate_record(g, jsonb_build_object('customer_id', $2::uuid, 'email', $3::text)) c
     WHERE g.id = $1 AND g.customer_id IS NULL AND g.status = 'open'`,
      'FALSE',
      asks,
      purpose,
    ),
  );
const AS_THEIRS: Record<CartPurpose, CartStatement> = {
  show: asTheirsFor('show'),
  order: asTheirsFor('order'),
  ship: asTheirsFor('ship'),
};

/**
 * A guest's cart as a customer who is signed in sees it, and orders it: as if it had been brought to the account, but for store
 * credit, which pays for what is in the account alone.
 */
export async function asTheirs(
  db: Queryable,
  cart: CartSnapshot,
  customer: CustomerIdentity,
  purpose: CartPurpose = 'show',
): Promise<CartSnapshot> {
  const shopper = { cartToken: undefined, customer };
  const theirs = await findCartBy(db, AS_THEIRS[purpose], [cart.id, customer.id, customer.email], shopper, EVERYTHING);
  if (!theirs) return cart;
  const ofGuests = new Map(cart.lines.map((line) => [line.id, unitPriceNow(line)]));
  // The cart remembers what guests pay: where that is something else, it says nothing of whether this price has changed.
  const lines = theirs.lines.map((line) =>
    ofGuests.get(line.id) === unitPriceNow(line) ? line : { ...line, seenAmount: null },
  );
  return { ...theirs, lines, storeCredit: null };
}

const unitPriceNow = (line: CartSnapshot['lines'][number]) => unitPriceOf(toPricingLine(line)).amount;

/** A customer who is signed in orders what is still a guest's cart, which is locked. */
export async function orderAs(tx: Tx, cart: CartSnapshot, customer: CustomerIdentity): Promise<CartSnapshot> {
  const theirs = await asTheirs(tx, cart, customer, 'order');
  for (const line of await dropRecipients(tx, theirs)) line.recipientEmail = null;
  return theirs;
}
