import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import { newUuid } from '#libs/ids';
import type { ProviderTransaction } from '../books/money-postings.js';
import { toProviderTransaction } from './provider-transaction.js';
import { StripeGateway } from './stripe-gateway.js';
import { fromWire } from './wire-amount.js';

/** What we read of a dispute. Amounts in ISO minor units. */
export interface ProviderDispute {
  ref: string;
  intentRef: string | null;
  status: string;
  amount: number;
  currency: string;
  reason: string;
  networkReasonCode: string | null;
  evidenceDueAt: Date | null;
  hasEvidence: boolean;
  submissions: number;
  isPastDue: boolean;
  openedAt: Date;
  /** What it moved: the amount out, and back again. */
  transactions: ProviderTransaction[];
}

/** What we read of an early fraud warning, or of a review that Stripe's own rules ask for. */
export interface ProviderWarning {
  ref: string;
  intentRef: string | null;
  fraudType: string;
  isActionable: boolean;
  /** Whether somebody has looked at it and found nothing wrong. */
  isCleared?: boolean;
  occurredAt: Date;
}

/** What can be told to the bank, in words. */
export type Evidence = {
  [F in Exclude<keyof Stripe.DisputeUpdateParams.Evidence, 'appeal' | 'enhanced_evidence'>]?: string;
};

const idOf = (object: string | { id: string } | null | undefined): string | null =>
  typeof object === 'string' ? object : (object?.id ?? null);

/** Disputes, early fraud warnings and reviews at Stripe. */
@Injectable()
export class StripeDisputes {
  constructor(private readonly gateway: StripeGateway) {}

  /** Every dispute about an intent. */
  async ofIntent(intentRef: string): Promise<ProviderDispute[]> {
    return this.gateway.call('list_disputes', async (stripe) => {
      const page = await stripe.disputes.list({ payment_intent: intentRef, limit: 100 });
      return page.data.map(toDispute);
    });
  }

  /** Every early fraud warning about an intent. */
  async warningsOf(intentRef: string): Promise<ProviderWarning[]> {
    return this.gateway.call('list_fraud_warnings', async (stripe) => {
      const page = await stripe.radar.earlyFraudWarnings.list({ payment_intent: intentRef, limit: 100 });
      return page.data.map((warning) => ({
        ref: warning.id,
        intentRef: idOf(warning.payment_intent),
        fraudType: warning.fraud_type,
        isActionable: warning.actionable,
        occurredAt: new Date(warning.created * 1000),
      }));
    });
  }

  /** The review of an intent that a rule of Radar has asked for, if one has. */
  async reviewsOf(intentRef: string): Promise<ProviderWarning[]> {
    return this.gateway.call('read_review', async (stripe) => {
      const { review } = await stripe.paymentIntents.retrieve(intentRef, { expand: ['review'] });
      if (review === null || typeof review === 'string') return [];
      return [
        {
          ref: review.id,
          intentRef,
          fraudType: 'radar_review',
          isActionable: review.open,
          isCleared: review.closed_reason === 'approved',
          occurredAt: new Date(review.created * 1000),
        },
      ];
    });
  }

  /** Keeps evidence at Stripe; with `submit` it goes to the bank, after which it cannot be changed. */
  async sendEvidence(ref: string, evidence: Evidence, submit: boolean, key: string): Promise<void> {
    await this.gateway.call('dispute_evidence', (stripe) =>
      stripe.disputes.update(ref, { evidence, submit }, { idempotencyKey: `dispute:evidence:${key}` }),
    );
  }

  /** Gives up: the dispute is lost. It can be lost once, so each call has a key of its own, as that of a cancellation. */
  async close(ref: string, disputeId: string): Promise<void> {
    const idempotencyKey = `dispute:close:${disputeId}:${newUuid()}`;
    await this.gateway.call('dispute_close', (stripe) => stripe.disputes.close(ref, {}, { idempotencyKey }));
  }
}

/** Reads Stripe's object. */
export function toDispute(dispute: Stripe.Dispute): ProviderDispute {
  const { evidence_details: details } = dispute;
  return {
    ref: dispute.id,
    intentRef: idOf(dispute.payment_intent),
    status: dispute.status,
    amount: fromWire(dispute.amount, dispute.currency),
    currency: dispute.currency.toUpperCase(),
    reason: dispute.reason,
    networkReasonCode: dispute.payment_method_details?.card?.network_reason_code ?? dispute.network_reason_code ?? null,
    evidenceDueAt: details.due_by === null ? null : new Date(details.due_by * 1000),
    hasEvidence: details.has_evidence,
    submissions: details.submission_count,
    isPastDue: details.past_due,
    openedAt: new Date(dispute.created * 1000),
    transactions: dispute.balance_transactions.flatMap(toProviderTransaction),
  };
}

/** Whether Stripe says that the key may not do this. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Stripe.errors.StripePermissionError;
