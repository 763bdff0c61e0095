import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { LoginThrottle } from '../auth/index.js';
import { GIFT_CARD_PAYS } from './credit-book.service.js';
import { GiftCardCodes } from './gift-card-codes.js';
import {
  GiftCardCurrency,
  GiftCardDisabled,
  GiftCardEmpty,
  GiftCardExpired,
  GiftCardUnknown,
} from './credits.errors.js';

/** A card as whoever knows its code may see it. */
export interface KnownGiftCard {
  id: string;
  last4: string;
  currency: string;
  balance: number;
  expires_at: Date | null;
  disabled_at: Date | null;
  /** Whether it is over by the clock of the database. */
  is_expired: boolean;
  /** Withdrawn, or bought with money that somebody wants back. */
  is_withheld: boolean;
}

/** Finds gift cards by their code, for shoppers. */
@Injectable()
export class GiftCards {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
  ) {}

  /**
   * The card of a code. Whatever is wrong with the code, the answer is the same.
   * @param address of who asks: wrong codes are counted
   * @throws `gift_card_unknown`, `rate_limited`
   */
  async byCode(typed: string, address: string): Promise<KnownGiftCard> {
    const guess = await this.throttle.admitGuess('gift-card', address);
    const [card] = await this.db.query<KnownGiftCard>(
      `SELECT id, last4, currency, balance, expires_at, disabled_at, coalesce(expires_at <= now(), false) AS is_expired,
         NOT ${GIFT_CARD_PAYS} AND (expires_at IS NULL OR expires_at > now()) AS is_withheld
       FROM gift_cards g WHERE code_hash = $1`,
      [GiftCardCodes.hash(typed)],
    );
    if (!card)
      throw GiftCardUnknown({
        errors: [{ pointer: '/code', code: 'not_found', detail: 'there is no gift card with this code' }],
      });
    await guess.wasRight();
    return card;
  }

  /**
   * The card of a code, if it can pay in this currency.
   * @throws `gift_card_unknown`, `gift_card_disabled`, `gift_card_expired`, `gift_card_currency`, `gift_card_empty`, `rate_limited`
   */
  async usableByCode(typed: string, currency: string, address: string): Promise<KnownGiftCard> {
    const card = await this.byCode(typed, address);
    const refused = (code: string, detail: string) => ({ errors: [{ pointer: '/code', code, detail }] });
    if (card.disabled_at !== null || card.is_withheld)
      throw GiftCardDisabled(refused('disabled', 'the shop has withdrawn this card'));
    if (card.is_expired)
      throw GiftCardExpired({
        ...refused('expired', `expired ${card.expires_at!.toISOString()}`),
        data: { expiresAt: card.expires_at!.toISOString() },
      });
    if (card.currency !== currency)
      throw GiftCardCurrency({
        ...refused('currency', `the card is of ${card.currency}, the cart of ${currency}`),
        data: { currency: card.currency },
      });
    if (card.balance === 0) throw GiftCardEmpty(refused('empty', 'nothing is left on this card'));
    return card;
  }
}
