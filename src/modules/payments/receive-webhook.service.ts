import { Inject, Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { Db } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { ProcessWebhookJob } from './jobs/definitions.js';
import { WebhookSignatureInvalid } from './payments.errors.js';
import { countEvent } from './webhook-counts.js';

/** Older signatures are refused: an event that was overheard is of no use. */
const TOLERANCE_SECONDS = 300;

/** What we read of an event: of a snapshot, or of a thin one that only names its object. */
interface ReceivedEvent {
  id: string;
  type: string;
  /** The intent, or a charge, refund or dispute that leads to it. */
  objectRef: string | null;
  /** null for thin events, which have no version. */
  apiVersion: string | null;
  livemode: boolean;
}

/**
 * Takes an event of Stripe: checks the signature on the raw bytes before anything is read, stores the event once, and
 * leaves the work to a job. Answering 200 means: it is stored. One endpoint takes snapshot and thin events, because neither
 * is believed: the payment is read from Stripe.
 */
@Injectable()
export class ReceiveWebhook {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** @throws `webhook_signature_invalid`; `validation_failed` for a signed body that is no event */
  async execute(rawBody: Buffer | undefined, signature: string | string[] | undefined): Promise<void> {
    const event = read(this.verify(rawBody, signature));
    if (event.apiVersion !== null && event.apiVersion !== Stripe.API_VERSION) {
      countEvent({ outcome: 'other_api_version' });
      log.warn('webhook.api_version_differs', {
        event: event.id,
        apiVersion: event.apiVersion,
        expected: Stripe.API_VERSION,
      });
    }
    // Test and live events have secrets of their own, so this is a mistake in the settings: nothing of ours is meant.
    const isOurMode = event.livemode === /^(sk|rk)_live_/.test(this.config.stripe?.secretKey ?? '');
    if (!isOurMode) log.error('webhook.mode_differs', { event: event.id, livemode: event.livemode });
    const receiptId = newUuid();
    const isNew = await this.db.transaction(async (tx) => {
      const stored = await tx.query(
        `INSERT INTO webhook_receipts (id, provider, event_id, type, object_ref, api_version, processed_at, outcome)
         VALUES ($1, 'stripe', $2, $3, $4, $5, CASE WHEN $6 THEN NULL ELSE now() END, CASE WHEN $6 THEN NULL ELSE 'ignored' END)
         ON CONFLICT (event_id) DO NOTHING RETURNING 1`,
        [receiptId, event.id, event.type, event.objectRef, event.apiVersion, isOurMode],
      );
      if (stored.length > 0 && isOurMode) await enqueue(tx, ProcessWebhookJob, receiptId, { receiptId });
      failpoint('commit.webhook');
      return stored.length > 0;
    });
    countEvent({ outcome: isNew ? 'received' : 'repeated' });
  }

  /** The body, once one of the secrets fits: two do while one is being rolled. */
  private verify(rawBody: Buffer | undefined, signature: string | string[] | undefined): string {
    if (!rawBody || typeof signature !== 'string')
      throw WebhookSignatureInvalid({ detail: 'The Stripe-Signature header is missing.' });
    const body = rawBody.toString('utf8');
    for (const secret of this.config.stripe?.webhookSecrets ?? []) {
      try {
        Stripe.webhooks.signature!.verifyHeader(body, signature, secret, TOLERANCE_SECONDS);
        return body;
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
      }
    }
    countEvent({ outcome: 'bad_signature' });
    throw WebhookSignatureInvalid();
  }
}

/** Snapshot events carry their object, thin ones name it; both are signed alike, and `object` tells them apart. */
function read(body: string): ReceivedEvent {
  const event = parse(body);
  const { id, type, livemode } = event;
  if (typeof id !== 'string' || typeof type !== 'string') throw notAnEvent();
  const common = { id, type, livemode: livemode === true };
  if (event.object === 'v2.core.event')
    return { ...common, objectRef: event.related_object?.id ?? null, apiVersion: null };
  if (event.object !== 'event') throw notAnEvent();
  return {
    ...common,
    objectRef: event.data?.object ? intentOf(event.data.object) : null,
    apiVersion: event.api_version ?? null,
  };
}

interface AnyEvent {
  id?: unknown;
  object?: unknown;
  type?: unknown;
  livemode?: unknown;
  api_version?: string | null;
  data?: { object?: EventObject };
  related_object?: { id?: string } | null;
}

interface EventObject {
  object?: string;
  id?: string;
  payment_intent?: string | { id: string } | null;
}

function parse(body: string): AnyEvent {
  try {
    const event: unknown = JSON.parse(body);
    if (typeof event === 'object' && event !== null) return event;
  } catch {
    // Said below.
  }
  throw notAnEvent();
}

const notAnEvent = () =>
  ValidationFailed({ errors: [{ pointer: '', code: 'not_an_event', detail: 'is not an event of Stripe' }] });

/** The intent that the object is, or belongs to. */
function intentOf(object: EventObject): string | null {
  if (object.object === 'payment_intent') return object.id ?? null;
  const intent = object.payment_intent;
  return typeof intent === 'string' ? intent : (intent?.id ?? null);
}
