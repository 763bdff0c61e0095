import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { CreditBook } from './credit-book.service.js';
import { GiftCardCodes } from './gift-card-codes.js';

/** A card that is to be made. */
export interface NewGiftCard {
  /** uuid; a new one when left out */
  id?: string;
  /** Instead of the code that belongs to the id: for cards that were printed elsewhere. */
  code?: string;
  amount: number;
  currency: string;
  expiresAt?: Date | null;
  recipientEmail?: string | null;
  note?: string;
  /** The piece of an order line that it is, where it was bought. */
  origin?: { orderId: string; orderLineId: string; piece: number };
  actor: string;
}

/** Makes gift cards: those that staff give away, and those that were bought. */
@Injectable()
export class IssueGiftCard {
  constructor(
    private readonly codes: GiftCardCodes,
    private readonly book: CreditBook,
  ) {}

  /** @returns the id of the card; null when this piece has its card already */
  async execute(tx: Tx, card: NewGiftCard): Promise<string | null> {
    const id = card.id ?? newUuid();
    const { hash, last4 } = card.code === undefined ? this.codes.keptOf(id) : GiftCardCodes.kept(card.code);
    const made = await tx.query(
      `INSERT INTO gift_cards (id, code_hash, last4, currency, initial_amount, expires_at, order_id, order_line_id, piece, recipient_email, note)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT ON CONSTRAINT gift_cards_piece DO NOTHING RETURNING 1`,
      [
        id,
        hash,
        last4,
        card.currency,
        card.amount,
        card.expiresAt ?? null,
        card.origin?.orderId ?? null,
        card.origin?.orderLineId ?? null,
        card.origin?.piece ?? null,
        card.recipientEmail ?? null,
        card.note ?? '',
      ],
    );
    if (made.length === 0) return null;
    await this.book.move(tx, {
      holder: { kind: 'gift_card', id },
      kind: card.origin ? 'sale' : 'issue',
      delta: card.amount,
      currency: card.currency,
      orderId: card.origin?.orderId ?? null,
      actor: card.actor,
    });
    return id;
  }
}
