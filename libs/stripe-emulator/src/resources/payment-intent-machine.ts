import type Stripe from 'stripe';
import { ApiError, invalid, refused } from '../api-error.js';
import { inMajorUnits } from '../currencies.js';
import { type Engine, type Scope, snapshot } from '../engine.js';
import { newId } from '../random.js';
import type { IntentTrait } from '../store.js';
import type { Outcome } from '../test-cards.js';
import type { Charges } from './charges.js';
import type { Complaints } from './complaints.js';
import type { PaymentMethods } from './payment-methods.js';

type Intent = Stripe.PaymentIntent;
type Status = Stripe.PaymentIntent['status'];

const CANCELABLE: readonly Status[] = [
  'requires_payment_method',
  'requires_capture',
  'requires_confirmation',
  'requires_action',
];
const CONFIRMABLE: readonly Status[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
/** The amount of an intent may change in these. */
export const OPEN: readonly Status[] = CONFIRMABLE;

export interface ConfirmOptions {
  method: Stripe.PaymentMethod;
  returnUrl: string | null;
  isOffSession: boolean;
  useStripeSdk: boolean;
  errorOnRequiresAction: boolean;
}

/** The moves of a PaymentIntent: each writes the new state, announces it and answers or throws as Stripe does. */
export class PaymentIntentMachine {
  constructor(
    private readonly engine: Engine,
    private readonly methods: PaymentMethods,
    private readonly charges: Charges,
    private readonly complaints: Complaints,
  ) {}

  trait(intent: Intent): IntentTrait {
    const { intentTraits } = this.engine.store;
    return (
      intentTraits.get(intent.id) ??
      intentTraits.put({ id: intent.id, confirms: 0, returnUrl: null, pendingMethod: null })
    );
  }

  /** @throws {ApiError} payment_intent_unexpected_state unless it can be confirmed */
  assertConfirmable(intent: Intent): void {
    if (CONFIRMABLE.includes(intent.status)) return;
    const message =
      intent.status === 'succeeded'
        ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
        : `You cannot confirm this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: ${CONFIRMABLE.join(', ')}.`;
    throw unexpected(intent, message);
  }

  /**
   * Tries to take the money.
   * @throws {ApiError} 402 with the intent when the card is declined or must be authenticated and cannot be
   */
  confirm(intent: Intent, options: ConfirmOptions, scope: Scope): Intent {
    const { method } = options;
    const trait = this.trait(intent);
    trait.confirms += 1;
    trait.returnUrl = options.returnUrl ?? trait.returnUrl;
    trait.pendingMethod = null;
    this.engine.store.intentTraits.put(trait);
    if (trait.confirms > this.engine.confirmLimit) return this.toCanceled(intent, 'automatic', scope);

    intent.payment_method = method.id;
    intent.last_payment_error = null;
    intent.next_action = null;
    const card = this.methods.cardOf(method);
    scope.slowMs = card.slowMs ?? 0;
    switch (card.outcome.kind) {
      case 'ok':
        return this.take(intent, method, false, scope);
      case 'declined':
        throw this.decline(intent, method, card.outcome, scope);
      case 'authenticate':
        if (options.isOffSession && card.outcome.isOnce === true && this.methods.isKnownToBank(method)) {
          return this.take(intent, method, false, scope);
        }
        return this.askForAuthentication(intent, options, scope);
      case 'processing':
        return this.startProcessing(intent, method, scope);
    }
  }

  private askForAuthentication(intent: Intent, options: ConfirmOptions, scope: Scope): Intent {
    const { method } = options;
    if (options.isOffSession || options.errorOnRequiresAction) {
      throw this.decline(
        intent,
        method,
        {
          kind: 'declined',
          code: 'authentication_required',
          declineCode: 'authentication_required',
          message: 'Your card was declined. This transaction requires authentication.',
        },
        scope,
      );
    }
    const trait = this.trait(intent);
    trait.pendingMethod = method.id;
    this.engine.store.intentTraits.put(trait);
    const url = `${this.engine.baseUrl}/3ds/${intent.client_secret}`;
    intent.status = 'requires_action';
    intent.next_action =
      trait.returnUrl !== null && !options.useStripeSdk
        ? { type: 'redirect_to_url', redirect_to_url: { return_url: trait.returnUrl, url } }
        : {
            type: 'use_stripe_sdk',
            use_stripe_sdk: { type: 'three_d_secure_redirect', source: newId('payatt'), stripe_js: url },
          };
    this.engine.store.intents.put(intent);
    scope.emit('payment_intent.requires_action', intent);
    return intent;
  }

  /** The shopper passed (or did not pass) the bank's check. @throws {ApiError} when none is under way */
  finishAuthentication(intent: Intent, isApproved: boolean, scope: Scope): Intent {
    const trait = this.trait(intent);
    if (intent.status !== 'requires_action' || trait.pendingMethod === null) {
      throw unexpected(intent, `This PaymentIntent has a status of ${intent.status}: no authentication is under way.`);
    }
    const method = this.methods.find(trait.pendingMethod);
    trait.pendingMethod = null;
    this.engine.store.intentTraits.put(trait);
    intent.next_action = null;
    if (isApproved) {
      this.methods.noteAuthenticated(method);
      return this.take(intent, method, true, scope);
    }
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    intent.last_payment_error = {
      code: 'payment_intent_authentication_failure',
      message:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: snapshot(method),
      type: 'invalid_request_error',
    };
    this.engine.store.intents.put(intent);
    scope.emit('payment_intent.payment_failed', intent);
    return intent;
  }

  private startProcessing(intent: Intent, method: Stripe.PaymentMethod, scope: Scope): Intent {
    const trait = this.trait(intent);
    trait.pendingMethod = method.id;
    this.engine.store.intentTraits.put(trait);
    const charge = this.charges.make(intent, method, 'pending', false);
    intent.status = 'processing';
    intent.latest_charge = charge.id;
    this.engine.store.intents.put(intent);
    scope.emitInAnyOrder(['payment_intent.processing', intent], ['charge.pending', charge]);
    this.engine.later('settle_processing', intent.id);
    return intent;
  }

  /** The bank answered after its usual time. */
  passProcessing(id: string, scope: Scope): void {
    const intent = this.engine.store.intents.get(id);
    if (intent?.status === 'processing') this.finishProcessing(intent, undefined, scope);
  }

  /**
   * The bank answered at last.
   * @param isPaid what the test card stands for when left out
   * @throws {ApiError} when the intent waits for no bank
   */
  finishProcessing(intent: Intent, isPaid: boolean | undefined, scope: Scope): Intent {
    const { store } = this.engine;
    if (intent.status !== 'processing' || typeof intent.latest_charge !== 'string') {
      throw unexpected(intent, `${intent.id} is not being processed.`);
    }
    const trait = this.trait(intent);
    const charge = this.charges.find(intent.latest_charge);
    const method = this.methods.find(trait.pendingMethod ?? '');
    const { outcome } = this.methods.cardOf(method);
    trait.pendingMethod = null;
    store.intentTraits.put(trait);
    if (isPaid ?? (outcome.kind === 'processing' && outcome.isPaidInTheEnd)) {
      charge.status = 'succeeded';
      charge.paid = true;
      charge.amount_captured = charge.amount;
      this.charges.book(charge, false, false);
      return this.toSucceeded(intent, method, charge, scope, 'charge.succeeded');
    }
    const message = 'The payment was returned by the bank.';
    charge.status = 'failed';
    charge.captured = false;
    charge.failure_code = 'payment_method_provider_decline';
    charge.failure_message = message;
    store.charges.put(charge);
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    intent.last_payment_error = {
      charge: charge.id,
      code: 'payment_method_provider_decline',
      message,
      payment_method: snapshot(method),
      type: 'card_error',
    };
    store.intents.put(intent);
    scope.emitInAnyOrder(['charge.failed', charge], ['payment_intent.payment_failed', intent]);
    return intent;
  }

  private take(intent: Intent, method: Stripe.PaymentMethod, isAuthenticated: boolean, scope: Scope): Intent {
    const isHold = intent.capture_method === 'manual';
    const charge = this.charges.make(intent, method, isHold ? 'authorized' : 'succeeded', isAuthenticated);
    if (!isHold) {
      const { isAvailableAtOnce = false } = this.methods.cardOf(method);
      const isLater = intent.capture_method === 'automatic_async' && !isAvailableAtOnce;
      this.charges.book(charge, isAvailableAtOnce, isLater);
      return this.toSucceeded(intent, method, charge, scope, 'charge.succeeded');
    }
    intent.status = 'requires_capture';
    intent.amount_capturable = intent.amount;
    intent.latest_charge = charge.id;
    this.engine.store.intents.put(intent);
    this.keepMethod(intent, method, scope);
    const until = charge.payment_method_details?.card?.capture_before;
    if (until !== undefined) this.engine.when(until, 'expire_hold', intent.id);
    scope.emitInAnyOrder(['charge.succeeded', charge], ['payment_intent.amount_capturable_updated', intent]);
    return intent;
  }

  private toSucceeded(
    intent: Intent,
    method: Stripe.PaymentMethod,
    charge: Stripe.Charge,
    scope: Scope,
    chargeEvent: 'charge.succeeded' | 'charge.captured',
  ): Intent {
    intent.status = 'succeeded';
    intent.amount_capturable = 0;
    intent.amount_received = charge.amount_captured;
    intent.latest_charge = charge.id;
    intent.next_action = null;
    this.engine.store.intents.put(intent);
    this.keepMethod(intent, method, scope);
    scope.emitInAnyOrder([chargeEvent, charge], ['payment_intent.succeeded', intent]);
    this.complaints.afterPayment(intent, charge, this.methods.cardOf(method), scope);
    return intent;
  }

  /** With `setup_future_usage` the card stays with the customer; without a customer it cannot be used again. */
  private keepMethod(intent: Intent, method: Stripe.PaymentMethod, scope: Scope): void {
    if (intent.setup_future_usage !== null && typeof intent.customer === 'string') {
      this.methods.attach(method, intent.customer, scope);
    }
    this.methods.useUp(method);
  }

  private decline(
    intent: Intent,
    method: Stripe.PaymentMethod,
    outcome: Outcome & { kind: 'declined' },
    scope: Scope,
  ): ApiError {
    const charge = this.charges.make(intent, method, outcome, false);
    const error = {
      ...(charge.outcome?.advice_code === null || charge.outcome?.advice_code === undefined
        ? {}
        : { advice_code: charge.outcome.advice_code }),
      charge: charge.id,
      code: outcome.code,
      ...(outcome.declineCode === undefined ? {} : { decline_code: outcome.declineCode }),
      message: outcome.message,
      ...(outcome.networkCode === undefined ? {} : { network_decline_code: outcome.networkCode }),
      payment_method: snapshot(method),
      type: 'card_error' as const,
    };
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    intent.latest_charge = charge.id;
    intent.last_payment_error = error;
    this.engine.store.intents.put(intent);
    scope.emitInAnyOrder(['charge.failed', charge], ['payment_intent.payment_failed', intent]);
    return new ApiError(402, { ...error, payment_intent: intent }, true);
  }

  /** Takes held money, all or a part; the rest of the hold is released. */
  capture(intent: Intent, amountToCapture: number | undefined, scope: Scope): Intent {
    if (intent.status !== 'requires_capture' || typeof intent.latest_charge !== 'string') {
      const already = intent.status === 'succeeded' ? 'it has already been captured' : undefined;
      throw unexpected(
        intent,
        `This PaymentIntent could not be captured because ${already ?? `it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture`}.`,
      );
    }
    const amount = amountToCapture ?? intent.amount_capturable;
    if (amount < 1) {
      throw invalid('This value must be greater than or equal to 1.', {
        code: 'parameter_invalid_integer',
        param: 'amount_to_capture',
      });
    }
    if (amount > intent.amount_capturable) {
      throw refused(
        `Amount to capture (${inMajorUnits(amount, intent.currency)}) is greater than the amount that can be captured (${inMajorUnits(intent.amount_capturable, intent.currency)}).`,
        { code: 'amount_too_large', param: 'amount_to_capture' },
      );
    }
    const charge = this.charges.find(intent.latest_charge);
    charge.captured = true;
    charge.amount_captured = amount;
    charge.amount_refunded = charge.amount - amount;
    this.charges.book(charge, false, false);
    const method = this.methods.find(typeof intent.payment_method === 'string' ? intent.payment_method : '');
    return this.toSucceeded(intent, method, charge, scope, 'charge.captured');
  }

  /** Ends an intent that took no money; a hold is released. */
  cancel(intent: Intent, reason: string | null, scope: Scope): Intent {
    if (!CANCELABLE.includes(intent.status)) {
      throw unexpected(
        intent,
        `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
      );
    }
    return this.toCanceled(intent, reason, scope);
  }

  /** The bank gives up holding the money. @throws {ApiError} when it holds none */
  expireHold(intent: Intent, scope: Scope): Intent {
    if (intent.status !== 'requires_capture') throw unexpected(intent, `No money is held for ${intent.id}.`);
    return this.toCanceled(intent, 'automatic', scope, 'charge.expired');
  }

  /** The time to capture is over. */
  passHold(id: string, scope: Scope): void {
    const intent = this.engine.store.intents.get(id);
    if (intent?.status === 'requires_capture') this.expireHold(intent, scope);
  }

  private toCanceled(
    intent: Intent,
    reason: string | null,
    scope: Scope,
    chargeEvent: 'charge.refunded' | 'charge.expired' = 'charge.refunded',
  ): Intent {
    const isHeld = intent.status === 'requires_capture';
    intent.status = 'canceled';
    intent.canceled_at = this.engine.now();
    intent.cancellation_reason = reason;
    intent.next_action = null;
    intent.amount_capturable = 0;
    const trait = this.trait(intent);
    trait.pendingMethod = null;
    this.engine.store.intentTraits.put(trait);
    this.engine.store.intents.put(intent);
    if (isHeld && typeof intent.latest_charge === 'string') this.releaseHold(intent.latest_charge, chargeEvent, scope);
    scope.emit('payment_intent.canceled', intent);
    return intent;
  }

  private releaseHold(chargeId: string, event: 'charge.refunded' | 'charge.expired', scope: Scope): void {
    const charge = this.charges.find(chargeId);
    charge.amount_refunded = charge.amount;
    charge.refunded = true;
    this.engine.store.charges.put(charge);
    const previous = event === 'charge.refunded' ? { amount_refunded: 0, refunded: false } : undefined;
    scope.emit(event, charge, previous);
  }
}

/** The intent is not in a state for it; the answer carries the intent, so that the caller learns its state. */
export const unexpected = (intent: Intent, message: string): ApiError =>
  refused(message, { code: 'payment_intent_unexpected_state', payment_intent: intent });
