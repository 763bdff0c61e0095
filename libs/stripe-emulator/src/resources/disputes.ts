import type Stripe from 'stripe';
import { invalid, missing, refused } from '../api-error.js';
import type { Engine, Scope } from '../engine.js';
import {
  boolean,
  hash,
  mergeMetadata,
  metadata,
  oneOf,
  parseParams,
  shapeFor,
  string,
  unsupported,
} from '../fields.js';
import type { RawParams } from '../form.js';
import { newId } from '../random.js';
import type { BalanceTransactions } from './balance-transactions.js';
import type { Charges } from './charges.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

type Dispute = Stripe.Dispute;
type Status = 'needs_response' | 'under_review' | 'lost' | 'won' | 'prevented' | `warning_${'closed' | Open}`;
type Open = 'needs_response' | 'under_review';

/** How a cardholder complains: takes the money back, asks first, or was answered before it came to that. */
export type DisputeKind = 'chargeback' | 'inquiry' | 'prevented';

export interface DisputeOptions {
  kind?: DisputeKind;
  /** Stripe's word for the complaint; `fraudulent` when left out. */
  reason?: string;
  /** Minor units; what is left of the charge when left out. */
  amount?: number;
  /** The bank takes the money at once. Otherwise `withdrawFunds` does it. */
  withdraw?: boolean;
  /** Days to answer in. */
  dueInDays?: number;
}

const DAY_SECONDS = 24 * 3600;
const DUE_IN_DAYS = 7;
const TEXT_LIMIT = 20_000;
const OPEN = new Set<string>(['needs_response', 'under_review', 'warning_needs_response', 'warning_under_review']);
/** The money is with the cardholder, or may be soon: it cannot be sent there a second time. */
const BLOCKS_REFUNDS = new Set<string>(['needs_response', 'under_review', 'lost']);

const text = string(TEXT_LIMIT);
const evidenceShape = shapeFor<Stripe.DisputeUpdateParams.Evidence>()({
  access_activity_log: text,
  appeal: unsupported(),
  billing_address: text,
  cancellation_policy: text,
  cancellation_policy_disclosure: text,
  cancellation_rebuttal: text,
  customer_communication: text,
  customer_email_address: text,
  customer_name: text,
  customer_purchase_ip: text,
  customer_signature: text,
  duplicate_charge_documentation: text,
  duplicate_charge_explanation: text,
  duplicate_charge_id: text,
  enhanced_evidence: unsupported(),
  product_description: text,
  receipt: text,
  refund_policy: text,
  refund_policy_disclosure: text,
  refund_refusal_explanation: text,
  service_date: text,
  service_documentation: text,
  shipping_address: text,
  shipping_carrier: text,
  shipping_date: text,
  shipping_documentation: text,
  shipping_tracking_number: text,
  uncategorized_file: text,
  uncategorized_text: text,
});
const updateShape = shapeFor<Omit<Stripe.DisputeUpdateParams, 'expand'>>()({
  evidence: hash(evidenceShape),
  intended_submission_method: oneOf('manual', 'prefer_manual', 'prefer_smart_disputes', 'smart_disputes'),
  metadata: metadata(),
  submit: boolean(),
});

/** Cardholders who want their money back from the bank. */
export class Disputes {
  constructor(
    private readonly engine: Engine,
    private readonly charges: Charges,
    private readonly balance: BalanceTransactions,
  ) {}

