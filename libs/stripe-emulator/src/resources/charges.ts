import type Stripe from 'stripe';
import { missing } from '../api-error.js';
import type { Engine, Scope } from '../engine.js';
import { mergeMetadata, metadata, parseParams, string } from '../fields.js';
import { newId } from '../random.js';
import type { Outcome } from '../test-cards.js';
import type { BalanceTransactions } from './balance-transactions.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

const HOLD_SECONDS = 7 * 24 * 3600;

/** How an attempt to take money ended. */
export type ChargeResult = 'succeeded' | 'authorized' | 'pending' | (Outcome & { kind: 'declined' });

/** The attempts to take money for an intent. */
export class Charges {
  constructor(
    private readonly engine: Engine,
    private readonly balance: BalanceTransactions,
  ) {}

  /** Writes the attempt down; its balance transaction comes by `book`. */
  make(
    intent: Stripe.PaymentIntent,
    method: Stripe.PaymentMethod,
    result: ChargeResult,
    isAuthenticated: boolean,
  ): Stripe.Charge {
    const declined = typeof result === 'object' ? result : undefined;
    const isHeld = result === 'authorized';
    const isPaid = result === 'succeeded' || isHeld;
    const created = this.engine.now();
    return this.engine.store.charges.put({
      id: newId('ch'),
      object: 'charge',
      amount: intent.amount,
      amount_captured: result === 'succeeded' ? intent.amount : 0,
      amount_refunded: 0,
      application: null,
      application_fee: null,
      application_fee_amount: null,
      balance_transaction: null,
      billing_details: method.billing_details,
      calculated_statement_descriptor: 'EMULATOR',
      captured: result === 'succeeded' || result === 'pending',
      created,
      currency: intent.currency,
      customer: intent.customer,
      description: intent.description,
      disputed: false,
      failure_balance_transaction: null,
      failure_code: declined?.code ?? null,
      failure_message: declined?.message ?? null,
      fraud_details: {},
      livemode: false,
      metadata: { ...intent.metadata },
      on_behalf_of: null,
      outcome: outcomeOf(result),
      paid: isPaid,
      payment_intent: intent.id,
      payment_method: method.id,
      payment_method_details: {
        card: this.cardDetails(intent, method, isHeld ? created + HOLD_SECONDS : undefined, isAuthenticated),
        type: 'card',
      },
      radar_options: {},
      receipt_email: intent.receipt_email,
      receipt_number: null,
      receipt_url: null,
      refunded: false,
      review: null,
      shipping: intent.shipping,
      source: null,
      source_transfer: null,
      statement_descriptor: intent.statement_descriptor,
      statement_descriptor_suffix: intent.statement_descriptor_suffix,
      status: declined !== undefined ? 'failed' : result === 'pending' ? 'pending' : 'succeeded',
      transfer_data: null,
      transfer_group: null,
    });
  }

  private cardDetails(
    intent: Stripe.PaymentIntent,
    method: Stripe.PaymentMethod,
    captureBefore: number | undefined,
    isAuthenticated: boolean,
  ): Stripe.Charge.PaymentMethodDetails.Card {
    const card = method.card!;
    return {
      amount_authorized: intent.amount,
      authorization_code: '123456',
      brand: card.brand,
      ...(captureBefore === undefined ? {} : { capture_before: captureBefore }),
      checks: card.checks,
      country: card.country,
      electronic_commerce_indicator: isAuthenticated ? '05' : null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      extended_authorization: { status: 'disabled' },
      fingerprint: card.fingerprint ?? null,
      funding: card.funding,
      incremental_authorization: { status: 'unavailable' },
      installments: null,
      last4: card.last4,
      mandate: null,
      multicapture: { status: 'unavailable' },
      network: card.brand,
      network_token: { used: false },
      network_transaction_id: newId('net').slice(4, 19),
      overcapture: { maximum_amount_capturable: intent.amount, status: 'unavailable' },
      regulated_status: 'unregulated',
      three_d_secure: isAuthenticated
        ? {
            authentication_flow: 'challenge',
            electronic_commerce_indicator: '05',
            exemption_indicator: null,
            result: 'authenticated',
            result_reason: null,
            transaction_id: null,
            version: '2.2.0',
          }
        : null,
      transaction_link_id: null,
      wallet: null,
    };
  }

  /**
   * Enters captured money into the balance: at once, or with `automatic_async` capture a little later, which
   * `charge.updated` tells.
   */
  book(charge: Stripe.Charge, isAvailable: boolean, isLater: boolean): void {
    if (isLater) this.engine.later('settle_balance', charge.id);
    else charge.balance_transaction = this.balance.ofCharge(charge, isAvailable).id;
    this.engine.store.charges.put(charge);
  }

  /** The late half of `book`. */
  bookNow(id: string, scope: Scope): void {
    const charge = this.engine.store.charges.get(id);
    if (charge === undefined || charge.balance_transaction !== null) return;
    charge.balance_transaction = this.balance.ofCharge(charge, false).id;
    this.engine.store.charges.put(charge);
    scope.emit('charge.updated', charge, { balance_transaction: null });
  }

  find(id: string, param?: string): Stripe.Charge {
    const charge = this.engine.store.charges.get(id);
    if (charge === undefined) throw missing('charge', id, param);
    return charge;
  }

  routes(): Route[] {
    const { charges } = this.engine.store;
    return [
      {
        method: 'GET',
        pattern: '/v1/charges',
        handle: ({ params }) => {
          const read = parseParams(
            { ...paging, ...createdFilter, customer: string(), payment_intent: string(), transfer_group: string() },
            params,
          );
          const items = charges
            .newestFirst()
            .filter(
              (charge) =>
                isWithin(charge.created, read.created) &&
                (read.customer === undefined || charge.customer === read.customer) &&
                (read.payment_intent === undefined || charge.payment_intent === read.payment_intent) &&
                (read.transfer_group === undefined || charge.transfer_group === read.transfer_group),
            );
          return page('/v1/charges', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/charges/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
      {
        method: 'POST',
        pattern: '/v1/charges/:id',
        handle: (call) => {
          const read = parseParams(
            { description: string(), metadata: metadata(), receipt_email: string() },
            call.params,
          );
          const charge = this.find(pathPart(call, 'id'));
          const previous = {
            description: charge.description,
            metadata: charge.metadata,
            receipt_email: charge.receipt_email,
          };
          charge.metadata = mergeMetadata(charge.metadata, read.metadata);
          charge.description = read.description ?? charge.description;
          charge.receipt_email = read.receipt_email ?? charge.receipt_email;
          charges.put(charge);
          call.scope.emit('charge.updated', charge, previous);
          return charge;
        },
      },
    ];
  }
}

function outcomeOf(result: ChargeResult): Stripe.Charge.Outcome {
  if (typeof result !== 'object') {
    return {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: result === 'pending' ? 'not_sent_to_network' : 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 20,
      seller_message: result === 'pending' ? null : 'Payment complete.',
      type: 'authorized',
    };
  }
  return {
    advice_code: result.declineCode === 'generic_decline' ? 'try_again_later' : 'do_not_try_again',
    network_advice_code: null,
    network_decline_code: result.networkCode ?? null,
    network_status: 'declined_by_network',
    reason: result.declineCode ?? result.code,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: 'The bank did not return any further details with this decline.',
    type: 'issuer_declined',
  };
}
