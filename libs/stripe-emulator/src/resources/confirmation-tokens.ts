import type Stripe from 'stripe';
import { invalid, missing } from '../api-error.js';
import type { Engine } from '../engine.js';
import {
  address,
  fullAddress,
  hash,
  oneOf,
  openHash,
  type Parsed,
  parseParams,
  required,
  shapeFor,
  string,
  unsettable,
} from '../fields.js';
import type { RawParams } from '../form.js';
import { newId } from '../random.js';
import { testTokenOf } from '../test-cards.js';
import { cardOf, cardTokenOf, fullBillingDetails, methodData, type PaymentMethods } from './payment-methods.js';
import { type Call, pathPart, type Route } from './route.js';

const LIFETIME_SECONDS = 12 * 3600;

type CreateParams = NonNullable<Parameters<Stripe['testHelpers']['confirmationTokens']['create']>[0]>;

const shape = shapeFor<Omit<CreateParams, 'expand'>>()({
  payment_method: string(),
  payment_method_data: methodData,
  payment_method_options: openHash(),
  return_url: string(),
  setup_future_usage: oneOf('off_session', 'on_session'),
  shipping: hash({ address: required(address()), name: required(string()), phone: unsettable(string()) }),
});

/** What a browser collected for the server to confirm with: good for one intent. */
export class ConfirmationTokens {
  constructor(
    private readonly engine: Engine,
    private readonly methods: PaymentMethods,
  ) {}

  private find(id: string, param?: string): Stripe.ConfirmationToken {
    const found = this.engine.store.confirmationTokens.get(id);
    if (found === undefined) throw missing('confirmation_token', id, param);
    return found;
  }

  returnUrlOf(id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    return this.engine.store.confirmationTokens.get(id)?.return_url ?? undefined;
  }

  /** A new method as the token describes it, or the kept one. @throws {ApiError} when it was used or is too old */
  methodFor(id: string, customer: string | null): Stripe.PaymentMethod {
    const found = this.find(id, 'confirmation_token');
    if (found.payment_intent !== null || found.setup_intent !== null) {
      throw invalid(`The ConfirmationToken ${id} was already used.`, { param: 'confirmation_token' });
    }
    if (found.expires_at !== null && found.expires_at < this.engine.now()) {
      throw invalid(`The ConfirmationToken ${id} has expired.`, { param: 'confirmation_token' });
    }
    const trait = this.engine.store.tokenTraits.get(id);
    if (trait?.method !== undefined) return this.methods.resolve(trait.method, customer, 'confirmation_token');
    const method = this.methods.make(trait?.card ?? 'pm_card_visa');
    if (found.payment_method_preview !== null) method.billing_details = found.payment_method_preview.billing_details;
    return this.engine.store.methods.put(method);
  }

  /** Binds the token to the intent that is confirmed with it. */
  use(id: string, intent: Stripe.PaymentIntent): void {
    const found = this.find(id, 'confirmation_token');
    found.payment_intent = intent.id;
    found.expires_at = null;
    if (found.shipping !== null) intent.shipping = { ...found.shipping, carrier: null, tracking_number: null };
    if (found.setup_future_usage !== null) intent.setup_future_usage = found.setup_future_usage;
    this.engine.store.confirmationTokens.put(found);
  }

  /** Binds the token to the intent that a card is kept with. */
  useForSetup(id: string, intent: Stripe.SetupIntent): void {
    const found = this.find(id, 'confirmation_token');
    found.setup_intent = intent.id;
    found.expires_at = null;
    this.engine.store.confirmationTokens.put(found);
  }

  private create(params: RawParams, isBrowser: boolean): Stripe.ConfirmationToken {
    const read = parseParams(shape, params);
    const card = this.cardFor(read, isBrowser);
    const id = newId('ctoken');
    const created = this.engine.now();
    const kept = read.payment_method === undefined ? undefined : this.engine.store.methods.get(read.payment_method);
    this.engine.store.tokenTraits.put({ id, card, ...(kept === undefined ? {} : { method: kept.id }) });
    return this.engine.store.confirmationTokens.put({
      id,
      object: 'confirmation_token',
      created,
      expires_at: created + LIFETIME_SECONDS,
      livemode: false,
      mandate_data: null,
      metadata: {},
      payment_intent: null,
      payment_method_options: null,
      payment_method_preview: {
        allow_redisplay: read.payment_method_data?.allow_redisplay ?? 'unspecified',
        billing_details: fullBillingDetails(read.payment_method_data?.billing_details),
        card: cardOf(card, read.payment_method_data),
        customer: kept?.customer ?? null,
        customer_account: null,
        type: 'card',
      },
      return_url: read.return_url ?? null,
      setup_future_usage: read.setup_future_usage ?? null,
      setup_intent: null,
      shipping:
        read.shipping === undefined
          ? null
          : {
              address: fullAddress(read.shipping.address),
              name: read.shipping.name,
              phone: read.shipping.phone ?? null,
            },
      use_stripe_sdk: isBrowser,
    });
  }

  private cardFor(read: Parsed<typeof shape>, isBrowser: boolean): string {
    if (read.payment_method_data !== undefined) {
      return cardTokenOf(read.payment_method_data, isBrowser, 'payment_method_data[card]');
    }
    if (read.payment_method === undefined) {
      throw invalid('You must provide one of payment_method or payment_method_data.', { param: 'payment_method' });
    }
    const token = testTokenOf(read.payment_method);
    if (token !== undefined) return token;
    const method = this.methods.find(read.payment_method, 'payment_method');
    return this.engine.store.methodTraits.get(method.id)?.card ?? 'pm_card_visa';
  }

  routes(): Route[] {
    return [
      {
        method: 'POST',
        pattern: '/v1/test_helpers/confirmation_tokens',
        handle: ({ params, client }: Call) => this.create(params, client !== null),
      },
      {
        method: 'POST',
        pattern: '/v1/confirmation_tokens',
        isPublic: true,
        handle: ({ params, client }: Call) => {
          if (client === null) throw invalid('Only Stripe.js creates ConfirmationTokens: use a publishable key.');
          return this.create(params, true);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/confirmation_tokens/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
    ];
  }
}
