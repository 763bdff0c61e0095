import type Stripe from 'stripe';
import { invalid, missing } from '../api-error.js';
import { checkAmount, checkCurrency } from '../currencies.js';
import type { Engine, Scope } from '../engine.js';
import {
  address,
  boolean,
  either,
  fullAddress,
  hash,
  integer,
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
import { assertPublic, type ChosenMethods } from './chosen-methods.js';
import type { ConfirmationTokens } from './confirmation-tokens.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { OPEN, type PaymentIntentMachine, unexpected } from './payment-intent-machine.js';
import { methodData } from './payment-methods.js';
import { type Call, pathPart, type Route } from './route.js';

const shipping = hash({
  address: required(address()),
  carrier: unsettable(string()),
  name: required(string()),
  phone: unsettable(string()),
  tracking_number: unsettable(string()),
});
const captureMethod = oneOf('automatic', 'automatic_async', 'manual');
const futureUsage = oneOf('off_session', 'on_session');
const types = list(string());
const offSession = either(boolean(), oneOf('one_off', 'recurring'));

/** What both a create and a confirm may say about the payment. */
const confirming = {
  confirmation_token: string(),
  error_on_requires_action: boolean(),
  mandate: unsupported(),
  mandate_data: unsettable(openHash()),
  off_session: offSession,
  payment_method: string(),
  payment_method_data: methodData,
  radar_options: openHash(),
  return_url: string(),
  use_stripe_sdk: boolean(),
};

const createShape = shapeFor<Omit<Stripe.PaymentIntentCreateParams, 'expand'>>()({
  ...confirming,
  amount: required(integer()),
  currency: required(string(3)),
  allowed_payment_method_types: types,
  amount_details: openHash(),
  application_fee_amount: unsupported(),
  automatic_payment_methods: hash({ enabled: required(boolean()), allow_redirects: oneOf('always', 'never') }),
  capture_method: captureMethod,
  confirm: boolean(),
  confirmation_method: oneOf('automatic', 'manual'),
  customer: string(),
  customer_account: unsupported(),
  description: string(1000),
  excluded_payment_method_types: types,
  hooks: unsupported(),
  metadata: metadata(),
  on_behalf_of: unsupported(),
  payment_details: openHash(),
  payment_method_configuration: string(),
  payment_method_options: openHash(),
  receipt_email: string(800),
  setup_future_usage: futureUsage,
  shipping,
  statement_descriptor: string(22),
  statement_descriptor_suffix: string(22),
  transfer_data: unsupported(),
  transfer_group: string(),
});

const updateShape = shapeFor<Omit<Stripe.PaymentIntentUpdateParams, 'expand'>>()({
  allowed_payment_method_types: types,
  amount: integer(),
  amount_details: unsettable(openHash()),
  application_fee_amount: unsupported(),
  capture_method: captureMethod,
  currency: string(3),
  customer: string(),
  customer_account: unsupported(),
  description: string(1000),
  excluded_payment_method_types: types,
  hooks: unsupported(),
  metadata: metadata(),
  payment_details: unsettable(openHash()),
  payment_method: string(),
  payment_method_configuration: string(),
  payment_method_data: methodData,
  payment_method_options: openHash(),
  receipt_email: unsettable(string(800)),
  setup_future_usage: unsettable(futureUsage),
  shipping: unsettable(shipping),
  statement_descriptor: string(22),
  statement_descriptor_suffix: string(22),
  transfer_data: unsupported(),
  transfer_group: string(),
});

const confirmShape = shapeFor<Omit<Stripe.PaymentIntentConfirmParams, 'expand'>>()({
  ...confirming,
  allowed_payment_method_types: types,
  amount_details: unsettable(openHash()),
  amount_to_confirm: unsupported(),
  capture_method: captureMethod,
  excluded_payment_method_types: types,
  hooks: unsupported(),
  payment_details: unsettable(openHash()),
  payment_method_options: openHash(),
  receipt_email: unsettable(string(800)),
  setup_future_usage: unsettable(futureUsage),
  shipping: unsettable(shipping),
});

const captureShape = shapeFor<Omit<Stripe.PaymentIntentCaptureParams, 'expand'>>()({
  amount_details: openHash(),
  amount_to_capture: integer(),
  application_fee_amount: unsupported(),
  final_capture: unsupported(),
  hooks: unsupported(),
  metadata: metadata(),
  payment_details: unsettable(openHash()),
  statement_descriptor: string(22),
  statement_descriptor_suffix: string(22),
  transfer_data: unsupported(),
});

const cancelShape = shapeFor<Omit<Stripe.PaymentIntentCancelParams, 'expand'>>()({
  cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
});

/** What a browser may send with a confirm; the rest is the server's to decide. */
const PUBLIC_PARAMS = new Set(
  (
    'mandate_data payment_method payment_method_data payment_method_options radar_options receipt_email return_url ' +
    'setup_future_usage shipping use_stripe_sdk'
  ).split(' '),
);

type Confirming = Parsed<typeof confirming>;

/** The API of PaymentIntents. */
export class PaymentIntents {
  constructor(
    private readonly engine: Engine,
    private readonly machine: PaymentIntentMachine,
    private readonly tokens: ConfirmationTokens,
    private readonly chosen: ChosenMethods,
  ) {}

  find(id: string, param?: string): Stripe.PaymentIntent {
    const intent = this.engine.store.intents.get(id);
    if (intent === undefined) throw missing('payment_intent', id, param);
    return intent;
  }

  /** The intent of a `pi_…_secret_…`. */
  findBySecret(secret: string): Stripe.PaymentIntent | undefined {
    const intent = this.engine.store.intents.get(secret.split('_secret_')[0] ?? '');
    return intent?.client_secret === secret ? intent : undefined;
  }

  /** The intent of the path; a browser has to know its secret. */
  private ofPath(call: Call): Stripe.PaymentIntent {
    const intent = this.find(pathPart(call, 'id'));
    if (call.client !== null && call.client.secret !== intent.client_secret) {
      throw invalid('The client_secret provided does not match the client_secret associated with this PaymentIntent.', {
        code: 'payment_intent_invalid_parameter',
        param: 'client_secret',
      });
    }
    return intent;
  }

  private create(params: RawParams, scope: Scope): Stripe.PaymentIntent {
    refuseTypes(params);
    const read = parseParams(createShape, params);
    const currency = checkCurrency(read.currency);
    checkAmount(read.amount, currency);
    if (read.customer !== undefined) this.assertCustomer(read.customer);
    if (read.allowed_payment_method_types !== undefined) assertAlone(params);
    if (read.confirm !== true) {
      for (const param of ['error_on_requires_action', 'off_session', 'confirmation_token', 'return_url'] as const) {
        if (read[param] !== undefined) {
          throw invalid(`You can only use \`${param}\` when \`confirm=true\`.`, { param });
        }
      }
    }
    const id = newId('pi');
    const automatic =
      read.allowed_payment_method_types !== undefined
        ? null
        : {
            allow_redirects: read.automatic_payment_methods?.allow_redirects ?? 'always',
            enabled: read.automatic_payment_methods?.enabled ?? true,
          };
    const method =
      read.confirm === true
        ? this.methodOf(read, null, read.customer ?? null, automatic, false)
        : this.chosen.given(read, read.customer ?? null);
    const intent: Stripe.PaymentIntent = {
      id,
      object: 'payment_intent',
      allowed_payment_method_types: read.allowed_payment_method_types ?? null,
      amount: read.amount,
      amount_capturable: 0,
      amount_details: { tip: {} },
      amount_received: 0,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: automatic,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: read.capture_method ?? 'automatic_async',
      client_secret: `${id}_secret_${token(25)}`,
      confirmation_method: read.confirmation_method ?? 'automatic',
      created: this.engine.now(),
      currency,
      customer: read.customer ?? null,
      customer_account: null,
      description: read.description ?? null,
      excluded_payment_method_types: read.excluded_payment_method_types ?? null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      managed_payments: null,
      metadata: mergeMetadata({}, read.metadata),
      next_action: null,
      on_behalf_of: null,
      payment_method: method?.id ?? null,
      payment_method_configuration_details: null,
      payment_method_options: {
        card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
      },
      payment_method_types: read.allowed_payment_method_types ?? ['card'],
      payment_record: null,
      processing: null,
      receipt_email: read.receipt_email ?? null,
      review: null,
      setup_future_usage: read.setup_future_usage ?? null,
      shipping: shown(read.shipping),
      source: null,
      statement_descriptor: read.statement_descriptor ?? null,
      statement_descriptor_suffix: read.statement_descriptor_suffix ?? null,
      status: method === null ? 'requires_payment_method' : 'requires_confirmation',
      transfer_data: null,
      transfer_group: read.transfer_group ?? null,
    };
    this.engine.store.intents.put(intent);
    scope.emit('payment_intent.created', intent);
    if (read.confirm !== true || method === null) return intent;
    return this.runConfirm(intent, read, method, scope);
  }

  /** Changes what may still be changed. @throws {ApiError} payment_intent_unexpected_state */
  update(intent: Stripe.PaymentIntent, params: RawParams): Stripe.PaymentIntent {
    refuseTypes(params);
    const read = parseParams(updateShape, params);
    const change = Object.keys(read).find((key) => FROZEN_LATER.has(key));
    if (change !== undefined && !OPEN.includes(intent.status)) {
      throw unexpected(
        intent,
        `This PaymentIntent's ${change} could not be updated because it has a status of ${intent.status}. You may only update the ${change} of a PaymentIntent with one of the following statuses: ${OPEN.join(', ')}.`,
      );
    }
    const currency = read.currency === undefined ? intent.currency : checkCurrency(read.currency);
    const amount = read.amount ?? intent.amount;
    if (read.amount !== undefined || read.currency !== undefined) checkAmount(amount, currency);
    if (read.customer !== undefined) {
      this.assertCustomer(read.customer);
      if (intent.customer !== null && intent.customer !== read.customer) {
        throw invalid('The customer of a PaymentIntent cannot be changed.', { param: 'customer' });
      }
    }
    const method = this.chosen.given(read, read.customer ?? (intent.customer as string | null));
    intent.metadata = mergeMetadata(intent.metadata, read.metadata);
    intent.amount = amount;
    intent.currency = currency;
    intent.capture_method = read.capture_method ?? intent.capture_method;
    intent.customer = read.customer ?? intent.customer;
    intent.description = read.description ?? intent.description;
    intent.statement_descriptor = read.statement_descriptor ?? intent.statement_descriptor;
    intent.statement_descriptor_suffix = read.statement_descriptor_suffix ?? intent.statement_descriptor_suffix;
    intent.transfer_group = read.transfer_group ?? intent.transfer_group;
    applyCommon(intent, read);
    if (method !== null) {
      intent.payment_method = method.id;
      intent.status = 'requires_confirmation';
      intent.next_action = null;
    }
    return this.engine.store.intents.put(intent);
  }

  private confirm(intent: Stripe.PaymentIntent, params: RawParams, call: Call): Stripe.PaymentIntent {
    refuseTypes(params);
    assertPublic({ client: call.client, params }, PUBLIC_PARAMS);
    const read = parseParams(confirmShape, params);
    this.machine.assertConfirmable(intent);
    const method = this.methodOf(
      read,
      intent,
      intent.customer as string | null,
      intent.automatic_payment_methods,
      call.client !== null,
    );
    intent.capture_method = read.capture_method ?? intent.capture_method;
    applyCommon(intent, read);
    return this.runConfirm(intent, read, method, call.scope);
  }

  private runConfirm(
    intent: Stripe.PaymentIntent,
    read: Confirming,
    method: Stripe.PaymentMethod,
    scope: Scope,
  ): Stripe.PaymentIntent {
    if (read.confirmation_token !== undefined) this.tokens.use(read.confirmation_token, intent);
    return this.machine.confirm(
      intent,
      {
        method,
        returnUrl: read.return_url ?? this.tokens.returnUrlOf(read.confirmation_token) ?? null,
        isOffSession: read.off_session !== undefined && read.off_session !== false,
        useStripeSdk: read.use_stripe_sdk ?? false,
        errorOnRequiresAction: read.error_on_requires_action ?? false,
      },
      scope,
    );
  }

  /** The method a confirm is to charge. @throws {ApiError} when nobody has named one */
  private methodOf(
    read: Confirming,
    intent: Stripe.PaymentIntent | null,
    customer: string | null,
    automatic: Stripe.PaymentIntent['automatic_payment_methods'],
    isBrowser: boolean,
  ): Stripe.PaymentMethod {
    const method = this.chosen.toConfirm(read, intent, { kind: 'PaymentIntent', automatic, customer, isBrowser });
    if (method !== null) return method;
    const message =
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.";
    throw intent === null ? invalid(message, { param: 'payment_method' }) : unexpected(intent, message);
  }

  private assertCustomer(id: string): void {
    const customer = this.engine.store.customers.get(id);
    if (customer === undefined || customer.deleted === true) throw missing('customer', id, 'customer');
  }

  routes(): Route[] {
    const { intents } = this.engine.store;
    return [
      {
        method: 'POST',
        pattern: '/v1/payment_intents',
        handle: ({ params, scope }) => this.create(params, scope),
      },
      {
        method: 'GET',
        pattern: '/v1/payment_intents',
        handle: ({ params }) => {
          const read = parseParams({ ...paging, ...createdFilter, customer: string() }, params);
          const items = intents
            .newestFirst()
            .filter(
              (intent) =>
                isWithin(intent.created, read.created) &&
                (read.customer === undefined || intent.customer === read.customer),
            );
          return page('/v1/payment_intents', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/payment_intents/:id',
        isPublic: true,
        handle: (call) => {
          const { client_secret: secret, ...params } = call.params;
          parseParams({}, params);
          const intent = this.ofPath(call);
          if (secret !== undefined && secret !== intent.client_secret) {
            throw invalid('The client_secret provided does not match this PaymentIntent.', { param: 'client_secret' });
          }
          return intent;
        },
      },
      {
        method: 'POST',
        pattern: '/v1/payment_intents/:id',
        handle: (call) => this.update(this.ofPath(call), call.params),
      },
      {
        method: 'POST',
        pattern: '/v1/payment_intents/:id/confirm',
        isPublic: true,
        handle: (call) => this.confirm(this.ofPath(call), call.params, call),
      },
      {
        method: 'POST',
        pattern: '/v1/payment_intents/:id/capture',
        handle: (call) => {
          const read = parseParams(captureShape, call.params);
          const intent = this.ofPath(call);
          const captured = this.machine.capture(intent, read.amount_to_capture, call.scope);
          captured.metadata = mergeMetadata(captured.metadata, read.metadata);
          return intents.put(captured);
        },
      },
      {
        method: 'POST',
        pattern: '/v1/payment_intents/:id/cancel',
        handle: (call) => {
          const read = parseParams(cancelShape, call.params);
          return this.machine.cancel(this.ofPath(call), read.cancellation_reason ?? null, call.scope);
        },
      },
    ];
  }
}

const FROZEN_LATER = new Set([
  'amount',
  'currency',
  'payment_method',
  'payment_method_data',
  'capture_method',
  'customer',
]);

function refuseTypes(params: RawParams): void {
  if (params['payment_method_types'] === undefined) return;
  throw invalid(
    'The `payment_method_types` parameter is no longer supported. Use `automatic_payment_methods`, `allowed_payment_method_types` or `excluded_payment_method_types`.',
    { code: 'payment_method_types_no_longer_supported', param: 'payment_method_types' },
  );
}

function assertAlone(params: RawParams): void {
  for (const other of [
    'automatic_payment_methods',
    'excluded_payment_method_types',
    'payment_method_configuration',
  ] as const) {
    if (params[other] !== undefined) {
      throw invalid(`You may only specify one of these parameters: allowed_payment_method_types, ${other}.`, {
        param: 'allowed_payment_method_types',
      });
    }
  }
}

function applyCommon(
  intent: Stripe.PaymentIntent,
  read: Pick<
    Parsed<typeof confirmShape>,
    | 'allowed_payment_method_types'
    | 'excluded_payment_method_types'
    | 'receipt_email'
    | 'setup_future_usage'
    | 'shipping'
  >,
): void {
  const { allowed_payment_method_types: allowed, excluded_payment_method_types: excluded } = read;
  if (allowed !== undefined) intent.allowed_payment_method_types = allowed;
  if (excluded !== undefined) intent.excluded_payment_method_types = excluded;
  if (read.receipt_email !== undefined) intent.receipt_email = read.receipt_email;
  if (read.setup_future_usage !== undefined) intent.setup_future_usage = read.setup_future_usage;
  if (read.shipping !== undefined) intent.shipping = shown(read.shipping);
}

const shown = (given: Parsed<{ shipping: typeof shipping }>['shipping'] | null): Stripe.PaymentIntent['shipping'] =>
  given === undefined || given === null
    ? null
    : {
        address: fullAddress(given.address),
        carrier: given.carrier ?? null,
        name: given.name,
        phone: given.phone ?? null,
        tracking_number: given.tracking_number ?? null,
      };
