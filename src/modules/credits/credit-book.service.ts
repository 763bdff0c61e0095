import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { type Account, ACCOUNTS, Ledger, type Posting } from '../ledger/index.js';

/** A gift card, or the store credit of a customer in one currency. */
export interface CreditHolder {
  kind: 'gift_card' | 'store_credit';
  /** uuid */
  id: string;
}

/** Why credit changes. */
export type CreditMoveKind = 'issue' | 'sale' | 'adjust' | 'spend' | 'return' | 'refund' | 'void' | 'forfeit';

/** A change of credit. */
export interface CreditMove {
  holder: CreditHolder;
  kind: CreditMoveKind;
  /** minor units; negative takes */
  delta: number;
  currency: string;
  orderId?: string | null;
  refundId?: string | null;
  reason?: string;
  actor: string;
}

/** Whether the card `g` pays: not what was withdrawn or has expired, nor what was bought with money that somebody wants back. */
export const GIFT_CARD_PAYS = `(g.disabled_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now())
  AND NOT EXISTS (SELECT FROM orders b WHERE b.id = g.order_id AND (b.disputed OR b.hold IS NOT NULL)))`;

/** The other side of a change: who bears it. */
const OPPOSITE: Readonly<Record<CreditMoveKind, Account>> = {
  issue: ACCOUNTS.creditsGranted,
  adjust: ACCOUNTS.creditsGranted,
  // What was bought is owed, not earned, until it is spent.
  sale: ACCOUNTS.customerPayments,
  void: ACCOUNTS.customerPayments,
  spend: ACCOUNTS.customerPayments,
  return: ACCOUNTS.customerPayments,
  refund: ACCOUNTS.refunds,
  forfeit: ACCOUNTS.creditsForfeited,
};

const change = (table: string, column: string, isUsable: string) => `
  WITH holder AS (
    UPDATE ${table} g SET balance = balance + $2, version = version + 1, updated_at = now()
    WHERE id = $1 AND balance + $2 >= 0 AND currency = $4 AND ($5 <> 'spend' OR ${isUsable}) RETURNING id, balance)
  INSERT INTO credit_transactions (id, ${column}, kind, delta, balance_after, currency, order_id, refund_id, reason, actor)
  SELECT $3, id, $5, $2, balance, $4, $6, $7, $8, $9 FROM holder RETURNING balance_after`;

const STATEMENTS: Readonly<Record<CreditHolder['kind'], string>> = {
  gift_card: change('gift_cards', 'gift_card_id', GIFT_CARD_PAYS),
  store_credit: change('store_credit_accounts', 'account_id', 'TRUE'),
};

/** As the statement of one card, for many: each at most once. */
const CHANGE_CARDS = `
  WITH holder AS (
    UPDATE gift_cards g SET balance = balance + x.delta, version = version + 1, updated_at = now()
    FROM jsonb_to_recordset($1) AS x(id uuid, card uuid, delta bigint)
    WHERE g.id = x.card AND balance + x.delta >= 0 AND currency = $2 RETURNING x.id, g.id AS card, x.delta, balance)
  INSERT INTO credit_transactions (id, gift_card_id, kind, delta, balance_after, currency, order_id, reason, actor)
  SELECT id, card, $3, delta, balance, $2, $4, $5, $6 FROM holder RETURNING 1`;

/** Changes of gift cards for one reason. */
export interface CardMoves extends Pick<CreditMove, 'currency' | 'orderId' | 'reason' | 'actor'> {
  kind: Exclude<CreditMoveKind, 'spend'>;
  /** uuids of different cards, each with its change in minor units; those of nothing are left out */
  deltas: readonly { cardId: string; delta: number }[];
}

const LIABILITIES: Readonly<Record<CreditHolder['kind'], Account>> = {
  gift_card: ACCOUNTS.giftCards,
  store_credit: ACCOUNTS.storeCredit,
};

/**
 * The only writer of balances of gift cards and store credit. Each change is a conditional UPDATE with the transaction that
 * tells of it, and an entry in the ledger: what is on a card is owed to whoever has it.
 */
@Injectable()
export class CreditBook {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Changes a balance in the caller's transaction. Whoever changes several does it in the order of their ids.
   * @returns the balance after it; null when so much is not there, or a card may not be spent: then nothing was changed
   */
  async move(tx: Tx, move: CreditMove): Promise<number | null> {
    const { holder, delta, currency, kind } = move;
    const id = newUuid();
    const [row] = await tx.query<{ balance_after: number }>(STATEMENTS[holder.kind], [
      holder.id,
      delta,
      id,
      currency,
      kind,
      move.orderId ?? null,
      move.refundId ?? null,
      move.reason ?? '',
      move.actor,
    ]);
    if (!row) return null;
    await this.ledger.post(tx, postingOf(move, id));
    return row.balance_after;
  }

  /** Changes many gift cards, which the caller has locked and knows to hold so much, with as few statements as one. */
  async moveCards(tx: Tx, moves: CardMoves): Promise<void> {
    const { currency, kind, orderId } = moves;
    const changes = moves.deltas.filter(({ delta }) => delta !== 0).map((change) => ({ ...change, id: newUuid() }));
    if (changes.length === 0) return;
    const changed = await tx.query(CHANGE_CARDS, [
      JSON.stringify(changes.map(({ id, cardId, delta }) => ({ id, card: cardId, delta }))),
      currency,
      kind,
      orderId ?? null,
      moves.reason ?? '',
      moves.actor,
    ]);
    if (changed.length < changes.length)
      throw new Error(`cards of order ${orderId} do not hold what was read under their lock`);
    await this.ledger.postAll(
      tx,
      changes.map(({ id, cardId, delta }) =>
        postingOf({ ...moves, holder: { kind: 'gift_card', id: cardId }, delta }, id),
      ),
    );
  }
}

/** @param id of the transaction of the credit */
function postingOf({ holder, kind, delta, currency, orderId }: Omit<CreditMove, 'actor'>, id: string): Posting {
  return {
    fact: `credit:${id}`,
    kind: `credit_${kind}`,
    orderId: orderId ?? null,
    paymentId: null,
    entries: [
      { account: LIABILITIES[holder.kind], currency, amount: -delta },
      { account: OPPOSITE[kind], currency, amount: delta },
    ],
  };
}
