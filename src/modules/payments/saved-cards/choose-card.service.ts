import { Injectable } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';
import { PaymentUnavailable, SavedCardUnknown } from '../payments.errors.js';
import { type Intent, StripeGateway } from '../stripe/stripe-gateway.js';
import { isMissing } from '../stripe/stripe-cards.js';
import { SavedCards } from './saved-cards.service.js';

/** With what somebody pays, and whether it is saved for the next time. */
export interface CardWish {
  /** A ConfirmationToken, or a payment method. */
  confirmationToken?: string;
  /** A card that the customer saved before; `pm_…`. */
  savedPaymentMethodId?: string;
  savePaymentMethod?: boolean;
  /** Who pays, when signed in; uuid. */
  customerId?: string;
}

/** Decides what an intent is charged with, and tells Stripe whose it is. */
@Injectable()
export class ChooseCard {
  constructor(
    private readonly gateway: StripeGateway,
    private readonly saved: SavedCards,
  ) {}

  /** @throws `validation_failed` for what can never be: the cards of a guest, two cards at once, a card for an invoice */
  assertSound(wish: CardWish, paymentMethod: 'stripe' | 'manual' = 'stripe'): void {
    const refuse = (field: 'savedPaymentMethodId' | 'savePaymentMethod', code: string, detail: string) =>
      ValidationFailed({ errors: [{ pointer: `/${field}`, code, detail }] });
    for (const field of ['savedPaymentMethodId', 'savePaymentMethod'] as const) {
      if (!wish[field]) continue;
      if (wish.customerId === undefined)
        throw refuse(field, 'signed_in_only', 'only a customer who is signed in has saved cards');
      if (paymentMethod !== 'stripe') throw refuse(field, 'stripe_only', 'only a Stripe payment is made with a card');
    }
    if (wish.savedPaymentMethodId !== undefined && wish.confirmationToken !== undefined)
      throw refuse('savedPaymentMethodId', 'one_only', 'is given instead of confirmationToken, not beside it');
  }

  /**
   * Refuses a card of somebody else before there is an order. When Stripe is out of reach it is not known yet, and is
   * asked again before the card is charged.
   * @throws `saved_card_unknown`
   */
  async assertTheirsIfKnown(wish: CardWish): Promise<void> {
    const { savedPaymentMethodId: card, customerId } = wish;
    if (card === undefined || customerId === undefined) return;
    try {
      if (!(await this.saved.isTheirs(customerId, card))) throw unknown('savedPaymentMethodId');
    } catch (error) {
      if (!PaymentUnavailable.is(error)) throw error;
    }
  }

  /**
   * Ties an intent to the Stripe Customer of who pays, if a saved card pays or the card is to be saved. A card is saved
   * with consent to this very try only: an earlier one does not count for another card.
   * @returns what to charge on the server; undefined when the shopper pays on the client
   * @throws `saved_card_unknown` for a card that belongs to somebody else
   */
  async choose(intent: Intent, wish: CardWish): Promise<string | undefined> {
    const token = wish.savedPaymentMethodId ?? wish.confirmationToken;
    if (token === undefined && wish.savePaymentMethod === undefined) return undefined;
    const ownRef = wish.customerId === undefined ? null : await this.saved.refOf(wish.customerId);
    const isCard = token?.startsWith('pm_') === true;
    const isTheirs = isCard && ownRef !== null && (await this.saved.isOf(ownRef, token));
    if (wish.savedPaymentMethodId !== undefined && !isTheirs) throw unknown('savedPaymentMethodId');
    // Once tied to a customer, Stripe takes their cards from whoever may pay this order. We do not.
    const { customerRef } = intent;
    if (isCard && !isTheirs && customerRef !== null && customerRef !== ownRef) {
      if (await this.saved.isOf(customerRef, token)) throw unknown('confirmationToken');
    }

    const save = isTheirs ? undefined : (wish.savePaymentMethod ?? (token === undefined ? undefined : false));
    const needsCustomer = wish.customerId !== undefined && (isTheirs || save === true);
    const ref = needsCustomer ? (ownRef ?? (await this.saved.introduce(wish.customerId!))) : undefined;
    const isTied = ref === undefined || customerRef === ref;
    const isConsented = save === undefined || save === intent.savesCard;
    if (!isTied || !isConsented) await this.tie(intent, wish, { customerRef: ref, save });
    return token;
  }

  private async tie(
    intent: Intent,
    { customerId }: CardWish,
    card: { customerRef: string | undefined; save: boolean | undefined },
  ): Promise<void> {
    try {
      await this.gateway.setCard(intent.ref, card);
    } catch (error) {
      if (!isMissing(error) || customerId === undefined || card.customerRef === undefined) throw error;
      const customerRef = await this.saved.introduceAgain(customerId, card.customerRef);
      await this.gateway.setCard(intent.ref, { ...card, customerRef });
    }
  }
}

const unknown = (field: 'savedPaymentMethodId' | 'confirmationToken') =>
  SavedCardUnknown({
    errors: [{ pointer: `/${field}`, code: 'unknown', detail: 'is not a saved card of the customer who pays' }],
  });
