import type Stripe from 'stripe';
import { ApiError, invalid, missing, refused } from '../api-error.js';
import { type Engine, type Scope, snapshot } from '../engine.js';
import {
  boolean,
  hash,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  openHash,
  type Parsed,
  parseParams,
  required,
  shapeFor,
  string,
  unsettable,
  unsupported,
} from '../fields.js';
import type { RawParams } from '../form.js';
import { newId, token } from '../random.js';
import type { Outcome } from '../test-cards.js';
import { assertPublic, type ChosenMethods } from './chosen-methods.js';
import type { ConfirmationTokens } from './confirmation-tokens.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { methodData, type PaymentMethods } from './payment-methods.js';
import { type Call, pathPart, type Route } from './route.js';

type Intent = Stripe.SetupIntent;

const types = list(string());
const confirmShape = shapeFor<Omit<Stripe.SetupIntentConfirmParams, 'expand'>>()({
  allowed_payment_method_types: types,
  confirmation_token: string(),
  mandate_data: unsettable(openHash()),
  payment_method: string(),
  payment_method_data: methodData,
  payment_method_options: openHash(),
  return_url: string(),
  use_stripe_sdk: boolean(),
});
const createShape = shapeFor<Omit<Stripe.SetupIntentCreateParams, 'expand'>>()({
  ...confirmShape,
  attach_to_self: unsupported(),
  automatic_payment_methods: hash({ enabled: required(boolean()), allow_redirects: oneOf('always', 'never') }),
  confirm: boolean(),
  customer: string(),
  customer_account: unsupported(),
  description: string(1000),
  excluded_payment_method_types: types,
  flow_directions: unsupported(),
  metadata: metadata(),
  on_behalf_of: unsupported(),
  payment_method_configuration: string(),
  single_use: unsupported(),
  usage: oneOf('off_session', 'on_session'),
});
const updateShape = shapeFor<Omit<Stripe.SetupIntentUpdateParams, 'expand'>>()({
  allowed_payment_method_types: unsettable(types),
  attach_to_self: unsupported(),
  customer: string(),
  customer_account: unsupported(),
  description: string(1000),
  excluded_payment_method_types: unsettable(types),
  flow_directions: unsupported(),
  metadata: metadata(),
  payment_method: string(),
  payment_method_configuration: string(),
  payment_method_data: methodData,
  payment_method_options: openHash(),
});
const cancelShape = shapeFor<Omit<Stripe.SetupIntentCancelParams, 'expand'>>()({
  cancellation_reason: oneOf('abandoned', 'duplicate', 'requested_by_customer'),
});
/** What a browser may send with a confirm. */
const PUBLIC_PARAMS = new Set(
  'mandate_data payment_method payment_method_data payment_method_options return_url use_stripe_sdk'.split(' '),
);
const OPEN: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

type Confirming = Parsed<typeof confirmShape>;

/** Cards that are kept for later without a payment. */
export class SetupIntents {
  constructor(
    private readonly engine: Engine,
    private readonly methods: PaymentMethods,
    private readonly tokens: ConfirmationTokens,
    private readonly chosen: ChosenMethods,
  ) {}

  find(id: string): Intent {
    const intent = this.engine.store.setupIntents.get(id);
    if (intent === undefined) throw missing('setupintent', id);
    return intent;
  }

  /** The intent of a `seti_…_secret_…`. */
  findBySecret(secret: string): Intent | undefined {
    const intent = this.engine.store.setupIntents.get(secret.split('_secret_')[0] ?? '');
    return intent?.client_secret === secret ? intent : undefined;
  }

  /** Where the shopper is sent after the bank's check. */
  returnUrlOf(intent: Intent): string | null {
    return this.engine.store.intentTraits.get(intent.id)?.returnUrl ?? null;
  }

