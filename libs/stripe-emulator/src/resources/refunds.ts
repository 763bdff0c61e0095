import type Stripe from 'stripe';
import { invalid, missing, refused } from '../api-error.js';
import { inMajorUnits } from '../currencies.js';
import type { Engine, Scope } from '../engine.js';
import { integer, mergeMetadata, metadata, oneOf, parseParams, shapeFor, string, unsupported } from '../fields.js';
import type { RawParams } from '../form.js';
import { newId, token } from '../random.js';
import type { BalanceTransactions } from './balance-transactions.js';
import type { Charges } from './charges.js';
import type { Complaints } from './complaints.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import type { PaymentMethods } from './payment-methods.js';
import { pathPart, type Route } from './route.js';

const createShape = shapeFor<Omit<Stripe.RefundCreateParams, 'expand'>>()({
  amount: integer(),
  charge: string(),
  currency: unsupported(),
  customer: unsupported(),
  instructions_email: string(),
  metadata: metadata(),
  origin: unsupported(),
  payment_intent: string(),
  reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
  refund_application_fee: unsupported(),
  reverse_transfer: unsupported(),
});

/** How a refund ends at the cardholder's bank. */
export type RefundOutcome = 'succeeded' | 'failed' | 'canceled';

/** Money that goes back. */
export class Refunds {
  constructor(
    private readonly engine: Engine,
    private readonly charges: Charges,
    private readonly methods: PaymentMethods,
    private readonly balance: BalanceTransactions,
    private readonly complaints: Complaints,
  ) {}

