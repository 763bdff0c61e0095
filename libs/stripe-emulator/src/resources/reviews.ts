import type Stripe from 'stripe';
import { missing, refused } from '../api-error.js';
import type { Engine, Scope } from '../engine.js';
import { parseParams } from '../fields.js';
import { newId } from '../random.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

/** Payments that a person is to look at before the goods leave. */
export class Reviews {
  constructor(private readonly engine: Engine) {}

  /** A rule of Radar asks a person to look at the payment. */
  open(intent: Stripe.PaymentIntent, charge: Stripe.Charge, scope: Scope): void {
    const review: Stripe.Review = {
      id: newId('prv'),
      object: 'review',
      billing_zip: charge.billing_details.address?.postal_code ?? null,
      charge: charge.id,
      closed_reason: null,
      created: this.engine.now(),
      ip_address: null,
      ip_address_location: null,
      livemode: false,
      open: true,
      opened_reason: 'rule',
      payment_intent: intent.id,
      reason: 'rule',
      session: null,
    };
    this.engine.store.reviews.put(review);
    intent.review = review.id;
    charge.review = review.id;
    this.engine.store.intents.put(intent);
    this.engine.store.charges.put(charge);
    scope.emit('review.opened', review);
  }

  /** The look is over, or was overtaken by a refund or a dispute. */
  close(chargeId: string, reason: 'approved' | 'refunded' | 'disputed', scope: Scope): void {
    for (const review of this.engine.store.reviews.values()) {
      if (review.charge === chargeId && review.open) this.end(review, reason, scope);
    }
  }

  private end(review: Stripe.Review, reason: 'approved' | 'refunded' | 'disputed', scope: Scope): Stripe.Review {
    review.open = false;
    review.closed_reason = reason;
    review.reason = reason;
    this.engine.store.reviews.put(review);
    scope.emit('review.closed', review);
    return review;
  }

  private find(id: string): Stripe.Review {
    const review = this.engine.store.reviews.get(id);
    if (review === undefined) throw missing('review', id);
    return review;
  }

  routes(): Route[] {
    return [
      {
        method: 'GET',
        pattern: '/v1/reviews',
        handle: ({ params }) => {
          const read = parseParams({ ...paging, ...createdFilter }, params);
          const items = this.engine.store.reviews
            .newestFirst()
            .filter((review) => review.open && isWithin(review.created, read.created));
          return page('/v1/reviews', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/reviews/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
      {
        method: 'POST',
        pattern: '/v1/reviews/:id/approve',
        handle: (call) => {
          parseParams({}, call.params);
          const review = this.find(pathPart(call, 'id'));
          if (!review.open) throw refused('This review is closed already.');
          return this.end(review, 'approved', call.scope);
        },
      },
    ];
  }
}
