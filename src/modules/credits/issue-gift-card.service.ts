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
    return (await this.executeAll(tx, [card]))[0]!;
  }

  /**
   * Makes cards of one currency and one order, with as many statements as one.
   * @returns in their order the ids of the cards; null for a piece that has its card already
   */
  async executeAll(tx: Tx, cards: readonly NewGiftCard[]): Promise<(string | null)[]> {
    const [first] = cards;
    if (!first) return [];
    const rows = cards.map((card) => {
      const id = card.id ?? newUuid();
      const { hash, last4 } = card.code === undefined ? this.codes.keptOf(id) : GiftCardCodes.kept(card.code);
      return { ...card, ...card.origin, id, hash: hash.toString('hex'), last4 };
    });
    const made = await tx.query<{ id: string }>(
      `INSERT INTO gift_cards (id, code_hash, last4, currency, initial_amount, expires_at, order_id, order_line_id, piece, recipient_email, note)
       SELECT id, decode(hash, 'hex'), last4, currency, amount, "expiresAt", "orderId", "orderLineId", piece, "recipientEmail", coalesce(note, '')
       FROM jsonb_to_recordset($1) AS x(id uuid, hash text, last4 text, currency char(3), amount bigint, "expiresAt" timestamptz,
         "orderId" uuid, "orderLineId" uuid, piece int, "recipientEmail" text, note text)
       ON CONFLICT ON CONSTRAINT gift_cards_piece DO NOTHING RETURNING id`,
      [JSON.stringify(rows.map(({ code: _code, origin: _origin, actor: _actor, ...row }) => row))],
    );
    const ids = new Set(made.map(({ id }) => id));
    const { currency, origin, actor } = first;
    await this.book.moveCards(tx, {
      kind: origin ? 'sale' : 'issue',
      deltas: rows.filter(({ id }) => ids.has(id)).map(({ id, amount }) => ({ cardId: id, delta: amount })),
      currency,
      orderId: origin?.orderId ?? null,
      actor,
    });
    return rows.map(({ id }) => (ids.has(id) ? id : null));
  }
}
