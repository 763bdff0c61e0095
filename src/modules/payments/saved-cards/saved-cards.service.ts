import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound, Unauthenticated } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { CustomersQuery } from '../../customers/index.js';
import { KeyGenerations } from '../key-generations.js';
import { KEY_LIFE_MS } from '../reconciliation/find-lost-intent.service.js';
import { type SavedCard, StripeCards } from '../stripe/stripe-cards.js';
import { type PaymentCustomerRow, PaymentCustomersRepository } from './payment-customers.repository.js';

const CARD_ID = /^pm_[A-Za-z0-9_]{1,250}$/;

/** The cards that Stripe keeps for a customer. Nothing of a card is kept here, and Stripe is the one to ask. */
@Injectable()
export class SavedCards {
  constructor(
    private readonly db: Db,
    private readonly customers: CustomersQuery,
    private readonly known: PaymentCustomersRepository,
    private readonly keys: KeyGenerations,
    private readonly stripe: StripeCards,
  ) {}

  /** @throws `payment_unavailable` when Stripe is out of reach */
  async list(customerId: string): Promise<SavedCard[]> {
    const ref = await this.refOf(customerId);
    return ref === null ? [] : this.stripe.list(ref);
  }

  /** @throws `not_found` for what is no card of theirs; `payment_unavailable` */
  async forget(customerId: string, cardRef: string): Promise<void> {
    if (!(await this.isTheirs(customerId, cardRef))) throw NotFound({ detail: 'You have no such card.' });
    await this.stripe.detach(cardRef);
  }

  /** Whether it is a card of this customer. Of a customer without cards, Stripe is not asked. */
  async isTheirs(customerId: string, cardRef: string): Promise<boolean> {
    const ref = await this.refOf(customerId);
    return ref !== null && this.isOf(ref, cardRef);
  }

  /** Whether it is a card of this Stripe Customer. */
  async isOf(customerRef: string, cardRef: string): Promise<boolean> {
    return CARD_ID.test(cardRef) && this.stripe.has(customerRef, cardRef);
  }

  /** Who they are at Stripe; null while no card was ever to be saved. */
  async refOf(customerId: string): Promise<string | null> {
    return (await this.known.find(this.db, customerId))?.provider_ref ?? null;
  }

  /**
   * Who they are at Stripe, introduced there if need be. It is written down before Stripe is asked, while the account
   * cannot be deleted: whoever deletes it later knows that there is something to delete at Stripe.
   * @throws `unauthenticated` when the account is deleted meanwhile; `payment_unavailable`
   */
  async introduce(customerId: string): Promise<string> {
    const known = await this.refOf(customerId);
    if (known !== null) return known;
    const begun = await this.db.transaction(async (tx) => {
      await this.customers.holdOpen(tx, customerId);
      const row = await this.known.begin(tx, customerId);
      failpoint('commit.customer');
      return row;
    });
    const ref = await this.create(begun);
    failpoint('commit.customer_ref');
    const saved = await this.known.save(this.db, customerId, ref);
    if (saved === undefined) throw Unauthenticated();
    return saved;
  }

  /** Who they are at Stripe from now on, when somebody has deleted them in its dashboard. */
  async introduceAgain(customerId: string, lostRef: string): Promise<string> {
    failpoint('commit.customer_lost');
    await this.known.lose(this.db, customerId, lostRef);
    return this.introduce(customerId);
  }

  /** Deletes at Stripe who has deleted their account, with their cards. */
  async forgetCustomer(customerId: string): Promise<void> {
    const row = await this.known.find(this.db, customerId);
    if (!row) return;
    // Whether Stripe was told of them is not known: the same key tells. Later it has forgotten the key, but a customer
    // whose id never came back has no cards, and no name.
    const mayAsk = Date.now() - row.created_at.getTime() < KEY_LIFE_MS;
    const ref = row.provider_ref ?? (mayAsk ? await this.create(row) : null);
    if (ref !== null) await this.stripe.deleteCustomer(ref);
    failpoint('commit.customer_forgotten');
    await this.known.delete(this.db, customerId);
  }

  private create({ customer_id: customerId, key_generation, created_at }: PaymentCustomerRow): Promise<string> {
    const id = encodeId('customer', customerId);
    return this.keys.run(
      { table: 'payment_customers', id: customerId, generation: key_generation },
      {
        send: (generation) => this.stripe.createCustomer(id, generation),
        find: () => this.stripe.findCustomer(id, created_at),
      },
    );
  }
}
