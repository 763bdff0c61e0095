import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { PermanentFailure } from '#libs/jobs';

/** How the shop signs its mail. */
export interface ShopOfMail {
  name: string;
  senderEmail: string;
  notifyEmail: string;
}

/** An address as it stands on an order. */
export interface AddressOfMail {
  firstName: string;
  lastName: string;
  company?: string | null;
  line1: string;
  line2?: string | null;
  city: string;
  state?: string | null;
  postalCode: string;
  country: string;
}

/** One line of an order; amounts in minor units of the order's currency. */
export interface LineOfMail {
  id: string;
  title: string;
  variantTitle: string;
  sku: string | null;
  thumbnail: string | null;
  quantity: number;
  unitPrice: number;
  /** what is in one bundle; null for what is none */
  parts: { title: string; variantTitle: string; quantity: number }[] | null;
}

/** An order as its mails tell of it; amounts in minor units of `currency`. */
export interface OrderOfMail {
  /** `ord_…` */
  id: string;
  number: number;
  email: string;
  currency: string;
  paymentStatus: string;
  subtotal: number;
  discountTotal: number;
  /** What was given off, by name. */
  promotions: { name: string; code: string | null }[];
  shippingTotal: number;
  taxTotal: number;
  total: number;
  /** What gift cards and store credit pay of the total. */
  creditTotal: number;
  isTaxIncluded: boolean;
  shippingAddress: AddressOfMail | null;
  shippingMethod: string | null;
  placedAt: Date | null;
  cancelReason: string | null;
  /** money that was taken and not given back */
  held: number;
  lines: LineOfMail[];
  shop: ShopOfMail;
}

/** Orders by their uuid. */
export type OrdersOfMail = ReadonlyMap<string, OrderOfMail>;

/** Money that went back. */
export interface RefundOfMail {
  /** uuid */
  orderId: string;
  /** minor units of the order's currency */
  amount: number;
  destination: 'payment' | 'gift_card' | 'store_credit';
  /** of the gift card that it went to */
  last4: string | null;
}

/** A file of an order that its buyer may download. */
export interface DownloadOfMail {
  /** uuid */
  id: string;
  /** of the product */
  title: string;
  name: string;
  maxDownloads: number;
  expiresAt: Date;
}

/** A gift card that an order bought. */
export interface GiftCardOfMail {
  /** uuid */
  id: string;
  codeHash: Buffer;
  /** minor units of `currency` */
  balance: number;
  currency: string;
  expiresAt: Date | null;
  /** who gets it instead of the buyer */
  recipient: string | null;
}

/** A parcel of an order. */
export interface ParcelOfMail {
  /** false when everything in it is delivered without a parcel */
  isShipped: boolean;
  carrier: string | null;
  trackingNumber: string | null;
  lines: { lineId: string; quantity: number }[];
}

/** A variant whose stock runs low. */
export interface LowStockOfMail {
  /** `prod_…` and `var_…` */
  productId: string;
  variantId: string;
  title: string;
  variantTitle: string;
  sku: string | null;
  location: string;
  onHand: number;
  available: number;
  shop: ShopOfMail;
}

/** Somebody who waited for a variant. */
export interface StockAlertOfMail {
  email: string;
  handle: string;
  title: string;
  variantTitle: string;
  shop: ShopOfMail;
}

/** Who a mail about an account goes to. */
export interface AccountOfMail {
  email: string;
  firstName: string;
  shop: ShopOfMail;
}

/** A link that a mail carries. */
export interface LinkOfMail extends AccountOfMail {
  /** uuid */
  id: string;
  /** whether the address belongs to a customer at this moment */
  hasAccount: boolean;
}

/** An order about whose money the shop is told; amounts in minor units of `currency`. */
export interface PaymentAlertOfMail {
  /** `ord_…` */
  orderId: string;
  orderNumber: number;
  currency: string;
  shop: ShopOfMail;
}

/** Money that does not add up. */
export interface MismatchOfMail {
  kind: string;
  /** An object of Stripe, or a row of ours. */
  subject: string;
  /** What was done about it, in words. */
  action: string;
  orderNumber: number | null;
  /** `rec_…` */
  reportId: string;
  /** The how manieth it is in a day that needs a person and was not found before; null when it was. */
  place: number | null;
  shop: ShopOfMail;
}

/** What a report found that earlier ones had found already. */
export interface StandingOfMail {
  isFinished: boolean;
  /** Those found first come first; not more than a mail bears. */
  findings: { kind: string; subject: string; orderNumber: number | null; since: Date }[];
  count: number;
  /** `rec_…` */
  reportId: string;
  shop: ShopOfMail;
}