  /** @throws {ApiError} setup_intent_unexpected_state unless it can be confirmed */
  assertConfirmable(intent: Intent): void {
    if (OPEN.includes(intent.status)) return;
    throw unexpected(intent, `You cannot confirm this SetupIntent because it has a status of ${intent.status}.`);
  }

  /** Tries to keep the card. @throws {ApiError} 402 with the intent when the card is declined */
  confirmWith(intent: Intent, method: Stripe.PaymentMethod, how: How, scope: Scope): Intent {
    this.engine.store.intentTraits.put({
      id: intent.id,
      confirms: 1,
      returnUrl: how.returnUrl ?? this.returnUrlOf(intent),
      pendingMethod: method.id,
    });
    intent.payment_method = method.id;
    intent.last_setup_error = null;
    intent.next_action = null;
    intent.latest_attempt = newId('setatt');
    const { outcome, isKeptThough = false } = this.methods.cardOf(method);
    if (outcome.kind === 'authenticate') return this.askForAuthentication(intent, how.useStripeSdk, scope);
    if (outcome.kind === 'declined' && !isKeptThough) throw this.decline(intent, method, outcome, scope);
    return this.succeed(intent, method, scope);
  }

  /** The shopper passed (or did not pass) the bank's check. @throws {ApiError} when none is under way */
  finishAuthentication(intent: Intent, isApproved: boolean, scope: Scope): Intent {
    const pending = this.engine.store.intentTraits.get(intent.id)?.pendingMethod;
    if (intent.status !== 'requires_action' || typeof pending !== 'string') {
      throw unexpected(intent, `This SetupIntent has a status of ${intent.status}: no authentication is under way.`);
    }
    const method = this.methods.find(pending);
    intent.next_action = null;
    if (isApproved) {
      this.methods.noteAuthenticated(method);
      return this.succeed(intent, method, scope);
    }
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    intent.last_setup_error = {
      code: 'setup_intent_authentication_failure',
      message:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: snapshot(method),
      type: 'invalid_request_error',
    };
    this.engine.store.setupIntents.put(intent);
    scope.emit('setup_intent.setup_failed', intent);
    return intent;
  }

