import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import type { ProviderTransaction } from '../books/money-postings.js';
import { toProviderTransaction } from './provider-transaction.js';
import { type ProviderDispute, toDispute } from './stripe-disputes.js';
import { type Intent, isRelease, type ProviderRefund, StripeGateway, toIntent, toRefund } from './stripe-gateway.js';

/** Which part of a list of Stripe: objects made in a period, newest first, after the last one of the page before. */
export interface Stretch {
  from: Date;
  to: Date;
  after?: string;
}

/** A page of a list. */
export interface Sheet<T> {
  items: T[];
  /** To be given as `after` for the next page; null at the end. */
  next: string | null;
}

/** An event that Stripe could not deliver. */
export interface UndeliveredEvent {
  ref: string;
  type: string;
  /** The intent that it is about, or the object itself. */
  objectRef: string | null;
  apiVersion: string | null;
}

const PAGE = 100;

/** Stripe's books as lists, for comparing them with ours. Never Stripe's search: that lags behind. */
@Injectable()
export class StripeBooks {
  constructor(private readonly gateway: StripeGateway) {}

  /** Events of the last 30 days that an endpoint did not take. */
  async undelivered(stretch: Stretch): Promise<Sheet<UndeliveredEvent>> {
    return this.list('list_events', stretch, async (stripe, params) => {
      const page = await stripe.events.list({ ...params, delivery_success: false });
      return sheet(page, ({ id, type, data, api_version }) => ({
        ref: id,
        type,
        objectRef: intentOf(data.object as ObjectOfEvent),
        apiVersion: api_version,
      }));
    });
  }

  async intents(stretch: Stretch): Promise<Sheet<Intent>> {
    return this.list('list_intents', stretch, async (stripe, params) =>
      sheet(await stripe.paymentIntents.list({ ...params, expand: ['data.latest_charge'] }), toIntent),
    );
  }

  /** Refunds that moved money; not what was released of a hold. */
  async refunds(stretch: Stretch): Promise<Sheet<ProviderRefund & { intentRef: string | null }>> {
    return this.list('list_all_refunds', stretch, async (stripe, params) => {
      const { items, next } = sheet(await stripe.refunds.list(params), (refund) => refund);
      const moved = items.filter((refund) => !isRelease(refund));
      return { items: moved.map((refund) => ({ ...toRefund(refund), intentRef: idOf(refund.payment_intent) })), next };
    });
  }

  async disputes(stretch: Stretch): Promise<Sheet<ProviderDispute>> {
    return this.list('list_all_disputes', stretch, async (stripe, params) =>
      sheet(await stripe.disputes.list(params), toDispute),
    );
  }

  async transactions(stretch: Stretch): Promise<Sheet<ProviderTransaction>> {
    return this.list('list_transactions', stretch, async (stripe, params) =>
      sheet(await stripe.balanceTransactions.list(params), (line) => toProviderTransaction(line)[0]!),
    );
  }

  private list<T>(
    operation: string,
    { from, to, after }: Stretch,
    work: (stripe: Stripe, params: ListParams) => Promise<Sheet<T>>,
  ): Promise<Sheet<T>> {
    const params: ListParams = {
      limit: PAGE,
      created: { gte: Math.floor(from.getTime() / 1000), lte: Math.ceil(to.getTime() / 1000) },
      ...(after ? { starting_after: after } : {}),
    };
    return this.gateway.call(operation, (stripe) => work(stripe, params));
  }
}

interface ListParams {
  limit: number;
  created: Stripe.RangeQueryParam;
  starting_after?: string;
}

interface ObjectOfEvent {
  object?: string;
  id?: string;
  payment_intent?: string | { id: string } | null;
}

function sheet<S extends { id: string }, T>(page: Stripe.ApiList<S>, read: (item: S) => T): Sheet<T> {
  return { items: page.data.map(read), next: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
}

const idOf = (object: string | { id: string } | null | undefined): string | null =>
  typeof object === 'string' ? object : (object?.id ?? null);

function intentOf(object: ObjectOfEvent): string | null {
  return object.object === 'payment_intent' ? (object.id ?? null) : (idOf(object.payment_intent) ?? object.id ?? null);
}