/** A dispute of a payment. */
export interface DisputeOfMail {
  /** `dsp_…` */
  id: string;
  orderNumber: number;
  isInquiry: boolean;
  reason: string;
  /** Minor units of `currency`. */
  amount: number;
  currency: string;
  evidenceDueAt: Date | null;
  shop: ShopOfMail;
}

const SHOP = `jsonb_build_object('name', s.name, 'senderEmail', s.sender_email, 'notifyEmail', s.notify_email) AS shop`;
/** What a mail about findings that still stand has room for. */
const STANDING_ROWS = 30;
/** Orders that an address is told of where they were looked for. */
const FOUND_IN_AN_HOUR = 5;
/** Whether a report of the last days had this finding already. */
const foundBefore = (finding: string) => `EXISTS (SELECT FROM reconciliation_findings b
  WHERE b.subject = ${finding}.subject AND b.kind = ${finding}.kind AND b.id < ${finding}.id
    AND b.created_at > ${finding}.created_at - interval '7 days')`;

/** SQL: a process that ended left the report as it was. Nothing was found for an hour, and no job goes on with it. */
const isAbandoned = (report: string) => `(${report}.created_at < now() - interval '1 hour'
  AND NOT EXISTS (SELECT FROM reconciliation_findings l WHERE l.reconciliation_id = ${report}.id AND l.created_at > now() - interval '1 hour')
  AND NOT EXISTS (SELECT FROM jobs j WHERE j.name = 'payments.reconciliation' AND j.state IN ('queued', 'running')
    AND j.payload->>'reconciliationId' = ${report}.id::text))`;

/** Reads what mails tell of: events carry ids only, so that a mail tells the state of the moment it is written. */
@Injectable()
export class MailDataQuery {
  constructor(private readonly db: Db) {}

  /** @throws PermanentFailure when there is no such order */
  async order(orderId: string): Promise<OrderOfMail> {
    return orderIn(await this.orders([orderId]), orderId);
  }

  /** Of several orders at once, by their ids; of those that there are. */
  async orders(orderIds: readonly string[]): Promise<OrdersOfMail> {
    const rows = await this.db.query<Omit<OrderOfMail, 'id'> & { id: string }>(
      // The LIMIT cuts off nothing: without it Postgres plans the statement anew for every number of orders.
      `SELECT o.id, o.number, o.email, o.currency, o.payment_status AS "paymentStatus", o.subtotal, o.discount_total AS "discountTotal", o.promotions,
         o.shipping_total AS "shippingTotal", o.tax_total AS "taxTotal", o.total, o.credit_total AS "creditTotal", o.tax_included AS "isTaxIncluded",
         o.shipping_address AS "shippingAddress", o.shipping_method ->> 'name' AS "shippingMethod", o.placed_at AS "placedAt",
         o.cancel_reason AS "cancelReason",
         (SELECT coalesce(sum(p.captured - p.refunded), 0)::bigint FROM payments p WHERE p.order_id = o.id) AS held,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'title', l.title, 'variantTitle', l.variant_title, 'sku', l.sku,
            'thumbnail', l.thumbnail, 'quantity', l.quantity, 'unitPrice', l.unit_price, 'parts', l.parts) ORDER BY l.position), '[]')
          FROM order_lines l WHERE l.order_id = o.id) AS lines,
         ${SHOP}
       FROM (SELECT id FROM unnest($1::uuid[]) AS w (id) LIMIT $2) w JOIN orders o ON o.id = w.id, shop_settings s`,
      [orderIds, orderIds.length],
    );
    return new Map(rows.map((row) => [row.id, { ...row, id: encodeId('order', row.id) }]));
  }

  /**
   * The order (uuid) that a link which still works was asked for; null where there is none, and where five orders of the address
   * were found in that hour of the clock before: nobody fills the mailbox of another. It is the guest's, or an account's whose
   * owner signs in.
   */
  async lookedUp(linkId: string): Promise<{ orderId: string; isGuests: boolean } | null> {
    const [row] = await this.db.query<{ orderId: string; isGuests: boolean }>(
      `SELECT o.id AS "orderId", o.customer_id IS NULL AS "isGuests"
       FROM account_links k JOIN orders o ON o.number = (k.profile ->> 'number')::bigint AND lower(o.email) = lower(k.email)
       WHERE k.id = $1 AND k.purpose = 'find_order' AND k.used_at IS NULL AND k.expires_at > now()
         AND (SELECT count(*) FROM account_links b JOIN orders f ON f.number = (b.profile ->> 'number')::bigint AND lower(f.email) = lower(b.email)
              WHERE lower(b.email) = lower(k.email) AND b.purpose = 'find_order'
                AND b.created_at >= date_trunc('hour', k.created_at) AND (b.created_at, b.id) < (k.created_at, k.id)) < $2`,
      [linkId, FOUND_IN_AN_HOUR],
    );
    return row ?? null;
  }

