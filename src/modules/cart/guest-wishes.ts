import type { Tx } from '#libs/database';
import type { CustomerIdentity } from '../auth/index.js';
import type { CartSnapshot } from './cart.snapshot.js';

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

/** A customer who is signed in orders what is still a guest's cart: it is ordered as if it had been brought to the account. */
export async function orderAs(tx: Tx, cart: CartSnapshot, { id, email }: Pick<CustomerIdentity, 'id' | 'email'>) {
  cart.customerId = id;
  cart.email = email;
  for (const line of await dropRecipients(tx, cart)) line.recipientEmail = null;
}
