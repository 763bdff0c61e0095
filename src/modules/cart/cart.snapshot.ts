import type { Queryable, Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import type { ShopperIdentity } from '../auth/index.js';
import type { Address } from './dto/address.dto.js';
import { isOf } from './cart-token.js';

/** A line with what the catalog and the stock say of it at this moment. */
export interface CartLineSnapshot {
  id: string;
  variantId: string;
  quantity: number;
  seenAmount: number;
  productId: string;
  handle: string;
  title: string;
  variantTitle: string;
  sku: string | null;
  thumbnail: string | null;
  /** minor units; null when it is not for sale any more */
  unitPrice: number | null;
  taxable: boolean;
  requiresShipping: boolean;
  stockTracked: boolean;
  /** null when stock is not tracked */
  available: number | null;
}

/** A cart as the database has it, with everything that pricing and advice need: one statement. */
export interface CartSnapshot {
  id: string;
  tokenHash: Buffer;
  /** uuid of the customer whose cart it is */
  customerId: string | null;
  currency: string;
  status: 'open' | 'completed';
  email: string | null;
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingMethodId: string | null;
  promotionCodes: string[];
  version: number;
  createdAt: Date;
  updatedAt: Date;
  shopVersion: number;
  orderId: string | null;
  lines: CartLineSnapshot[];
}

type LineTuple = [
  string, string, number, number, string, string, string, string, string | null, string | null,
  number | null, boolean, boolean, boolean, number | null,
]; // prettier-ignore

interface CartRow {
  id: string;
  token_hash: Buffer;
  customer_id: string | null;
  currency: string;
  status: 'open' | 'completed';
  email: string | null;
  shipping_address: Address | null;
  billing_address: Address | null;
  shipping_method_id: string | null;
  promotion_codes: string[];
  version: number;
  created_at: Date;
  updated_at: Date;
  shop_version: number;
  order_id: string | null;
  lines: LineTuple[] | null;
}

const SELECT_CART = `
  SELECT c.id, c.token_hash, c.customer_id, c.currency, c.status, c.email, c.shipping_address, c.billing_address, c.shipping_method_id,
    c.promotion_codes, c.version, c.created_at, c.updated_at,
    (SELECT version FROM shop_settings) AS shop_version,
    CASE WHEN c.status = 'completed' THEN (SELECT o.id FROM orders o WHERE o.cart_id = c.id) END AS order_id,
    (SELECT json_agg(json_build_array(
        l.id, l.variant_id, l.quantity, l.seen_amount, v.product_id, p.handle, p.title, v.title, v.sku,
        coalesce((SELECT i.url FROM product_images i WHERE i.id = v.image_id),
                 (SELECT i.url FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1)),
        CASE WHEN v.status = 'active' AND p.status = 'active' THEN pr.amount END,
        v.taxable, v.requires_shipping, v.track_inventory,
        CASE WHEN v.track_inventory THEN
          coalesce((SELECT greatest(sum(s.on_hand + s.backorder_limit - s.reserved), 0) FROM stock_levels s WHERE s.variant_id = v.id), 0)
        END) ORDER BY l.created_at, l.id)
     FROM cart_lines l
     JOIN variants v ON v.id = l.variant_id
     JOIN products p ON p.id = v.product_id
     LEFT JOIN prices pr ON pr.variant_id = v.id AND pr.currency = c.currency
     WHERE l.cart_id = c.id) AS lines
  FROM carts c WHERE c.id = $1`;

function toSnapshot(row: CartRow): CartSnapshot {
  return {
    id: row.id,
    tokenHash: row.token_hash,
    customerId: row.customer_id,
    currency: row.currency,
    status: row.status,
    email: row.email,
    shippingAddress: row.shipping_address,
    billingAddress: row.billing_address,
    shippingMethodId: row.shipping_method_id,
    promotionCodes: row.promotion_codes,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    shopVersion: row.shop_version,
    orderId: row.order_id,
    lines: (row.lines ?? []).map((l) => ({
      id: l[0], variantId: l[1], quantity: l[2], seenAmount: l[3], productId: l[4], handle: l[5], title: l[6], variantTitle: l[7],
      sku: l[8], thumbnail: l[9], unitPrice: l[10], taxable: l[11], requiresShipping: l[12], stockTracked: l[13], available: l[14],
    })), // prettier-ignore
  };
}

/** Reads a cart for whoever may; null for an unknown cart and for one of somebody else alike. */
export async function findCart(db: Queryable, id: string, shopper: ShopperIdentity): Promise<CartSnapshot | null> {
  const [row] = await db.query<CartRow>(SELECT_CART, [id]);
  if (!row) return null;
  const cart = toSnapshot(row);
  return isOf(shopper, cart) ? cart : null;
}

/**
 * Reads a cart for whoever may.
 * @throws `not_found` for an unknown cart and for one of somebody else alike
 */
export async function readCart(db: Queryable, id: string, shopper: ShopperIdentity): Promise<CartSnapshot> {
  return found(await findCart(db, id, shopper));
}

/** Reads a cart and keeps it as it is until the transaction ends. @throws `not_found` */
export async function lockCart(tx: Tx, id: string, shopper: ShopperIdentity): Promise<CartSnapshot> {
  // A statement that waits for a lock still sees lines and order as they were before the wait: so lock first, then read.
  const [, cart] = await Promise.all([
    tx.query('SELECT FROM carts WHERE id = $1 FOR UPDATE', [id]),
    findCart(tx, id, shopper),
  ]);
  return found(cart);
}

function found(cart: CartSnapshot | null): CartSnapshot {
  if (cart) return cart;
  throw NotFound({ detail: 'There is no such cart, or neither X-Cart-Token nor your account fits it.' });
}