  private askForAuthentication(intent: Intent, useStripeSdk: boolean, scope: Scope): Intent {
    const url = `${this.engine.baseUrl}/3ds/${intent.client_secret}`;
    const returnUrl = this.returnUrlOf(intent);
    intent.status = 'requires_action';
    intent.next_action =
      returnUrl !== null && !useStripeSdk
        ? { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } }
        : {
            type: 'use_stripe_sdk',
            use_stripe_sdk: { type: 'three_d_secure_redirect', source: newId('payatt'), stripe_js: url },
          };
    this.engine.store.setupIntents.put(intent);
    scope.emit('setup_intent.requires_action', intent);
    return intent;
  }

  private succeed(intent: Intent, method: Stripe.PaymentMethod, scope: Scope): Intent {
    intent.status = 'succeeded';
    this.engine.store.setupIntents.put(intent);
    if (typeof intent.customer === 'string') this.methods.attach(method, intent.customer, scope);
    scope.emit('setup_intent.succeeded', intent);
    return intent;
  }

  private decline(
    intent: Intent,
    method: Stripe.PaymentMethod,
    outcome: Outcome & { kind: 'declined' },
    scope: Scope,
  ): ApiError {
    const error = {
      code: outcome.code,
      ...(outcome.declineCode === undefined ? {} : { decline_code: outcome.declineCode }),
      message: outcome.message,
      ...(outcome.networkCode === undefined ? {} : { network_decline_code: outcome.networkCode }),
      payment_method: snapshot(method),
      type: 'card_error' as const,
    };
    intent.status = 'requires_payment_method';
    intent.payment_method = null;
    intent.last_setup_error = error as Stripe.SetupIntent.LastSetupError;
    this.engine.store.setupIntents.put(intent);
    scope.emit('setup_intent.setup_failed', intent);
    return new ApiError(402, { ...error, setup_intent: intent }, true);
  }

  private create(params: RawParams, scope: Scope): Intent {
    const read = parseParams(createShape, params);
    const customer = this.customerOf(read.customer) ?? null;
    if (read.confirm !== true && (read.return_url ?? read.confirmation_token) !== undefined) {
      const param = read.return_url === undefined ? 'confirmation_token' : 'return_url';
      throw invalid(`You can only use \`${param}\` when \`confirm=true\`.`, { param });
    }
    const automatic = {
      allow_redirects: read.automatic_payment_methods?.allow_redirects ?? 'always',
      enabled: read.automatic_payment_methods?.enabled ?? true,
    };
    const isChosen = read.allowed_payment_method_types !== undefined;
    const method =
      read.confirm === true
        ? this.methodOf(read, null, isChosen ? null : automatic, customer, false)
        : this.chosen.given(read, customer);
    const id = newId('seti');
    const intent: Intent = {
      id,
      object: 'setup_intent',
      allowed_payment_method_types: read.allowed_payment_method_types ?? null,
      application: null,
      automatic_payment_methods: isChosen ? null : automatic,
      cancellation_reason: null,
      client_secret: `${id}_secret_${token(25)}`,
      created: this.engine.now(),
      customer,
      customer_account: null,
      description: read.description ?? null,
      excluded_payment_method_types: read.excluded_payment_method_types ?? null,
      flow_directions: null,
      last_setup_error: null,
      latest_attempt: null,
      livemode: false,
      managed_payments: null,
      mandate: null,
      metadata: mergeMetadata({}, read.metadata),
      next_action: null,
      on_behalf_of: null,
      payment_method: method?.id ?? null,
      payment_method_configuration_details: null,
      payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
      payment_method_types: read.allowed_payment_method_types ?? ['card'],
      single_use_mandate: null,
      status: method === null ? 'requires_payment_method' : 'requires_confirmation',
      usage: read.usage ?? 'off_session',
    };
    this.engine.store.setupIntents.put(intent);
    scope.emit('setup_intent.created', intent);
    return read.confirm === true && method !== null ? this.runConfirm(intent, read, method, scope) : intent;
  }

  private update(intent: Intent, params: RawParams): Intent {
    const read = parseParams(updateShape, params);
    if (!OPEN.includes(intent.status) && Object.keys(read).some((key) => key !== 'metadata' && key !== 'description')) {
      throw unexpected(intent, `This SetupIntent cannot be updated because it has a status of ${intent.status}.`);
    }
    const customer = this.customerOf(read.customer) ?? (intent.customer as string | null);
    if (intent.customer !== null && customer !== intent.customer) {
      throw invalid('The customer of a SetupIntent cannot be changed.', { param: 'customer' });
    }
    const method = this.chosen.given(read, customer);
    intent.customer = customer;
    intent.metadata = mergeMetadata(intent.metadata ?? {}, read.metadata);
    intent.description = read.description ?? intent.description;
    if (read.allowed_payment_method_types !== undefined) {
      intent.allowed_payment_method_types = read.allowed_payment_method_types;
    }
    if (read.excluded_payment_method_types !== undefined) {
      intent.excluded_payment_method_types = read.excluded_payment_method_types;
    }
    if (method !== null) {
      intent.payment_method = method.id;
      intent.status = 'requires_confirmation';
      intent.next_action = null;
    }
    return this.engine.store.setupIntents.put(intent);
  }

  private confirm(intent: Intent, call: Call): Intent {
    const { params, client, scope } = call;
    assertPublic(call, PUBLIC_PARAMS);
    const read = parseParams(confirmShape, params);
    this.assertConfirmable(intent);
    const customer = intent.customer as string | null;
    const method = this.methodOf(read, intent, intent.automatic_payment_methods, customer, client !== null);
    return this.runConfirm(intent, read, method, scope);
  }

  private runConfirm(intent: Intent, read: Confirming, method: Stripe.PaymentMethod, scope: Scope): Intent {
    const returnUrl = read.return_url ?? this.tokens.returnUrlOf(read.confirmation_token) ?? null;
    if (read.confirmation_token !== undefined) this.tokens.useForSetup(read.confirmation_token, intent);
    return this.confirmWith(intent, method, { returnUrl, useStripeSdk: read.use_stripe_sdk ?? false }, scope);
  }

  /** @throws {ApiError} when nobody has named a method */
  private methodOf(
    read: Confirming,
    intent: Intent | null,
    automatic: Intent['automatic_payment_methods'],
    customer: string | null,
    isBrowser: boolean,
  ): Stripe.PaymentMethod {
    const method = this.chosen.toConfirm(read, intent, { kind: 'SetupIntent', automatic, customer, isBrowser });
    if (method !== null) return method;
    const message = "You cannot confirm this SetupIntent because it's missing a payment method.";
    throw intent === null ? invalid(message, { param: 'payment_method' }) : unexpected(intent, message);
  }

  private customerOf(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.methods.customerId(id, 'customer');
  }

  /** The intent of the path; a browser has to know its secret. */
  private ofPath(call: Call): Intent {
    const intent = this.find(pathPart(call, 'id'));
    if (call.client !== null && call.client.secret !== intent.client_secret) {
      throw invalid('The client_secret provided does not match the client_secret associated with this SetupIntent.', {
        code: 'setup_intent_invalid_parameter',
        param: 'client_secret',
      });
    }
    return intent;
  }

  private cancel(intent: Intent, reason: Intent['cancellation_reason'], scope: Scope): Intent {
    if (!OPEN.includes(intent.status)) {
      throw unexpected(intent, `You cannot cancel this SetupIntent because it has a status of ${intent.status}.`);
    }
    intent.status = 'canceled';
    intent.cancellation_reason = reason;
    intent.next_action = null;
    this.engine.store.setupIntents.put(intent);
    scope.emit('setup_intent.canceled', intent);
    return intent;
  }

  routes(): Route[] {
    const { setupIntents } = this.engine.store;
    return [
      {
        method: 'POST',
        pattern: '/v1/setup_intents',
        handle: ({ params, scope }) => this.create(params, scope),
      },
      {
        method: 'GET',
        pattern: '/v1/setup_intents',
        handle: ({ params }) => {
          const read = parseParams(
            {
              ...paging,
              ...createdFilter,
              customer: string(),
              payment_method: string(),
              attach_to_self: unsupported(),
            },
            params,
          );
          const items = setupIntents
            .newestFirst()
            .filter(
              (intent) =>
                isWithin(intent.created, read.created) &&
                (read.customer === undefined || intent.customer === read.customer) &&
                (read.payment_method === undefined || intent.payment_method === read.payment_method),
            );
          return page('/v1/setup_intents', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/setup_intents/:id',
        isPublic: true,
        handle: (call) => {
          parseParams({ client_secret: string() }, call.params);
          return this.ofPath(call);
        },
      },
      {
        method: 'POST',
        pattern: '/v1/setup_intents/:id',
        handle: (call) => this.update(this.ofPath(call), call.params),
      },
      {
        method: 'POST',
        pattern: '/v1/setup_intents/:id/confirm',
        isPublic: true,
        handle: (call) => this.confirm(this.ofPath(call), call),
      },
      {
        method: 'POST',
        pattern: '/v1/setup_intents/:id/cancel',
        handle: (call) => {
          const read = parseParams(cancelShape, call.params);
          return this.cancel(this.ofPath(call), read.cancellation_reason ?? null, call.scope);
        },
      },
    ];
  }
}

interface How {
  returnUrl: string | null;
  useStripeSdk: boolean;
}

const unexpected = (intent: Intent, message: string): ApiError =>
  refused(message, { code: 'setup_intent_unexpected_state', setup_intent: intent });