  /**
   * A cardholder complains about a charge.
   * @throws {ApiError} when nothing is left of the charge or one complaint is open already
   */
  open(charge: Stripe.Charge, options: DisputeOptions, scope: Scope): Dispute {
    const { kind = 'chargeback', reason = 'fraudulent', dueInDays = DUE_IN_DAYS } = options;
    const left = charge.amount - charge.amount_refunded;
    const amount = options.amount ?? left;
    if (charge.amount_captured === 0 || amount < 1 || amount > left) {
      throw refused(`Charge ${charge.id} cannot be disputed: ${left} of it is left.`, { param: 'amount' });
    }
    if (this.ofCharge(charge.id).some((known) => OPEN.has(known.status))) {
      throw refused(`Charge ${charge.id} is disputed already.`, { code: 'charge_disputed' });
    }
    const created = this.engine.now();
    const dispute: Dispute = {
      id: newId('du'),
      object: 'dispute',
      amount,
      balance_transactions: [],
      charge: charge.id,
      created,
      currency: charge.currency,
      enhanced_eligibility_types: [],
      evidence: { ...NO_EVIDENCE, customer_email_address: charge.billing_details.email, enhanced_evidence: {} },
      evidence_details: {
        due_by: kind === 'prevented' ? null : created + dueInDays * DAY_SECONDS,
        enhanced_eligibility: {},
        has_evidence: false,
        past_due: false,
        submission_count: 0,
        submission_method: 'not_submitted',
      },
      intended_submission_method: 'manual',
      is_charge_refundable: kind === 'inquiry',
      livemode: false,
      metadata: {},
      network_reason_code: NETWORK_REASONS[reason] ?? '10.4',
      payment_intent: charge.payment_intent,
      payment_method_details: {
        card: {
          brand: charge.payment_method_details?.card?.brand ?? 'visa',
          case_type: kind === 'inquiry' ? 'inquiry' : 'chargeback',
          network: charge.payment_method_details?.card?.network ?? 'visa',
          network_reason_code: NETWORK_REASONS[reason] ?? '10.4',
        },
        type: 'card',
      },
      reason,
      status: START[kind],
    };
    charge.disputed = true;
    this.engine.store.charges.put(charge);
    this.engine.store.disputes.put(dispute);
    this.watchDue(dispute);
    if (kind !== 'chargeback' || options.withdraw === false) scope.emit('charge.dispute.created', dispute);
    else {
      this.takeMoney(dispute);
      scope.emitInAnyOrder(['charge.dispute.created', dispute], ['charge.dispute.funds_withdrawn', dispute]);
    }
    return dispute;
  }

  /** The bank takes the disputed amount, and Stripe its fee. @throws {ApiError} when it has it already */
  withdrawFunds(dispute: Dispute, scope: Scope): Dispute {
    if (moneyTaken(dispute) > 0) throw refused(`The funds of ${dispute.id} are withdrawn already.`);
    this.takeMoney(dispute);
    scope.emit('charge.dispute.funds_withdrawn', dispute);
    return dispute;
  }

  /** The bank gives the disputed amount back. @throws {ApiError} when it has not got it */
  reinstateFunds(dispute: Dispute, scope: Scope): Dispute {
    if (moneyTaken(dispute) === 0) throw refused(`The funds of ${dispute.id} are not withdrawn.`);
    this.giveMoneyBack(dispute);
    scope.emit('charge.dispute.funds_reinstated', dispute);
    return dispute;
  }

  /** Ends for the shop. @param isReinstated the money comes back in the same moment */
  win(dispute: Dispute, isReinstated: boolean, scope: Scope): Dispute {
    this.assertOpen(dispute);
    if (isInquiry(dispute)) return this.end(dispute, 'warning_closed', scope);
    if (!isReinstated || moneyTaken(dispute) === 0) return this.end(dispute, 'won', scope);
    this.giveMoneyBack(dispute);
    dispute.status = 'won';
    dispute.is_charge_refundable = true;
    this.engine.store.disputes.put(dispute);
    scope.emitInAnyOrder(['charge.dispute.closed', dispute], ['charge.dispute.funds_reinstated', dispute]);
    return dispute;
  }

  /** Ends for the cardholder. Of an inquiry nothing is left: it is closed. */
  lose(dispute: Dispute, scope: Scope): Dispute {
    this.assertOpen(dispute);
    return this.end(dispute, isInquiry(dispute) ? 'warning_closed' : 'lost', scope);
  }

