import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { encodeId } from '#libs/ids';
import { announce } from '#libs/outbox';
import { CreditBook } from './credit-book.service.js';
import { GiftCardSpent } from './credits.errors.js';
import { GiftCardsIssued } from './credits.events.js';
import { IssueGiftCard } from './issue-gift-card.service.js';

/** A piece of an order line that is a gift card; its card, if it was made. */
interface Piece {
  number: number;
  currency: string;
  line_id: string;
  piece: number;
  /** What the piece costs, and what its card holds at first; minor units. */
  price: number;
  card_id: string | null;
  balance: number;
  /** What was taken off the card, to go back with its piece. */
  voided: number;
  /** Who gets the code instead of the buyer. */
  recipient: string | null;
}

/** A card that is emptied: of what its piece cost, so much went back before. */
interface Emptied extends Pick<Piece, 'price' | 'voided' | 'currency'> {
  id: string;
  /** What is taken off. */
  amount: number;
}

/** Which pieces are given back: so many of each line, all that something is left of, or those that have a card. */
export type PiecesBack = ReadonlyMap<string, number> | 'all' | 'issued';

/** What became of the cards of an order. */
export interface CardsBack {
  /** What goes back with the cards that were taken back: what was on them, as far as it was paid. */
  taken: number;
  /** What the order paid for cards and does not get back: it is on them, or was spent with them. */
  kept: number;
}

/** Of the order line `l`: without what staff left out when they captured held money. */
export const PIECES_CHARGED = `(l.quantity - coalesce((SELECT sum(d.quantity)
  FROM payment_captures y, jsonb_to_recordset(y.dropped) AS d ("lineId" uuid, quantity int)
  WHERE y.order_id = l.order_id AND y.status = 'succeeded' AND d."lineId" = l.id), 0)::int)`;

/** Of the card `g`: what was taken off it, to go back with its piece. */
const VOIDED = `coalesce((SELECT -sum(t.delta) FROM credit_transactions t WHERE t.gift_card_id = g.id AND t.kind = 'void'), 0)::bigint`;

/** How many cards one transaction makes. */
const BATCH = 100;

/** An order that gives what it sold without a parcel: it is paid, and nothing speaks against it. */
const IS_GRANTED = `(o.status IN ('confirmed', 'completed') AND o.payment_status IN ('paid', 'partially_refunded')
  AND NOT o.disputed AND o.hold IS NULL)`;

/** The gift cards that orders buy: one for each piece, made when the order is paid, taken back when the piece is. */
@Injectable()
export class BoughtGiftCards {
  constructor(
    private readonly issuing: IssueGiftCard,
    private readonly book: CreditBook,
  ) {}

  /**
   * Makes the cards that a paid order lacks; its row is locked. A piece has one card, whoever comes twice. When the last one
   * is made, the buyer hears of it.
   * @returns whether there may be more to make
   */
  async issue(tx: Tx, orderId: string): Promise<boolean> {
    const missing = (await this.pieces(tx, orderId, IS_GRANTED)).filter((piece) => piece.card_id === null);
    await this.make(tx, orderId, missing.slice(0, BATCH));
    if (missing.length > BATCH) return true;
    const [last] = missing;
    if (last)
      announce(tx, {
        definition: GiftCardsIssued,
        aggregateType: 'order',
        aggregateId: orderId,
        payload: { orderId: encodeId('order', orderId), number: last.number },
      });
    return false;
  }

  /**
   * Takes cards of an order back, with what is left on them: they pay nothing any more. The order's row is locked. A piece
   * that has no card yet gets none that pays.
   * @throws `gift_card_spent` for a line of which so many are not left
   */
  async takeBack(tx: Tx, orderId: string, which: PiecesBack, actor: string): Promise<CardsBack> {
    await tx.query(`SELECT 1 FROM gift_cards WHERE order_id = $1 ORDER BY id FOR UPDATE`, [orderId]);
    const pieces = await this.pieces(
      tx,
      orderId,
      which === 'issued' ? 'g.id IS NOT NULL' : `(g.id IS NOT NULL OR ${IS_SOLD})`,
    );
    const chosen =
      which === 'issued' || which === 'all' ? pieces.filter((piece) => left(piece) > 0) : choose(pieces, which);
    const made = await this.make(
      tx,
      orderId,
      chosen.filter((piece) => piece.card_id === null),
    );
    const cards = chosen.map((piece) => ({ ...piece, id: piece.card_id ?? made.get(piece)!, amount: left(piece) }));
    await this.empty(tx, cards, orderId, actor);
    await tx.query(
      `UPDATE gift_cards SET taken_back_at = CASE WHEN disabled_at IS NULL THEN now() ELSE taken_back_at END,
         disabled_at = coalesce(disabled_at, now()) WHERE id = ANY ($1::uuid[])`,
      [cards.map(({ id }) => id)],
    );
    const taken = sum(chosen, worth);
    return { taken, kept: sum(pieces, open) - taken };
  }

