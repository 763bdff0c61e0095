import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { ProcessWebhookJob } from '../jobs/definitions.js';
import { StripeBooks, type UndeliveredEvent } from '../stripe/stripe-books.js';
import { count, type Report } from './reports.repository.js';

/** Kinds of events that change something here. */
const OURS = /^(payment_intent|charge|refund|radar\.early_fraud_warning|review|setup_intent|payment_method)\./;

/** Takes the events that Stripe could not deliver, as if they had come: stored once, worked on by the same job. */
@Injectable()
export class RecoverEvents {
  constructor(
    private readonly db: Db,
    private readonly books: StripeBooks,
  ) {}

  /** One page. @returns where the next one begins */
  async execute(report: Report, stretch: { from: Date; to: Date; after?: string }): Promise<string | null> {
    const { items, next } = await this.books.undelivered(stretch);
    count(report, 'eventsUndelivered', items.length);
    const known = new Set(
      (
        await this.db.query<{ event_id: string }>(`SELECT event_id FROM webhook_receipts WHERE event_id = ANY($1)`, [
          items.map((event) => event.ref),
        ])
      ).map((row) => row.event_id),
    );
    for (const event of items) {
      if (known.has(event.ref) || !OURS.test(event.type) || !(await this.take(event))) continue;
      count(report, 'eventsRecovered');
      await report.add({
        kind: 'event_undelivered',
        subject: event.ref,
        expected: { type: event.type, object: event.objectRef },
        found: null,
        action: 'taken in as if it had been delivered',
      });
    }
    return next;
  }

  private async take(event: UndeliveredEvent): Promise<boolean> {
    const receiptId = newUuid();
    return this.db.transaction(async (tx) => {
      const stored = await tx.query(
        `INSERT INTO webhook_receipts (id, provider, event_id, type, object_ref, api_version) VALUES ($1, 'stripe', $2, $3, $4, $5)
         ON CONFLICT (event_id) DO NOTHING RETURNING 1`,
        [receiptId, event.ref, event.type, event.objectRef, event.apiVersion],
      );
      if (stored.length > 0) await enqueue(tx, ProcessWebhookJob, receiptId, { receiptId });
      failpoint('commit.event_recovered');
      return stored.length > 0;
    });
  }
}
