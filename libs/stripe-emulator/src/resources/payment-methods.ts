import type Stripe from 'stripe';
import { ApiError, invalid, missing, refused } from '../api-error.js';
import type { Engine, Scope } from '../engine.js';
import {
  address,
  fullAddress,
  hash,
  integer,
  mergeMetadata,
  metadata,
  oneOf,
  type Parsed,
  parseParams,
  required,
  string,
  unsettable,
} from '../fields.js';
import { newId } from '../random.js';
import {
  type Outcome,
  type TestCard,
  testCard,
  testTokenOf,
  testTokenOfCardToken,
  testTokenOfNumber,
} from '../test-cards.js';
import { page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

const billingDetails = hash({
  address: unsettable(address()),
  email: unsettable(string(800)),
  name: unsettable(string()),
  phone: unsettable(string()),
  tax_id: unsettable(string()),
});
const cardData = hash({
  number: string(40),
  exp_month: integer(),
  exp_year: integer(),
  cvc: string(4),
  token: string(),
});
const allowRedisplay = oneOf('always', 'limited', 'unspecified');

/** `payment_method_data` of a confirm and the parameters of a create. */
export const methodData = hash({
  type: required(oneOf('card')),
  card: cardData,
  billing_details: billingDetails,
  allow_redisplay: allowRedisplay,
  metadata: metadata(),
});
type BillingDetails = Parsed<{ billing_details: typeof billingDetails }>['billing_details'];
type MethodData = Parsed<{ data: typeof methodData }>['data'] & object;

/** Cards in the hands of shoppers. */
export class PaymentMethods {
  constructor(private readonly engine: Engine) {}

  /**
   * The method that a parameter names. A test token makes a new one each time, as Stripe does.
   * @throws {ApiError} resource_missing; or that it belongs to another customer or was used before without one
   */
  resolve(id: string, customer: string | null, param: string): Stripe.PaymentMethod {
    const token = testTokenOf(id);
    if (token !== undefined) return this.make(token);
    const method = this.find(id, param);
    if (method.customer !== null && method.customer !== customer) {
      throw invalid(
        customer === null
          ? `The payment method supplied (${id}) belongs to a Customer, but no Customer was given. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`
          : `The payment method supplied (${id}) does not belong to the Customer you supplied (${customer}).`,
        { param },
      );
    }
    if (method.customer === null && this.engine.store.methodTraits.get(id)?.isUsedUp === true) {
      throw invalid(
        `The provided PaymentMethod (${id}) was used before without a Customer or was detached from one. It may not be used again. To use a PaymentMethod several times, attach it to a Customer first.`,
        { param },
      );
    }
    return method;
  }

  find(id: string, param?: string): Stripe.PaymentMethod {
    const method = this.engine.store.methods.get(id);
    if (method === undefined) throw missing('PaymentMethod', id, param);
    return method;
  }

  /** What the method leads to. */
  cardOf(method: Stripe.PaymentMethod): TestCard {
    return testCard(this.engine.store.methodTraits.get(method.id)?.card ?? 'pm_card_visa');
  }

  /** From a number or `tok_…` of Stripe's test cards. */
  fromData(data: MethodData, isBrowser: boolean, param: string): Stripe.PaymentMethod {
    const token = cardTokenOf(data, isBrowser, param);
    return this.make(token, data);
  }

  make(token: string, data: Partial<MethodData> = {}): Stripe.PaymentMethod {
    const { store } = this.engine;
    const id = newId('pm');
    const method: Stripe.PaymentMethod = {
      id,
      object: 'payment_method',
      allow_redisplay: data.allow_redisplay ?? 'unspecified',
      billing_details: fullBillingDetails(data.billing_details),
      card: cardOf(token, data),
      created: this.engine.now(),
      customer: null,
      customer_account: null,
      livemode: false,
      metadata: mergeMetadata({}, data.metadata),
      type: 'card',
    };
    store.methodTraits.put({ id, card: token, isUsedUp: false });
    return store.methods.put(method);
  }

  /** Keeps it with the customer. */
  attach(method: Stripe.PaymentMethod, customer: string, scope: Scope): Stripe.PaymentMethod {
    if (method.customer === customer) return method;
    method.customer = customer;
    this.engine.store.methods.put(method);
    scope.emit('payment_method.attached', method);
    return method;
  }

  /** A method without a customer can be charged once. */
  useUp(method: Stripe.PaymentMethod): void {
    const trait = this.engine.store.methodTraits.get(method.id);
    if (trait === undefined || method.customer !== null) return;
    trait.isUsedUp = true;
    this.engine.store.methodTraits.put(trait);
  }

  /** The bank knows now that the card is in the right hands. */
  noteAuthenticated(method: Stripe.PaymentMethod): void {
    const trait = this.engine.store.methodTraits.get(method.id);
    if (trait !== undefined) this.engine.store.methodTraits.put({ ...trait, isAuthenticated: true });
  }

  /** Whether the bank lets the card pass without a shopper to ask. */
  isKnownToBank(method: Stripe.PaymentMethod): boolean {
    return this.engine.store.methodTraits.get(method.id)?.isAuthenticated === true;
  }

  /** @throws {ApiError} resource_missing */
  customerId(id: string, param: string): string {
    const customer = this.engine.store.customers.get(id);
    if (customer === undefined || customer.deleted === true) throw missing('customer', id, param);
    return id;
  }

  private ofCustomer(customer: string): Stripe.PaymentMethod[] {
    return this.engine.store.methods.newestFirst().filter((method) => method.customer === customer);
  }

  routes(): Route[] {
    const { store } = this.engine;
    return [
      {
        method: 'POST',
        pattern: '/v1/payment_methods',
        isPublic: true,
        handle: ({ params, client }) => {
          const data = parseParams(
            {
              type: required(oneOf('card')),
              card: required(cardData),
              billing_details: billingDetails,
              allow_redisplay: allowRedisplay,
              metadata: metadata(),
            },
            params,
          );
          return this.fromData(data, client !== null, 'card');
        },
      },
      {
        method: 'GET',
        pattern: '/v1/payment_methods',
        handle: ({ params }) => {
          const read = parseParams(
            { ...paging, customer: string(), type: oneOf('card'), allow_redisplay: allowRedisplay },
            params,
          );
          // Without a customer Stripe lists Treasury methods only, of which there are none here.
          const items = read.customer === undefined ? [] : this.ofCustomer(this.customerId(read.customer, 'customer'));
          const shown = items.filter(
            (method) => read.allow_redisplay === undefined || method.allow_redisplay === read.allow_redisplay,
          );
          return page('/v1/payment_methods', shown, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/payment_methods/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
      {
        method: 'POST',
        pattern: '/v1/payment_methods/:id/attach',
        handle: (call) => {
          const read = parseParams({ customer: required(string()) }, call.params);
          const customer = this.customerId(read.customer, 'customer');
          const id = pathPart(call, 'id');
          const token = testTokenOf(id);
          const method = token === undefined ? this.find(id) : this.make(token);
          if (method.customer !== null && method.customer !== customer) {
            throw refused('The payment method you provided has already been attached to a customer.', {
              code: 'payment_method_unexpected_state',
            });
          }
          if (store.methodTraits.get(method.id)?.isUsedUp === true) {
            throw refused(
              'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.',
            );
          }
          const { outcome, isKeptThough = false } = this.cardOf(method);
          if (outcome.kind === 'declined' && !isKeptThough) throw declined(outcome);
          return this.attach(method, customer, call.scope);
        },
      },
      {
        method: 'POST',
        pattern: '/v1/payment_methods/:id/detach',
        handle: (call) => {
          parseParams({}, call.params);
          const method = this.find(pathPart(call, 'id'));
          const { customer } = method;
          if (customer === null) {
            throw refused(
              'The payment method you provided is not attached to a customer so detachment is impossible.',
              { code: 'payment_method_unexpected_state' },
            );
          }
          method.customer = null;
          this.useUp(method);
          store.methods.put(method);
          call.scope.emit('payment_method.detached', method, { customer });
          return method;
        },
      },
      {
        method: 'GET',
        pattern: '/v1/customers/:id/payment_methods',
        handle: (call) => {
          const read = parseParams({ ...paging, type: oneOf('card'), allow_redisplay: allowRedisplay }, call.params);
          const id = pathPart(call, 'id');
          const customer = store.customers.get(id);
          if (customer === undefined || customer.deleted === true) throw missing('customer', id);
          const items = this.ofCustomer(id).filter(
            (method) => read.allow_redisplay === undefined || method.allow_redisplay === read.allow_redisplay,
          );
          return page(`/v1/customers/${id}/payment_methods`, items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/customers/:id/payment_methods/:method',
        handle: (call) => {
          parseParams({}, call.params);
          const method = this.find(pathPart(call, 'method'));
          if (method.customer !== pathPart(call, 'id')) throw missing('PaymentMethod', method.id);
          return method;
        },
      },
    ];
  }
}

/** The bank of the card does not let it be kept. */
const declined = ({ code, declineCode, message }: Outcome & { kind: 'declined' }): ApiError =>
  new ApiError(
    402,
    { type: 'card_error', code, message, ...(declineCode === undefined ? {} : { decline_code: declineCode }) },
    true,
  );

/** The test token behind card data. @throws {ApiError} for a number that is no test card, or sent by a server */
export function cardTokenOf(data: MethodData, isBrowser: boolean, param: string): string {
  const { card } = data;
  if (card?.token !== undefined) {
    const token = testTokenOfCardToken(card.token);
    if (token === undefined) throw missing('token', card.token, `${param}[token]`);
    return token;
  }
  if (card?.number === undefined) {
    throw invalid(`Missing required param: ${param}[number].`, {
      code: 'parameter_missing',
      param: `${param}[number]`,
    });
  }
  if (!isBrowser) {
    throw invalid(
      'Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token such as pm_card_visa.',
      { param: `${param}[number]` },
    );
  }
  const token = testTokenOfNumber(card.number);
  if (token === undefined) {
    throw invalid('Your card number is not one of the test cards that the emulator knows.', {
      code: 'incorrect_number',
      param: `${param}[number]`,
    });
  }
  return token;
}

export const fullBillingDetails = (given: BillingDetails): Stripe.PaymentMethod.BillingDetails => ({
  address: given?.address ? fullAddress(given.address) : { ...EMPTY_ADDRESS },
  email: given?.email ?? null,
  name: given?.name ?? null,
  phone: given?.phone ?? null,
  tax_id: given?.tax_id ?? null,
});
const EMPTY_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

/** The card as it is shown. */
export function cardOf(token: string, data: Partial<MethodData> = {}): Stripe.PaymentMethod.Card {
  const card = testCard(token);
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'unchecked' },
    country: 'US',
    display_brand: card.brand,
    exp_month: data.card?.exp_month ?? 8,
    exp_year: data.card?.exp_year ?? new Date().getFullYear() + 2,
    fingerprint: `emu${card.brand}${card.last4}`,
    funding: card.funding,
    generated_from: null,
    last4: card.last4,
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}