  /** @throws PermanentFailure when there is no such parcel */
  async parcel(fulfillmentId: string): Promise<ParcelOfMail> {
    const [row] = await this.db.query<ParcelOfMail>(
      `SELECT f.carrier, f.tracking_number AS "trackingNumber",
         EXISTS (SELECT FROM fulfillment_lines l JOIN order_lines o ON o.id = l.order_line_id
                 WHERE l.fulfillment_id = f.id AND o.requires_shipping) AS "isShipped",
         (SELECT coalesce(jsonb_agg(jsonb_build_object('lineId', l.order_line_id, 'quantity', l.quantity)), '[]')
          FROM fulfillment_lines l WHERE l.fulfillment_id = f.id) AS lines
       FROM fulfillments f WHERE f.id = $1`,
      [fulfillmentId],
    );
    return found(row, 'fulfillment');
  }

  /** The files of an order that can be downloaded now. */
  downloads(orderId: string): Promise<DownloadOfMail[]> {
    return this.db.query<DownloadOfMail>(
      `SELECT d.id, l.title, f.name, d.max_downloads AS "maxDownloads", d.expires_at AS "expiresAt"
       FROM order_downloads d JOIN order_lines l ON l.id = d.order_line_id JOIN variant_files f ON f.id = d.file_id
       WHERE d.order_id = $1 AND d.expires_at > now() ORDER BY l.position, f.id`,
      [orderId],
    );
  }

  /** The gift cards that an order bought and that pay. */
  giftCards(orderId: string): Promise<GiftCardOfMail[]> {
    return this.db.query<GiftCardOfMail>(
      `SELECT g.id, g.code_hash AS "codeHash", g.balance, g.currency, g.expires_at AS "expiresAt",
         g.recipient_email AS recipient
       FROM gift_cards g JOIN order_lines l ON l.id = g.order_line_id
       WHERE g.order_id = $1 AND g.disabled_at IS NULL ORDER BY l.position, g.piece`,
      [orderId],
    );
  }

  /** The order (uuid), where the money went, and the amount in minor units. @throws PermanentFailure when there is no such refund */
  async refund(refundId: string): Promise<RefundOfMail> {
    const [row] = await this.db.query<RefundOfMail>(
      `SELECT r.order_id AS "orderId", r.amount, r.destination,
         (SELECT g.last4 FROM credit_transactions t JOIN gift_cards g ON g.id = t.gift_card_id WHERE t.order_id = r.order_id AND t.refund_id = r.id) AS last4
       FROM refunds r WHERE r.id = $1`,
      [refundId],
    );
    return found(row, 'refund');
  }

  /**
   * A link that still works, or null: a mail that comes too late is not sent. Where the address has an account, the mail goes
   * to the address as the account has it; one that staff have opened and that has no password yet counts as none for who wants
   * to register. Nobody is called by a name that a stranger may have typed.
   */
  async link(linkId: string): Promise<LinkOfMail | null> {
    const [row] = await this.db.query<LinkOfMail>(
      `SELECT k.id, CASE WHEN k.user_id IS NULL THEN coalesce(c.email, k.email) ELSE k.email END AS email,
         coalesce(c.first_name, '') AS "firstName",
         c.id IS NOT NULL AND (k.purpose <> 'register' OR c.password_hash IS NOT NULL
           OR EXISTS (SELECT FROM identities i WHERE i.customer_id = c.id)) AS "hasAccount", ${SHOP}
       FROM account_links k LEFT JOIN customers c ON lower(c.email) = lower(k.email), shop_settings s
       WHERE k.id = $1 AND k.used_at IS NULL AND k.expires_at > now()
         AND (SELECT count(*) FROM account_links b JOIN orders f ON f.number = (b.profile ->> 'number')::bigint AND lower(f.email) = lower(b.email)
              WHERE lower(b.email) = lower(k.email) AND b.purpose = 'find_order'
                AND b.created_at >= date_trunc('hour', k.created_at) AND (b.created_at, b.id) < (k.created_at, k.id)) < $2`,
      [linkId, FOUND_IN_AN_HOUR],
    );
    return row ?? null;
  }

