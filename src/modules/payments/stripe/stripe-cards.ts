import { Injectable } from '@nestjs/common';
import type Stripe from 'stripe';
import { newUuid } from '#libs/ids';
import { PaymentRefused } from '../payments.errors.js';
import { keyOf, SHOP, StripeGateway } from './stripe-gateway.js';

/** A card that Stripe keeps for a customer. */
export interface SavedCard {
  /** `pm_…` */
  ref: string;
  brand: string;
  last4: string;
  /** 1 to 12 */
  expMonth: number;
  expYear: number;
}

/** By how much Stripe's clock may be behind ours. */
const CLOCK_SKEW_S = 300;
/** More cards than anybody has. */
const MOST_CARDS = 100;

/** Customers at Stripe and the cards that it keeps for them. */
@Injectable()
export class StripeCards {
  constructor(private readonly gateway: StripeGateway) {}

  /**
   * One Stripe Customer for each of ours, however often this is called: the key is the customer's own. Stripe learns no
   * name and no address, and none of its customers is ever taken for ours by an e-mail address.
   * @param customerId `cus_…` of ours
   */
  async createCustomer(customerId: string, generation: number): Promise<string> {
    return this.gateway.call('create_customer', async (stripe) => {
      const customer = await stripe.customers.create(
        { metadata: { shop: SHOP, customer_id: customerId } },
        { idempotencyKey: keyOf(`cus:create:${customerId}`, generation) },
      );
      if (customer.object !== 'customer') throw new Error('Stripe answered something that is not a customer');
      return customer.id;
    });
  }

  /**
   * Looks for a Stripe Customer whose making was never answered.
   * @param since when it was first asked for
   */
  async findCustomer(customerId: string, since: Date): Promise<string | null> {
    const created = { gte: Math.floor(since.getTime() / 1000) - CLOCK_SKEW_S };
    const made = await this.gateway.readAll('list_customers', (stripe, page) =>
      stripe.customers.list({ ...page, created }),
    );
    return made.find(({ metadata }) => metadata.shop === SHOP && metadata.customer_id === customerId)?.id ?? null;
  }

  /** Deletes a Stripe Customer with their cards. That it is gone already is success too. */
  async deleteCustomer(ref: string): Promise<void> {
    await ifThere(this.gateway.call('delete_customer', (stripe) => stripe.customers.del(ref)));
  }

  /** Their cards, the last saved first. */
  async list(customerRef: string): Promise<SavedCard[]> {
    const page = await ifThere(
      this.gateway.call('list_cards', (stripe) =>
        stripe.customers.listPaymentMethods(customerRef, { type: 'card', limit: MOST_CARDS }),
      ),
    );
    return (page?.data ?? []).flatMap(toCard);
  }

  /** Whether it is one of their cards. */
  async has(customerRef: string, ref: string): Promise<boolean> {
    const method = await ifThere(
      this.gateway.call('find_card', (stripe) => stripe.customers.retrievePaymentMethod(customerRef, ref)),
    );
    return method?.object === 'payment_method';
  }

  /**
   * Forgets a card for good. That it is gone already is success too, so each call has a key of its own: Stripe would repeat
   * a failure of its own for a day.
   */
  async detach(ref: string): Promise<void> {
    const idempotencyKey = `pm:detach:${ref}:${newUuid()}`;
    try {
      await this.gateway.call('detach_card', (stripe) => stripe.paymentMethods.detach(ref, {}, { idempotencyKey }));
    } catch (error) {
      if (!PaymentRefused.is(error)) throw error;
    }
  }
}

/** Whether Stripe does not have what it was asked about. */
export const isMissing = (error: unknown): boolean =>
  PaymentRefused.is(error) && (error.details.cause as { code?: string } | undefined)?.code === 'resource_missing';

/** What Stripe does not have is null. */
async function ifThere<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function toCard({ id, card }: Stripe.PaymentMethod): SavedCard[] {
  if (!card) return [];
  return [{ ref: id, brand: card.brand, last4: card.last4, expMonth: card.exp_month, expYear: card.exp_year }];
}