  /**
   * Sends back a part or all of what a charge took.
   * @throws {ApiError} charge_already_refunded, charge_disputed, amount_too_large, or that there is nothing to refund
   */
  create(params: RawParams, scope: Scope): Stripe.Refund {
    const read = parseParams(createShape, params);
    const charge = this.chargeOf(read.payment_intent, read.charge);
    this.complaints.disputes.assertRefundable(charge);
    const left = charge.amount - charge.amount_refunded;
    if (left <= 0) {
      throw refused(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
    }
    const amount = read.amount ?? left;
    if (amount < 1) {
      throw invalid('This value must be greater than or equal to 1.', {
        code: 'parameter_invalid_integer',
        param: 'amount',
      });
    }
    if (amount > left) {
      throw refused(
        `Refund amount (${inMajorUnits(amount, charge.currency)}) is greater than unrefunded amount on charge (${inMajorUnits(left, charge.currency)})`,
        { code: 'amount_too_large', param: 'amount' },
      );
    }
    const method = charge.payment_method === null ? null : this.methods.find(charge.payment_method);
    const fate = method === null ? undefined : this.methods.cardOf(method).refund;
    const id = newId('re');
    const refund: Stripe.Refund = {
      id,
      object: 'refund',
      amount,
      balance_transaction: null,
      charge: charge.id,
      created: this.engine.now(),
      currency: charge.currency,
      customer: charge.customer,
      customer_account: null,
      destination_details: {
        card: {
          reference: token(12),
          reference_status: 'available',
          reference_type: 'acquirer_reference_number',
          type: 'refund',
        },
        type: 'card',
      },
      metadata: mergeMetadata({}, read.metadata),
      payment_intent: charge.payment_intent,
      payment_method: null,
      ...(fate === 'pending' ? { pending_reason: 'processing' } : {}),
      reason: read.reason ?? null,
      receipt_number: null,
      source_transfer_reversal: null,
      status: fate === 'pending' ? 'pending' : 'succeeded',
      transfer_reversal: null,
    };
    refund.balance_transaction = this.balance.ofRefund(refund).id;
    this.engine.store.refunds.put(refund);
    const previous = { amount_refunded: charge.amount_refunded, refunded: charge.refunded };
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount;
    this.engine.store.charges.put(charge);
    scope.emit('refund.created', refund);
    scope.emit('charge.refunded', charge, previous);
    if (charge.refunded) this.complaints.afterFullRefund(charge, scope);
    if (fate !== undefined) this.engine.later('settle_refund', id);
    return refund;
  }

  /** The bank's late word on a refund, as the test card has it. */
  passPending(id: string, scope: Scope): void {
    const refund = this.engine.store.refunds.get(id);
    if (refund === undefined) return;
    const method = this.chargeOfRefund(refund).payment_method;
    const fate = method === null ? undefined : this.methods.cardOf(this.methods.find(method)).refund;
    if (fate === 'pending' && refund.status === 'pending') this.decide(refund, 'succeeded', scope);
    if (fate === 'fails_later' && refund.status === 'succeeded') this.decide(refund, 'failed', scope);
  }

  /**
   * The bank's late word on a refund: a pending one arrives or is called off, one to a closed card comes back.
   * @throws {ApiError} when the refund has come to another end
   */
  decide(refund: Stripe.Refund, outcome: RefundOutcome, scope: Scope): Stripe.Refund {
    const before = { status: refund.status };
    const isPossible = refund.status === 'pending' || (refund.status === 'succeeded' && outcome === 'failed');
    if (!isPossible) throw refused(`${refund.id} is ${refund.status ?? 'over'}: it cannot become ${outcome}.`);
    refund.status = outcome;
    delete refund.pending_reason;
    if (outcome === 'succeeded') {
      this.engine.store.refunds.put(refund);
      scope.emit('refund.updated', refund, before);
      scope.emit('charge.refund.updated', refund, before);
      return refund;
    }
    const charge = this.chargeOfRefund(refund);
    refund.failure_reason = outcome === 'failed' ? 'expired_or_canceled_card' : 'merchant_request';
    refund.failure_balance_transaction = this.balance.ofFailedRefund(refund).id;
    this.engine.store.refunds.put(refund);
    const previous = { amount_refunded: charge.amount_refunded, refunded: charge.refunded };
    charge.amount_refunded -= refund.amount;
    charge.refunded = false;
    this.engine.store.charges.put(charge);
    if (outcome === 'failed') scope.emit('refund.failed', refund);
    else scope.emit('refund.updated', refund, before);
    scope.emit('charge.refund.updated', refund, before);
    scope.emit('charge.updated', charge, previous);
    return refund;
  }

  /** By its own id, or the newest of an intent. @throws {ApiError} resource_missing */
  findFor(id: string): Stripe.Refund {
    const { refunds } = this.engine.store;
    const found = refunds.get(id) ?? refunds.newestFirst().find((refund) => refund.payment_intent === id);
    if (found === undefined) throw missing('refund', id);
    return found;
  }

  private chargeOfRefund(refund: Stripe.Refund): Stripe.Charge {
    return this.charges.find(typeof refund.charge === 'string' ? refund.charge : '');
  }

  private chargeOf(intentId: string | undefined, chargeId: string | undefined): Stripe.Charge {
    if (intentId === undefined && chargeId === undefined) {
      throw invalid('One of the following params should be provided for this request: payment_intent or charge.');
    }
    let id = chargeId;
    if (intentId !== undefined) {
      const intent = this.engine.store.intents.get(intentId);
      if (intent === undefined) throw missing('payment_intent', intentId, 'payment_intent');
      if (typeof intent.latest_charge !== 'string' || intent.status === 'processing') id = undefined;
      else id = intent.latest_charge;
      if (id === undefined || this.charges.find(id).amount_captured === 0) {
        throw refused(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`, {
          code: 'payment_intent_unexpected_state',
          param: 'payment_intent',
          payment_intent: intent,
        });
      }
      if (chargeId !== undefined && chargeId !== id) {
        throw invalid('The charge does not belong to the payment_intent.', { param: 'charge' });
      }
    }
    const charge = this.charges.find(id ?? '', 'charge');
    if (charge.amount_captured === 0) {
      throw refused(`Charge ${charge.id} has not been captured and cannot be refunded.`, { param: 'charge' });
    }
    return charge;
  }

  private find(id: string): Stripe.Refund {
    const refund = this.engine.store.refunds.get(id);
    if (refund === undefined) throw missing('refund', id);
    return refund;
  }

  routes(): Route[] {
    const { refunds } = this.engine.store;
    return [
      { method: 'POST', pattern: '/v1/refunds', handle: ({ params, scope }) => this.create(params, scope) },
      {
        method: 'GET',
        pattern: '/v1/refunds',
        handle: ({ params }) => {
          const read = parseParams({ ...paging, ...createdFilter, charge: string(), payment_intent: string() }, params);
          const items = refunds
            .newestFirst()
            .filter(
              (refund) =>
                isWithin(refund.created, read.created) &&
                (read.charge === undefined || refund.charge === read.charge) &&
                (read.payment_intent === undefined || refund.payment_intent === read.payment_intent),
            );
          return page('/v1/refunds', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/refunds/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
      {
        method: 'POST',
        pattern: '/v1/refunds/:id',
        handle: (call) => {
          const read = parseParams({ metadata: metadata() }, call.params);
          const refund = this.find(pathPart(call, 'id'));
          const previous = { metadata: refund.metadata };
          refund.metadata = mergeMetadata(refund.metadata ?? {}, read.metadata);
          refunds.put(refund);
          call.scope.emit('refund.updated', refund, previous);
          call.scope.emit('charge.refund.updated', refund, previous);
          return refund;
        },
      },
      {
        method: 'POST',
        pattern: '/v1/refunds/:id/cancel',
        handle: (call) => {
          parseParams({}, call.params);
          const refund = this.find(pathPart(call, 'id'));
          // Only bank transfers wait for the shopper's action, and the emulator has cards only.
          throw refused(
            `You cannot cancel this refund because it has a status of ${refund.status}. Only a refund with one of the following statuses may be canceled: requires_action.`,
          );
        },
      },
    ];
  }
}