  /**
   * The account whose password a link that still works changes, with its address as it is stored, whatever was typed; null
   * where there is none. Staff come first where one address has both and nobody said which.
   */
  async passwordReset(linkId: string): Promise<AccountOfMail | null> {
    const [row] = await this.db.query<AccountOfMail>(
      `SELECT a.email, a.first_name AS "firstName", ${SHOP}
       FROM account_links k
         CROSS JOIN LATERAL (
           SELECT u.email, u.name AS first_name, 1 AS position FROM users u
             WHERE lower(u.email) = lower(k.email) AND u.suspended_at IS NULL AND k.profile ->> 'as' IS DISTINCT FROM 'customer'
           UNION ALL
           SELECT c.email, c.first_name, 2 FROM customers c
             WHERE lower(c.email) = lower(k.email) AND k.profile ->> 'as' IS DISTINCT FROM 'staff'
           ORDER BY position LIMIT 1) a,
         shop_settings s
       WHERE k.id = $1 AND k.used_at IS NULL AND k.expires_at > now()
         AND (SELECT count(*) FROM account_links b JOIN orders f ON f.number = (b.profile ->> 'number')::bigint AND lower(f.email) = lower(b.email)
              WHERE lower(b.email) = lower(k.email) AND b.purpose = 'find_order'
                AND b.created_at >= date_trunc('hour', k.created_at) AND (b.created_at, b.id) < (k.created_at, k.id)) < $2`,
      [linkId, FOUND_IN_AN_HOUR],
    );
    return row ?? null;
  }

  /** Providers of identities whose accounts open this one (uuid). */
  async providersOf(kind: 'staff' | 'customer', accountId: string): Promise<string[]> {
    const column = kind === 'staff' ? 'user_id' : 'customer_id';
    const rows = await this.db.query<{ provider: string }>(
      `SELECT DISTINCT provider FROM identities WHERE ${column} = $1 ORDER BY provider LIMIT 20`,
      [accountId],
    );
    return rows.map(({ provider }) => provider);
  }

  /** The customer who wants another address, with the one that they had when they said so; null when they are gone. */
  async emailChange(linkId: string): Promise<AccountOfMail | null> {
    const [row] = await this.db.query<AccountOfMail>(
      `SELECT coalesce(k.old_email, c.email) AS email, c.first_name AS "firstName", ${SHOP}
       FROM account_links k JOIN customers c ON c.id = k.customer_id AND c.deleted_at IS NULL, shop_settings s
       WHERE k.id = $1`,
      [linkId],
    );
    return row ?? null;
  }

  /** @throws PermanentFailure when there is no such order */
  async paymentAlert(orderId: string): Promise<PaymentAlertOfMail> {
    const [row] = await this.db.query<Omit<PaymentAlertOfMail, 'orderId'>>(
      `SELECT o.number AS "orderNumber", o.currency, ${SHOP} FROM orders o, shop_settings s WHERE o.id = $1`,
      [orderId],
    );
    return { orderId: encodeId('order', orderId), ...found(row, 'order') };
  }

  /** What the bank said of a refund that failed; null when it said nothing. */
  async refundFailure(refundId: string): Promise<string | null> {
    const [row] = await this.db.query<{ failure: string | null }>(`SELECT failure FROM refunds WHERE id = $1`, [
      refundId,
    ]);
    return row?.failure ?? null;
  }

  /** @throws PermanentFailure when there is no such dispute */
  async dispute(disputeId: string): Promise<DisputeOfMail> {
    const [row] = await this.db.query<Omit<DisputeOfMail, 'id'>>(
      `SELECT o.number AS "orderNumber", d.status LIKE 'warning%' AS "isInquiry", d.reason, d.amount, d.currency,
         d.evidence_due_at AS "evidenceDueAt", ${SHOP}
       FROM disputes d JOIN orders o ON o.id = d.order_id, shop_settings s WHERE d.id = $1`,
      [disputeId],
    );
    return { id: encodeId('dispute', disputeId), ...found(row, 'dispute') };
  }

  /** @throws PermanentFailure when there is no such finding */
  async mismatch(reconciliationId: string, kind: string, subject: string): Promise<MismatchOfMail> {
    const [row] = await this.db.query<Omit<MismatchOfMail, 'reportId'>>(
      `SELECT f.kind, f.subject, f.action, o.number AS "orderNumber",
         CASE WHEN NOT ${foundBefore('f')} THEN
           (SELECT count(*) FROM reconciliations r JOIN reconciliation_findings e ON e.reconciliation_id = r.id
            WHERE r.created_at > f.created_at - interval '1 day' AND e.severity = 'critical' AND e.id <= f.id AND NOT ${foundBefore('e')}) END AS place,
         ${SHOP}
       FROM reconciliation_findings f LEFT JOIN orders o ON o.id = f.order_id, shop_settings s
       WHERE f.reconciliation_id = $1 AND f.kind = $2 AND f.subject = $3`,
      [reconciliationId, kind, subject],
    );
    return { reportId: encodeId('reconciliation', reconciliationId), ...found(row, 'finding') };
  }

