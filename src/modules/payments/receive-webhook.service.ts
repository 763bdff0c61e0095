import { Inject, Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { ProcessWebhookJob } from './jobs/definitions.js';
import { WebhookSignatureInvalid } from './payments.errors.js';

/**
 * Takes an event of Stripe: checks the signature on the raw bytes before anything is read, stores the event once, and
 * leaves the work to a job. Answering 200 means: it is stored.
 */
@Injectable()
export class ReceiveWebhook {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** @throws `webhook_signature_invalid` */
  async execute(rawBody: Buffer | undefined, signature: string | string[] | undefined): Promise<void> {
    const event = this.verify(rawBody, signature);
    if (event.api_version !== Stripe.API_VERSION)
      log.warn('webhook.api_version_differs', { event: event.id, apiVersion: event.api_version });
    const receiptId = newUuid();
    await this.db.transaction(async (tx) => {
      const stored = await tx.query(
        `INSERT INTO webhook_receipts (id, provider, event_id, type, object_ref, api_version) VALUES ($1, 'stripe', $2, $3, $4, $5)
         ON CONFLICT (event_id) DO NOTHING RETURNING 1`,
        [receiptId, event.id, event.type, intentOf(event), event.api_version],
      );
      if (stored.length > 0) await enqueue(tx, ProcessWebhookJob, receiptId, { receiptId });
      failpoint('commit.webhook');
    });
  }

  private verify(rawBody: Buffer | undefined, signature: string | string[] | undefined): Stripe.Event {
    if (!rawBody || typeof signature !== 'string')
      throw WebhookSignatureInvalid({ detail: 'The Stripe-Signature header is missing.' });
    for (const secret of this.config.stripe?.webhookSecrets ?? []) {
      try {
        return Stripe.webhooks.constructEvent(rawBody, signature, secret);
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) break;
      }
    }
    throw WebhookSignatureInvalid();
  }
}

/** The intent that the event is about, if it is about one. */
function intentOf(event: Stripe.Event): string | null {
  const object = event.data.object as { object?: string; id?: string; payment_intent?: string | { id: string } | null };
  if (object.object === 'payment_intent') return object.id ?? null;
  const intent = object.payment_intent;
  return typeof intent === 'string' ? intent : (intent?.id ?? null);
}
