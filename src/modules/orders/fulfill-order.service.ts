import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import type { FieldError } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { encodeId, newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import type { FulfillOrderRequest } from './dto/orders.request.js';
import { GoodsPromisedBack, onHold, OrderNotFulfillable, QuantityNotShippable } from './order.errors.js';
import { OrderFulfilled } from './order.events.js';
import { OrdersRepository } from './orders.repository.js';

interface ShippableLine {
  id: string;
  quantity: number;
  fulfilled_quantity: number;
  restocked_quantity: number;
  /** What a capture that is under way leaves out, and has not gone back yet. */
  by_capture: number;
  /** What refunds that are under way put back. */
  by_refund: number;
}

/**
 * With what is promised back while nobody knows yet how that ends: its money may be gone, or its place on the shelf sold, by
 * the time that it would be with the carrier. It is counted as it will be once it has gone back.
 */
const LINES = `SELECT l.id, l.quantity, l.fulfilled_quantity, l.restocked_quantity,
    greatest(coalesce((SELECT sum(x.quantity) FROM payment_captures c, jsonb_to_recordset(c.dropped) AS x ("lineId" uuid, quantity int)
      WHERE c.order_id = l.order_id AND c.status = 'pending' AND x."lineId" = l.id), 0) - l.restocked_quantity, 0)::int AS by_capture,
    coalesce((SELECT sum(x.quantity) FROM refunds r, jsonb_to_recordset(r.lines) AS x ("lineId" uuid, quantity int)
      WHERE r.order_id = l.order_id AND r.status = 'pending' AND r.restock AND x."lineId" = l.id), 0)::int AS by_refund
  FROM order_lines l WHERE l.order_id = $1 ORDER BY l.position`;

/** What of a line is not shipped: not what went back on the shelf after a refund. */
const leftOf = (line: ShippableLine) => Math.max(line.quantity - line.fulfilled_quantity - line.restocked_quantity, 0);
/** What of that can be shipped now. */
const shippableOf = (line: ShippableLine) => Math.max(leftOf(line) - line.by_capture - line.by_refund, 0);

/** Payment statuses in which no money comes: the hold is lost, or the payment has failed. */
const UNPAID: ReadonlySet<string> = new Set(['canceled', 'failed']);

/** Hands goods of a confirmed order to a carrier: a parcel, and the customer hears of it. */
@Injectable()
export class FulfillOrder {
  constructor(
    private readonly db: Db,
    private readonly orders: OrdersRepository,
  ) {}

  /** @throws `order_not_fulfillable`, `order_on_hold`, `goods_promised_back`, `quantity_not_shippable` */
  async execute(orderId: string, request: FulfillOrderRequest, actor: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const order = await this.orders.lockOrder(tx, orderId);
      if (order.status !== 'confirmed') throw OrderNotFulfillable({ data: { orderStatus: order.status } });
      if (UNPAID.has(order.payment_status))
        throw OrderNotFulfillable({
          detail: 'Nobody pays for this order any more; canceling it ends what is not shipped.',
          data: { orderStatus: order.status, paymentStatus: order.payment_status },
        });
      const reasons = [...(order.disputed ? ['disputed'] : []), ...(order.hold ? [order.hold] : [])];
      if (reasons.length > 0) throw onHold(reasons);
      if (order.payment_status === 'authorized') await this.assertHeld(tx, orderId);
      const lines = await tx.query<ShippableLine>(LINES, [orderId]);
      const parcel = request.lines ? this.chosen(request.lines, lines) : this.everythingLeft(lines);
      if (parcel.size === 0 && lines.some((line) => leftOf(line) > 0)) throw promisedBack(lines);
      if (parcel.size === 0)
        throw OrderNotFulfillable({
          detail: 'Nothing of it is left to ship.',
          data: { orderStatus: order.status },
        });

      const fulfillmentId = newUuid();
      await this.write(tx, orderId, fulfillmentId, parcel, request);
      // Not with what is promised back: should that fail, it is shipped after all.
      const complete = lines.every((line) => leftOf(line) === (parcel.get(line.id) ?? 0));
      const settled = ['paid', 'partially_refunded', 'refunded'].includes(order.payment_status);
      await this.orders.change(
        tx,
        order,
        {
          fulfillmentStatus: complete ? 'fulfilled' : 'partially_fulfilled',
          ...(complete && settled ? { status: 'completed' as const } : {}),
        },
        {
          type: 'order.fulfilled',
          actor,
          data: {
            fulfillmentId: encodeId('fulfillment', fulfillmentId),
            carrier: request.carrier ?? null,
            trackingNumber: request.trackingNumber ?? null,
          },
        },
      );
      announce(tx, {
        definition: OrderFulfilled,
        key: `${OrderFulfilled.topic}:${fulfillmentId}`,
        aggregateType: 'order',
        aggregateId: orderId,
        payload: { orderId: encodeId('order', orderId), number: order.number, fulfillmentId },
      });
      failpoint('commit.fulfillment');
    });
  }

  /** Goods are not sent on the strength of a hold whose time is over, whether or not its end was reported yet. */
  private async assertHeld(tx: Tx, orderId: string): Promise<void> {
    const [hold] = await tx.query(
      `SELECT 1 FROM payments WHERE order_id = $1 AND status = 'authorized' AND (capture_before IS NULL OR capture_before > now())`,
      [orderId],
    );
    if (!hold)
      throw OrderNotFulfillable({
        detail: 'The bank no longer holds the money of this order.',
        data: { orderStatus: 'confirmed', paymentStatus: 'authorized' },
      });
  }

  private everythingLeft(lines: readonly ShippableLine[]): Map<string, number> {
    return new Map(lines.map((line) => [line.id, shippableOf(line)] as const).filter(([, quantity]) => quantity > 0));
  }

  private chosen(
    wanted: NonNullable<FulfillOrderRequest['lines']>,
    lines: readonly ShippableLine[],
  ): Map<string, number> {
    const parcel = new Map<string, number>();
    const errors: FieldError[] = [];
    const promised: FieldError[] = [];
    const promisedLines: ShippableLine[] = [];
    for (const [i, { lineId, quantity }] of wanted.entries()) {
      const line = lines.find((l) => l.id === lineId);
      const together = (parcel.get(lineId) ?? 0) + quantity;
      if (!line)
        errors.push({ pointer: `/lines/${i}/lineId`, code: 'not_found', detail: 'is not a line of this order' });
      else if (together > leftOf(line)) {
        errors.push({
          pointer: `/lines/${i}/quantity`,
          code: 'too_large',
          detail: `only ${leftOf(line)} left to ship`,
        });
      } else if (together > shippableOf(line)) {
        promisedLines.push(line);
        promised.push({
          pointer: `/lines/${i}/quantity`,
          code: 'promised_back',
          detail: `only ${shippableOf(line)} of the ${leftOf(line)} that are left can be shipped now`,
        });
      }
      parcel.set(lineId, together);
    }
    if (errors.length > 0) throw QuantityNotShippable({ errors });
    if (promised.length > 0) throw promisedBack(promisedLines, promised);
    return parcel;
  }

  private async write(
    tx: Tx,
    orderId: string,
    id: string,
    parcel: Map<string, number>,
    request: FulfillOrderRequest,
  ): Promise<void> {
    await tx.query(
      `WITH f AS (INSERT INTO fulfillments (id, order_id, carrier, tracking_number) VALUES ($1, $2, $3, $4) RETURNING id),
       want AS (SELECT * FROM jsonb_to_recordset($5) AS x(order_line_id uuid, quantity int)),
       fl AS (INSERT INTO fulfillment_lines (fulfillment_id, order_line_id, quantity) SELECT f.id, want.order_line_id, want.quantity FROM f, want)
       UPDATE order_lines l SET fulfilled_quantity = l.fulfilled_quantity + want.quantity FROM want WHERE l.id = want.order_line_id`,
      [
        id,
        orderId,
        request.carrier ?? null,
        request.trackingNumber ?? null,
        JSON.stringify([...parcel].map(([order_line_id, quantity]) => ({ order_line_id, quantity }))),
      ],
    );
  }
}

const promisedBack = (lines: readonly ShippableLine[], errors?: FieldError[]) => {
  const reasons = [
    ...(lines.some((line) => line.by_capture > 0) ? ['capture'] : []),
    ...(lines.some((line) => line.by_refund > 0) ? ['refund'] : []),
  ];
  return GoodsPromisedBack({
    detail: `A ${reasons.join(' and a ')} under way puts them back on the shelf.`,
    ...(errors ? { errors } : {}),
    data: { reasons },
  });
};