  /** The cardholder is not content with the answer to the inquiry: the bank takes the money. */
  escalate(dispute: Dispute, scope: Scope): Dispute {
    this.assertOpen(dispute);
    if (!isInquiry(dispute)) throw refused(`${dispute.id} is no inquiry.`);
    const previous = { status: dispute.status, is_charge_refundable: dispute.is_charge_refundable };
    dispute.status = 'needs_response';
    dispute.is_charge_refundable = false;
    dispute.evidence_details.due_by = this.engine.now() + DUE_IN_DAYS * DAY_SECONDS;
    if (dispute.payment_method_details?.card !== undefined) {
      dispute.payment_method_details.card.case_type = 'chargeback';
    }
    this.watchDue(dispute);
    this.takeMoney(dispute);
    scope.emit('charge.dispute.updated', dispute, previous);
    scope.emit('charge.dispute.funds_withdrawn', dispute);
    return dispute;
  }

  /** Nobody answered in time. */
  passDue(id: string, scope: Scope): void {
    const dispute = this.engine.store.disputes.get(id);
    if (dispute === undefined || !dispute.status.endsWith('needs_response')) return;
    // An inquiry that became a chargeback got more time.
    if ((dispute.evidence_details.due_by ?? 0) > this.engine.now()) return;
    dispute.evidence_details.past_due = true;
    this.lose(dispute, scope);
  }

  /** The bank looked at the evidence; the words that decide in Stripe's test mode decide here too. */
  decide(id: string, scope: Scope): void {
    const dispute = this.engine.store.disputes.get(id);
    if (dispute === undefined || !OPEN.has(dispute.status)) return;
    const words = dispute.evidence.uncategorized_text;
    if (words === 'winning_evidence') this.win(dispute, true, scope);
    else if (words === 'losing_evidence') this.lose(dispute, scope);
    else if (words === 'escalate_inquiry_evidence' && isInquiry(dispute)) this.escalate(dispute, scope);
  }