  /**
   * Credit has come back to a card: one that was taken back meanwhile pays again, since what came was not given back with it.
   * Where all the money of the order that bought it is back, it goes where the rest of the card went.
   */
  async comeBack(tx: Tx, cardId: string, amount: number, actor: string): Promise<void> {
    const [card] = await tx.query<Omit<Emptied, 'amount'> & { orderId: string; is_over: boolean }>(
      `SELECT g.id, g.currency, g.initial_amount AS price, ${VOIDED} AS voided, o.id AS "orderId",
         (o.status = 'canceled' OR o.payment_status = 'refunded') AS is_over
       FROM gift_cards g JOIN orders o ON o.id = g.order_id WHERE g.id = $1`,
      [cardId],
    );
    if (!card) return;
    if (card.is_over) await this.empty(tx, [{ ...card, amount }], card.orderId, actor);
    else
      await tx.query(
        `UPDATE gift_cards SET disabled_at = NULL, taken_back_at = NULL WHERE id = $1 AND taken_back_at IS NOT NULL`,
        [cardId],
      );
  }

  /** Takes so much off cards: as far as its piece was paid, that money is free; the rest was given by staff, and is theirs again. */
  private async empty(tx: Tx, cards: readonly Emptied[], orderId: string, actor: string): Promise<void> {
    const [first] = cards;
    if (!first) return;
    const paid = (card: Emptied) => Math.min(card.amount, open(card));
    const moves = { currency: first.currency, orderId, actor };
    const off = (of: (card: Emptied) => number) => cards.map((card) => ({ cardId: card.id, delta: -of(card) }));
    await this.book.moveCards(tx, { ...moves, kind: 'void', deltas: off(paid) });
    const deltas = off((card) => card.amount - paid(card));
    await this.book.moveCards(tx, { ...moves, kind: 'adjust', deltas, reason: 'card taken back' });
  }

  /** Whether there is anything left on cards of an order, or on those that are still to be made. */
  async holdAny(tx: Tx, orderId: string): Promise<boolean> {
    return (await this.pieces(tx, orderId, 'TRUE')).some((piece) => left(piece) > 0);
  }

  /** @returns the ids of the cards by their pieces */
  private async make(tx: Tx, orderId: string, pieces: readonly Piece[]): Promise<Map<Piece, string>> {
    const ids = await this.issuing.executeAll(
      tx,
      pieces.map(({ line_id: orderLineId, piece, price, currency, recipient }) => ({
        amount: price,
        currency,
        recipientEmail: recipient,
        origin: { orderId, orderLineId, piece },
        actor: 'system',
      })),
    );
    if (ids.includes(null)) throw new Error(`pieces of order ${orderId} got their cards from somebody who had no lock`);
    return new Map(pieces.map((piece, i) => [piece, ids[i]!]));
  }

  private pieces(db: Queryable, orderId: string, where: string): Promise<Piece[]> {
    return db.query<Piece>(
      `SELECT o.number, o.currency, l.id AS line_id, p.piece, l.unit_price AS price, g.id AS card_id, coalesce(g.balance, 0)::bigint AS balance,
         ${VOIDED} AS voided,
         (SELECT c.recipient_email FROM cart_lines c WHERE c.cart_id = o.cart_id AND c.variant_id = l.variant_id) AS recipient
       FROM order_lines l JOIN orders o ON o.id = l.order_id CROSS JOIN generate_series(1, ${PIECES_CHARGED}) AS p (piece)
       LEFT JOIN gift_cards g ON g.order_line_id = l.id AND g.piece = p.piece
       WHERE l.order_id = $1 AND l.is_gift_card AND l.unit_price > 0 AND ${where} ORDER BY l.position, p.piece`,
      [orderId],
    );
  }
}

/** An order whose money stands for cards, made or not. */
const IS_SOLD = `(o.status <> 'canceled' AND o.payment_status IN ('paid', 'partially_refunded'))`;

/** What a card holds; all of it where it was not made yet. */
const left = ({ card_id: id, balance, price }: Piece): number => (id === null ? price : balance);

/** What was paid for a card and did not go back. */
const open = ({ price, voided }: Pick<Piece, 'price' | 'voided'>): number => Math.max(price - voided, 0);

/** What goes back with a card: what is on it, and never more than was paid for it. */
const worth = (piece: Piece): number => Math.min(left(piece), open(piece));

const sum = (pieces: readonly Piece[], of: (piece: Piece) => number): number =>
  pieces.reduce((all, piece) => all + of(piece), 0);

/** Of each line as many as are wanted, those that hold most first. */
function choose(pieces: readonly Piece[], wanted: ReadonlyMap<string, number>): Piece[] {
  const lineIds = new Set(pieces.map((piece) => piece.line_id));
  return [...lineIds].flatMap((lineId) => {
    const count = wanted.get(lineId) ?? 0;
    const usable = pieces
      .filter((piece) => piece.line_id === lineId && worth(piece) > 0)
      .sort((a, b) => worth(b) - worth(a));
    if (usable.length < count) throw GiftCardSpent({ data: { unspent: usable.length } });
    return usable.slice(0, count);
  });
}
