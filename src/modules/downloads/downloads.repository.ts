import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import { PIECES_CHARGED } from '../credits/index.js';
import { DownloadsReady } from './downloads.events.js';

/** How long a link works, and how often. */
export const LINK_DAYS = 30;
export const MAX_DOWNLOADS = 5;
/** How long a download that broke off may go on without counting anew. */
const RESUME_MINUTES = 60;

/** What a buyer may download. */
export interface DownloadRow {
  id: string;
  file_id: string;
  title: string;
  name: string;
  bytes: number;
  downloads: number;
  max_downloads: number;
  expires_at: Date;
  /** whether the order is paid and nothing speaks against it */
  is_granted: boolean;
}

/** An order whose files may be had: decided anew at each download, so that nothing has to be taken back. */
const IS_GRANTED = `(o.status IN ('confirmed', 'completed') AND o.payment_status IN ('paid', 'partially_refunded')
  AND NOT o.disputed AND o.hold IS NULL)`;

const COLUMNS = `d.id, d.file_id, l.title, f.name, f.bytes, d.downloads, d.max_downloads, d.expires_at, ${IS_GRANTED} AS is_granted`;
const JOINED = `order_downloads d JOIN orders o ON o.id = d.order_id JOIN order_lines l ON l.id = d.order_line_id
  JOIN variant_files f ON f.id = d.file_id`;

/** Gives files out to buyers, and counts what they take. */
@Injectable()
export class DownloadsRepository {
  constructor(private readonly db: Db) {}

  /** What an order gives, in the order of its lines. */
  ofOrder(orderId: string, db: Queryable = this.db): Promise<DownloadRow[]> {
    return db.query<DownloadRow>(`SELECT ${COLUMNS} FROM ${JOINED} WHERE d.order_id = $1 ORDER BY l.position, f.id`, [
      orderId,
    ]);
  }

  async find(id: string): Promise<DownloadRow | null> {
    const [row] = await this.db.query<DownloadRow>(`SELECT ${COLUMNS} FROM ${JOINED} WHERE d.id = $1`, [id]);
    return row ?? null;
  }

  /**
   * Gives the files of a paid order to its buyer.
   * @param renew whether those that are given already begin anew, with all their downloads
   * @returns how many are new or renewed
   */
  async grant(tx: Tx, orderId: string, renew: boolean): Promise<number> {
    const files = await tx.query<{ line_id: string; file_id: string }>(
      `SELECT l.id AS line_id, f.id AS file_id FROM orders o JOIN order_lines l ON l.order_id = o.id
         JOIN variant_files f ON f.variant_id = l.variant_id AND f.archived_at IS NULL
       WHERE o.id = $1 AND ${IS_GRANTED}
       UNION SELECT l.id, f.id FROM orders o JOIN order_lines l ON l.order_id = o.id
         CROSS JOIN LATERAL jsonb_to_recordset(l.parts) AS p ("variantId" uuid)
         JOIN variant_files f ON f.variant_id = p."variantId" AND f.archived_at IS NULL
       WHERE o.id = $1 AND ${IS_GRANTED}
       UNION SELECT d.order_line_id, d.file_id FROM order_downloads d JOIN orders o ON o.id = d.order_id WHERE o.id = $1 AND ${IS_GRANTED}`,
      [orderId],
    );
    const written = await tx.query(
      `INSERT INTO order_downloads AS d (id, order_id, order_line_id, file_id, max_downloads, expires_at)
       SELECT n.id, $1, n.line_id, n.file_id, ${MAX_DOWNLOADS}, now() + interval '${LINK_DAYS} days'
       FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS n (id, line_id, file_id)
       ON CONFLICT ON CONSTRAINT order_downloads_once
         DO UPDATE SET downloads = 0, last_started_at = NULL, expires_at = excluded.expires_at WHERE $5
       RETURNING 1`,
      [orderId, files.map(() => newUuid()), files.map((f) => f.line_id), files.map((f) => f.file_id), renew],
    );
    if (written.length > 0) await this.announceReady(tx, orderId, renew ? newUuid() : 'paid');
    return written.length;
  }

  /**
   * Takes one of the downloads that are left: one statement, so that no race takes more than there are.
   * @param isResumed goes on with a download that began a short time ago, which counts already
   */
  async take(id: string, isResumed: boolean): Promise<DownloadRow | null> {
    const [row] = await this.db.query<DownloadRow>(
      `WITH taken AS (
         UPDATE order_downloads d SET downloads = d.downloads + CASE WHEN $2 THEN 0 ELSE 1 END,
           last_started_at = CASE WHEN $2 THEN d.last_started_at ELSE now() END
         FROM orders o
         WHERE d.id = $1 AND o.id = d.order_id AND ${IS_GRANTED} AND d.expires_at > now()
           AND CASE WHEN $2 THEN d.last_started_at > now() - interval '${RESUME_MINUTES} minutes'
                    ELSE d.downloads < d.max_downloads END
         RETURNING d.*)
       SELECT ${COLUMNS} FROM taken d JOIN orders o ON o.id = d.order_id JOIN order_lines l ON l.id = d.order_line_id
         JOIN variant_files f ON f.id = d.file_id`,
      [id, isResumed],
    );
    return row ?? null;
  }

  /** Whether an order has anything that is given without a parcel. */
  async hasAny(orderId: string): Promise<boolean> {
    const found = await this.db.query(
      `SELECT 1 FROM order_lines l WHERE l.order_id = $1 AND (l.is_gift_card
         OR EXISTS (SELECT FROM variant_files f WHERE f.variant_id = l.variant_id AND f.archived_at IS NULL)
         OR EXISTS (SELECT FROM jsonb_to_recordset(l.parts) AS p ("variantId" uuid)
           JOIN variant_files f ON f.variant_id = p."variantId" AND f.archived_at IS NULL)
         OR EXISTS (SELECT FROM order_downloads d WHERE d.order_line_id = l.id)) LIMIT 1`,
      [orderId],
    );
    return found.length > 0;
  }

  /** Whether an order is nothing but files and gift cards that its buyer has got, and waits for nothing else. */
  async isDelivered(orderId: string): Promise<boolean> {
    const [row] = await this.db.query(
      `SELECT 1 FROM orders o WHERE o.id = $1 AND o.status = 'confirmed' AND o.fulfillment_status = 'unfulfilled' AND ${IS_GRANTED}
         AND NOT EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id AND (l.requires_shipping
           OR CASE WHEN l.is_gift_card
             THEN l.unit_price > 0 AND (SELECT count(*) FROM gift_cards g WHERE g.order_line_id = l.id) < ${PIECES_CHARGED}
             ELSE NOT EXISTS (SELECT FROM order_downloads d WHERE d.order_line_id = l.id) END))`,
      [orderId],
    );
    return row !== undefined;
  }

  private async announceReady(tx: Tx, orderId: string, occasion: string): Promise<void> {
    const [order] = await tx.query<{ number: number }>(`SELECT number FROM orders WHERE id = $1`, [orderId]);
    announce(tx, {
      definition: DownloadsReady,
      key: `${DownloadsReady.topic}:${orderId}:${occasion}`,
      aggregateType: 'order',
      aggregateId: orderId,
      payload: { orderId: encodeId('order', orderId), number: order!.number },
    });
  }
}