  /** @throws {ApiError} charge_disputed when the money of the charge is in dispute, or all that is left is lost by one */
  assertRefundable(charge: Stripe.Charge): void {
    const disputes = this.ofCharge(charge.id).filter((dispute) => BLOCKS_REFUNDS.has(dispute.status));
    const lost = disputes.reduce((sum, dispute) => sum + dispute.amount, 0);
    if (disputes.every(({ status }) => status === 'lost') && lost < charge.amount - charge.amount_refunded) return;
    if (disputes.length === 0) return;
    throw refused(`Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' });
  }

  /** Who has all the money back asks no more. */
  afterFullRefund(charge: Stripe.Charge, scope: Scope): void {
    for (const dispute of this.ofCharge(charge.id)) {
      if (OPEN.has(dispute.status) && isInquiry(dispute)) this.end(dispute, 'warning_closed', scope);
    }
  }

  /** By its own id, or the newest of an intent. @throws {ApiError} resource_missing */
  findFor(id: string): Dispute {
    const { disputes } = this.engine.store;
    const found = disputes.get(id) ?? disputes.newestFirst().find((dispute) => dispute.payment_intent === id);
    if (found === undefined) throw missing('dispute', id);
    return found;
  }

  private find(id: string): Dispute {
    const found = this.engine.store.disputes.get(id);
    if (found === undefined) throw missing('dispute', id);
    return found;
  }

  private ofCharge(charge: string): Dispute[] {
    return [...this.engine.store.disputes.values()].filter((dispute) => dispute.charge === charge);
  }

  private assertOpen(dispute: Dispute): void {
    if (OPEN.has(dispute.status)) return;
    throw refused(`This dispute is already closed (status ${dispute.status}).`, { code: 'dispute_already_closed' });
  }

  private end(dispute: Dispute, status: Status, scope: Scope): Dispute {
    dispute.status = status;
    dispute.is_charge_refundable = status === 'won' || status === 'warning_closed';
    this.engine.store.disputes.put(dispute);
    scope.emit('charge.dispute.closed', dispute);
    return dispute;
  }

  private watchDue({ id, evidence_details: { due_by: due } }: Dispute): void {
    if (due !== null) this.engine.when(due, 'expire_dispute', id);
  }

  private takeMoney(dispute: Dispute): void {
    dispute.balance_transactions.push(this.balance.ofDispute(dispute));
    this.engine.store.disputes.put(dispute);
  }

  private giveMoneyBack(dispute: Dispute): void {
    dispute.balance_transactions.push(this.balance.ofReinstatement(dispute));
    this.engine.store.disputes.put(dispute);
  }

  private update(dispute: Dispute, params: RawParams, scope: Scope): Dispute {
    const read = parseParams(updateShape, params);
    if (read.evidence !== undefined && !dispute.status.endsWith('needs_response')) {
      throw refused(`Evidence cannot be changed: this dispute has a status of ${dispute.status}.`);
    }
    const previous: Record<string, unknown> = {
      evidence: dispute.evidence,
      evidence_details: { ...dispute.evidence_details },
      metadata: dispute.metadata,
      status: dispute.status,
    };
    dispute.metadata = mergeMetadata(dispute.metadata, read.metadata);
    dispute.intended_submission_method = read.intended_submission_method ?? dispute.intended_submission_method;
    const { evidence_details: details } = dispute;
    if (read.evidence !== undefined) {
      dispute.evidence = { ...dispute.evidence, ...given(read.evidence) };
      details.has_evidence = true;
    }
    if (read.submit !== false && details.has_evidence && dispute.status.endsWith('needs_response')) {
      details.submission_count += 1;
      details.submission_method = 'manual';
      dispute.status = isInquiry(dispute) ? 'warning_under_review' : 'under_review';
      this.engine.later('decide_dispute', dispute.id);
    }
    this.engine.store.disputes.put(dispute);
    scope.emit('charge.dispute.updated', dispute, previous);
    return dispute;
  }

  routes(): Route[] {
    const { disputes } = this.engine.store;
    return [
      {
        method: 'GET',
        pattern: '/v1/disputes',
        handle: ({ params }) => {
          const read = parseParams({ ...paging, ...createdFilter, charge: string(), payment_intent: string() }, params);
          const items = disputes
            .newestFirst()
            .filter(
              (dispute) =>
                isWithin(dispute.created, read.created) &&
                (read.charge === undefined || dispute.charge === read.charge) &&
                (read.payment_intent === undefined || dispute.payment_intent === read.payment_intent),
            );
          return page('/v1/disputes', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/disputes/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
      {
        method: 'POST',
        pattern: '/v1/disputes/:id',
        handle: (call) => this.update(this.find(pathPart(call, 'id')), call.params, call.scope),
      },
      {
        method: 'POST',
        pattern: '/v1/disputes/:id/close',
        handle: (call) => {
          parseParams({}, call.params);
          return this.lose(this.find(pathPart(call, 'id')), call.scope);
        },
      },
    ];
  }

  /** The charge that an action on an intent is about. @throws {ApiError} when the intent has none */
  chargeOf(intent: Stripe.PaymentIntent): Stripe.Charge {
    if (typeof intent.latest_charge !== 'string') throw invalid(`${intent.id} has no charge.`);
    return this.charges.find(intent.latest_charge);
  }
}

const isInquiry = (dispute: Dispute): boolean => dispute.status.startsWith('warning_');

/** What the bank holds of the account's money. */
const moneyTaken = (dispute: Dispute): number =>
  -dispute.balance_transactions.reduce((sum, transaction) => sum + transaction.amount, 0);

const given = (evidence: object): object =>
  Object.fromEntries(Object.entries(evidence).filter(([, value]) => value !== undefined));

const START: Record<DisputeKind, Status> = {
  chargeback: 'needs_response',
  inquiry: 'warning_needs_response',
  prevented: 'prevented',
};

/** Visa's numbers for the commonest complaints. */
const NETWORK_REASONS: Readonly<Record<string, string>> = {
  credit_not_processed: '13.6',
  duplicate: '12.6.1',
  fraudulent: '10.4',
  product_not_received: '13.1',
  product_unacceptable: '13.3',
  subscription_canceled: '13.2',
};

const NO_EVIDENCE: Omit<Stripe.Dispute.Evidence, 'enhanced_evidence'> = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};
