import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { defineJob, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';
import { ProductSales, type Sold } from '../catalog/index.js';

const EVERY_MS = 300_000;

export const CountSalesJob = defineJob({
  name: 'orders.count-sales',
  queue: 'maintenance',
  description: 'counts what was sold today and yesterday, for lists that show the best-selling first',
  everyMs: EVERY_MS,
  leaseMs: 300_000,
});

const DAY_MS = 86_400_000;
/** Pieces sold longer ago weigh next to nothing. */
const MEMORY_DAYS = 365;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Days of orders that were placed since `$1`, and of older ones that were canceled or confirmed again since then. */
const DAYS_SQL = `
  SELECT DISTINCT (placed_at AT TIME ZONE 'UTC')::date::text AS day FROM (
    SELECT placed_at FROM orders WHERE placed_at >= $1::timestamp AT TIME ZONE 'UTC'
    UNION ALL
    SELECT o.placed_at FROM order_events e JOIN orders o ON o.id = e.order_id
    WHERE e.created_at >= $1::timestamp AT TIME ZONE 'UTC' AND o.placed_at < $1::timestamp AT TIME ZONE 'UTC'
      AND (e.from_status IN ('confirmed', 'completed')) <> (e.to_status IN ('confirmed', 'completed'))) days
  ORDER BY day`;

/**
 * Counts the pieces of confirmed orders day by day, from the day before the last one that was counted, and the days of older
 * orders that were confirmed or canceled meanwhile; an outage is made up for. The last day comes last: a count that breaks off
 * leaves nothing out that the next one would not look at. Checkouts have nothing to do with it.
 */
@HandlesJob(CountSalesJob)
@Injectable()
export class SalesCounter implements JobHandler {
  constructor(
    private readonly db: Db,
    private readonly sales: ProductSales,
  ) {}

  async handle(job?: JobContext): Promise<void> {
    const last = await this.sales.lastDay();
    const from = last === null ? Date.now() - MEMORY_DAYS * DAY_MS : Math.min(Date.parse(last), Date.now()) - DAY_MS;
    const days = await this.db.query<{ day: string }>(DAYS_SQL, [dayOf(from)]);
    for (const { day } of days) {
      await this.sales.setDay(day, await this.soldOn(day));
      await job?.progress({ day });
    }
    await this.heal();
  }

  /** Each run looks at another day of the last year, so that whatever was shown wrongly is right again a day or two later. */
  async heal(now = Date.now()): Promise<void> {
    const day = dayOf(now - (Math.floor(now / EVERY_MS) % MEMORY_DAYS) * DAY_MS);
    const products = await this.sales.heal(day);
    if (products > 0) log.warn('catalog.popularity_healed', { day, products });
  }

  private soldOn(day: string): Promise<Sold[]> {
    return this.db.query<Sold>(
      `SELECT l.product_id AS "productId", sum(l.quantity)::bigint AS quantity
       FROM orders o JOIN order_lines l ON l.order_id = o.id
       WHERE o.placed_at >= $1::timestamp AT TIME ZONE 'UTC' AND o.placed_at < ($1::timestamp + interval '1 day') AT TIME ZONE 'UTC'
         AND o.status IN ('confirmed', 'completed')
       GROUP BY l.product_id ORDER BY l.product_id`,
      [day],
    );
  }
}
