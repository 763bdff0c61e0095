import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { PaymentAttemptsExhausted, PaymentRefused, PaymentUnavailable } from './payments.errors.js';
import { MAX_TRIES } from './payment.policy.js';
import { KeyGenerations } from './key-generations.js';
import { type PaymentRow, PaymentsRepository } from './payments.repository.js';
import { FindLostIntent, KEY_LIFE_MS } from './reconciliation/find-lost-intent.service.js';
import { type CardWish, ChooseCard } from './saved-cards/choose-card.service.js';
import { type Intent, StripeGateway } from './stripe/stripe-gateway.js';
import { SyncPayment } from './sync-payment.service.js';

/** How the shopper pays: on the client with the client secret, or here with what the storefront collected. */
export interface PayRequest extends CardWish {
  returnUrl?: string;
  /** Names this try: the same try repeated charges once, another try is another charge. */
  attemptId: string;
}

/** A payment with what the shopper needs to go on. */
export interface StartedPayment {
  payment: PaymentRow;
  clientSecret: string | null;
  nextAction: Record<string, unknown> | null;
}

/** Where an intent takes a card: also another one, when the shopper has left the 3D Secure page of the first. */
const CONFIRMABLE: ReadonlySet<string> = new Set(['requires_payment_method', 'requires_action']);

/** Gets the intent of a payment and, when asked, charges it. Talks to Stripe, so never inside a transaction. */
@Injectable()
export class StartPayment {
  constructor(
    private readonly db: Db,
    private readonly gateway: StripeGateway,
    private readonly keys: KeyGenerations,
    private readonly lost: FindLostIntent,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
    private readonly cards: ChooseCard,
  ) {}

  /** @throws `payment_unavailable` with the order's id when Stripe is out of reach; the order stays payable */
  async execute(payment: PaymentRow, orderNumber: number, request: PayRequest): Promise<StartedPayment> {
    // The order ended before Stripe had heard of it: nothing is to be paid any more.
    if (payment.status === 'canceled' && payment.provider_ref === null)
      return { payment, clientSecret: null, nextAction: null };
    return this.gateway.withDeadline(() => this.start(payment, orderNumber, request));
  }

  private async start(payment: PaymentRow, orderNumber: number, request: PayRequest): Promise<StartedPayment> {
    try {
      let intent = await this.ensureIntent(payment, orderNumber);
      if (CONFIRMABLE.has(intent.status)) intent = await this.charge(payment, intent, request);
      const current =
        intent.status === payment.status && intent.attempt === null
          ? { ...payment, provider_ref: intent.ref }
          : await this.sync.applyIntent(payment.id, intent);
      return { payment: current, clientSecret: intent.clientSecret, nextAction: intent.nextAction };
    } catch (error) {
      if (!PaymentUnavailable.is(error)) throw error;
      throw PaymentUnavailable({
        data: { orderId: encodeId('order', payment.order_id) },
        retryAfterSeconds: error.details.retryAfterSeconds,
        cause: error,
      });
    }
  }

  /** @returns where the intent stands after that; as it is when the shopper pays on the client */
  private async charge(payment: PaymentRow, intent: Intent, request: PayRequest): Promise<Intent> {
    try {
      const token = await this.cards.choose(intent, request);
      if (token === undefined) return intent;
      await this.beginTry(payment, request.attemptId);
      const answer = await this.gateway.confirmIntent(intent, request.attemptId, token, request.returnUrl);
      return 'declined' in answer ? answer.intent : answer;
    } catch (error) {
      if (!PaymentRefused.is(error)) throw error;
      // Another try, or the end of the order, may have been faster: then where the intent stands says more than the refusal.
      const now = await this.gateway.retrieveIntent(intent.ref);
      if (CONFIRMABLE.has(now.status)) throw error;
      return now;
    }
  }

  private async beginTry(payment: PaymentRow, attemptId: string): Promise<void> {
    const mayTry = await this.db.transaction(async (tx) => {
      const isWritten = await this.payments.beginTry(tx, payment.id, attemptId, MAX_TRIES);
      failpoint('commit.try');
      return isWritten;
    });
    if (!mayTry) throw PaymentAttemptsExhausted({ data: { orderId: encodeId('order', payment.order_id) } });
  }

  /** The intent of this payment: asked for again with the same key until its id is stored, so there is never a second one. */
  async ensureIntent(payment: PaymentRow, orderNumber: number): Promise<Intent> {
    if (payment.provider_ref !== null) return this.gateway.retrieveIntent(payment.provider_ref);
    // Stripe may have forgotten the key of an old payment, and would make a second intent.
    const isOld = Date.now() - payment.created_at.getTime() > KEY_LIFE_MS;
    const lost = isOld ? await this.lost.execute(payment) : null;
    const intent = lost ?? (await this.createIntent(payment, orderNumber));
    failpoint('commit.intent');
    await this.db.query(
      `UPDATE payments SET provider_ref = $2, updated_at = now() WHERE id = $1 AND provider_ref IS NULL`,
      [payment.id, intent.ref],
    );
    return intent;
  }

  private createIntent(payment: PaymentRow, orderNumber: number): Promise<Intent> {
    return this.keys.run(
      { table: 'payments', id: payment.id, generation: payment.key_generation },
      {
        send: (generation) =>
          this.gateway.createIntent({
            id: encodeId('payment', payment.id),
            generation,
            orderId: encodeId('order', payment.order_id),
            orderNumber,
            amount: payment.amount,
            currency: payment.currency,
            captureMethod: payment.capture_method,
          }),
        find: () => this.lost.execute(payment),
      },
    );
  }
}