  /** @throws PermanentFailure when there is no such report */
  async standing(reconciliationId: string): Promise<StandingOfMail> {
    const [report] = await this.db.query<Pick<StandingOfMail, 'isFinished' | 'shop'>>(
      `SELECT r.status IN ('done', 'failed') OR ${isAbandoned('r')} AS "isFinished", ${SHOP} FROM reconciliations r, shop_settings s WHERE r.id = $1`,
      [reconciliationId],
    );
    const findings = await this.db.query<StandingOfMail['findings'][number] & { count: number }>(
      `SELECT f.kind, f.subject, o.number AS "orderNumber", count(*) OVER () AS count,
         (SELECT min(b.created_at) FROM reconciliation_findings b WHERE b.subject = f.subject AND b.kind = f.kind) AS since
       FROM reconciliation_findings f LEFT JOIN orders o ON o.id = f.order_id
       WHERE f.reconciliation_id = $1 AND f.severity = 'critical' AND ${foundBefore('f')}
       ORDER BY since, f.id LIMIT ${STANDING_ROWS}`,
      [reconciliationId],
    );
    return {
      reportId: encodeId('reconciliation', reconciliationId),
      ...found(report, 'report'),
      findings,
      count: findings[0]?.count ?? 0,
    };
  }

  /** Who owns an account, or null when it is gone. */
  async account(kind: 'staff' | 'customer', id: string): Promise<AccountOfMail | null> {
    const [row] = await this.db.query<AccountOfMail>(
      kind === 'staff'
        ? `SELECT u.email, u.name AS "firstName", ${SHOP} FROM users u, shop_settings s WHERE u.id = $1`
        : `SELECT c.email, c.first_name AS "firstName", ${SHOP} FROM customers c, shop_settings s
           WHERE c.id = $1 AND c.email IS NOT NULL`,
      [id],
    );
    return row ?? null;
  }

  /** A member of staff, and what they are. */
  async member(id: string): Promise<{ name: string; mayDo: string } | null> {
    const [row] = await this.db.query<{ name: string; mayDo: string }>(
      `SELECT u.name || ' (' || u.email || ')' AS name, coalesce(r.name, u.role) AS "mayDo"
       FROM users u LEFT JOIN roles r ON r.id = u.custom_role_id WHERE u.id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** An API key, and what it is for. */
  async apiKey(id: string): Promise<{ name: string; mayDo: string } | null> {
    const [row] = await this.db.query<{ name: string; mayDo: string }>(
      `SELECT name || ' (…' || hint || ')' AS name, array_to_string(scopes, ', ') AS "mayDo" FROM api_keys WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Null when they, or what they wait for, are gone. */
  async stockAlert(alertId: string): Promise<StockAlertOfMail | null> {
    const [row] = await this.db.query<StockAlertOfMail>(
      `SELECT a.email, p.handle, p.title, v.title AS "variantTitle", ${SHOP}
       FROM stock_alerts a JOIN variants v ON v.id = a.variant_id JOIN products p ON p.id = v.product_id, shop_settings s
       WHERE a.id = $1 AND v.status = 'active' AND p.status = 'active'`,
      [alertId],
    );
    return row ?? null;
  }

  /** @throws PermanentFailure when there is no such stock level */
  async lowStock(variantId: string, locationId: string): Promise<LowStockOfMail> {
    const [row] = await this.db.query<LowStockOfMail>(
      `SELECT p.id AS "productId", p.title, v.title AS "variantTitle", v.sku, l.name AS location, k.on_hand AS "onHand",
         k.on_hand - k.reserved AS available, ${SHOP}
       FROM stock_levels k JOIN variants v ON v.id = k.variant_id JOIN products p ON p.id = v.product_id
         JOIN locations l ON l.id = k.location_id, shop_settings s
       WHERE k.variant_id = $1 AND k.location_id = $2`,
      [variantId, locationId],
    );
    const stock = found(row, 'stock level');
    return { ...stock, productId: encodeId('product', stock.productId), variantId: encodeId('variant', variantId) };
  }
}

/** One of the orders that were read. @throws PermanentFailure when there is no such order */
export const orderIn = (orders: OrdersOfMail, orderId: string): OrderOfMail => found(orders.get(orderId), 'order');

function found<T>(row: T | undefined, what: string): T {
  if (!row) throw new PermanentFailure(`the ${what} of this event does not exist`);
  return row;
}
