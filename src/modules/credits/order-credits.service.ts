import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { PricedCart } from '../pricing/index.js';
import { BoughtGiftCards } from './bought-gift-cards.service.js';
import { CreditBook, type CreditHolder, type CreditMove } from './credit-book.service.js';

/** The order whose credit moves; its row is locked, or was made in this transaction. */
export interface CreditedOrder {
  /** uuid */
  id: string;
  currency: string;
}

/** What an order took of one gift card or account. */
interface Part {
  id: string;
  gift_card_id: string | null;
  account_id: string | null;
  amount: number;
  refunded: number;
  state: 'spent' | 'returned';
  /** Whether it is the account of somebody who has left. */
  is_closed: boolean;
}

/** A share of a refund that goes to one gift card or account. */
export interface CreditRefund {
  /** Of the order: what the card or account pays of it. */
  partId: string;
  holder: CreditHolder;
  /** minor units */
  amount: number;
}

const holderOf = (part: Pick<Part, 'gift_card_id' | 'account_id'>): CreditHolder =>
  part.gift_card_id === null
    ? { kind: 'store_credit', id: part.account_id! }
    : { kind: 'gift_card', id: part.gift_card_id };

/**
 * Pays orders with gift cards and store credit, and gives back what they took. Everything happens in the transaction of the
 * order, so an order and its credit never disagree.
 */
@Injectable()
export class OrderCredits {
  constructor(
    private readonly book: CreditBook,
    private readonly giftCards: BoughtGiftCards,
  ) {}

  /**
   * Takes what an order that was just written is paid with.
   * @returns false when one of them does not hold so much any more: then the order cannot stay
   */
  async spend(tx: Tx, order: CreditedOrder, credits: PricedCart['credits']): Promise<boolean> {
    if (credits.length === 0) return true;
    await tx.query(
      `INSERT INTO order_credits (id, order_id, position, gift_card_id, account_id, amount)
       SELECT x.id, $1, x.position, x.gift_card_id, x.account_id, x.amount
       FROM jsonb_to_recordset($2) AS x(id uuid, position int, gift_card_id uuid, account_id uuid, amount bigint)`,
      [
        order.id,
        JSON.stringify(
          credits.map(({ kind, id, amount }, position) => ({
            id: newUuid(),
            position,
            gift_card_id: kind === 'gift_card' ? id : null,
            account_id: kind === 'store_credit' ? id : null,
            amount,
          })),
        ),
      ],
    );
    return this.take(
      tx,
      order,
      credits.map(({ kind, id, amount }) => ({ holder: { kind, id }, amount })),
    );
  }

  /**
   * The money of an ended order came after all: takes its credit once more, where it was returned.
   * @returns false when it is not there any more; what was taken of others is then given back by `giveBack`
   */
  async spendAgain(tx: Tx, order: CreditedOrder): Promise<boolean> {
    const parts = await this.lock(tx, order.id, 'returned');
    if (parts.length === 0) return true;
    for (const part of byHolder(parts)) {
      const isTaken = await this.take(tx, order, [{ holder: holderOf(part), amount: part.amount }]);
      if (!isTaken) return false;
      await tx.query(`UPDATE order_credits SET state = 'spent' WHERE id = $1`, [part.id]);
    }
    return true;
  }

  /**
   * The order has ended: all that it took and that did not go back yet goes back, also to a card that has expired meanwhile.
   * @param isPaid whether the order was paid: then it is a refund, else as if it had never been taken
   * @returns how much
   */
  async giveBack(tx: Tx, order: CreditedOrder, isPaid: boolean, actor: string): Promise<number> {
    const parts = await this.lock(tx, order.id, 'spent');
    let all = 0;
    for (const part of byHolder(parts)) {
      const left = part.amount - part.refunded;
      if (left === 0) continue;
      all += left;
      const kind = isPaid || part.refunded > 0 ? 'refund' : 'return';
      await this.putBack(tx, { holder: holderOf(part), kind, delta: left, currency: order.currency, orderId: order.id, actor }); // prettier-ignore
      if (kind === 'refund') await tx.query(`UPDATE order_credits SET refunded = amount WHERE id = $1`, [part.id]);
      else await tx.query(`UPDATE order_credits SET state = 'returned' WHERE id = $1`, [part.id]);
    }
    return all;
  }

  /** What a paid order took and what of it is back, in minor units. */
  async standing(tx: Tx, orderId: string): Promise<{ spent: number; back: number }> {
    const [row] = await tx.query<{ spent: number; back: number }>(
      `SELECT coalesce(sum(amount), 0)::bigint AS spent, coalesce(sum(refunded), 0)::bigint AS back
       FROM order_credits WHERE order_id = $1 AND state = 'spent'`,
      [orderId],
    );
    return row!;
  }

  /**
   * What a paid order took and that can go back, and what cannot, because the account is deleted that paid it: nobody would
   * have it there. Accounts stay as they are as long as the transaction lasts.
   */
  async refundable(tx: Tx, orderId: string): Promise<{ open: number; closed: number }> {
    await tx.query(
      `SELECT 1 FROM customers WHERE id IN (SELECT a.customer_id FROM order_credits c JOIN store_credit_accounts a ON a.id = c.account_id
         WHERE c.order_id = $1) FOR KEY SHARE`,
      [orderId],
    );
    const left = { open: 0, closed: 0 };
    for (const { is_closed, amount, refunded } of await this.lock(tx, orderId, 'spent'))
      left[is_closed ? 'closed' : 'open'] += amount - refunded;
    return left;
  }

  /** What is given back where, when so much of a paid order's credit is: what was used last goes back first. */
  async planRefund(tx: Tx, orderId: string, amount: number): Promise<CreditRefund[]> {
    let rest = amount;
    const planned: CreditRefund[] = [];
    for (const part of (await this.lock(tx, orderId, 'spent')).reverse()) {
      if (part.is_closed) continue;
      const share = Math.min(part.amount - part.refunded, rest);
      if (share > 0) planned.push({ partId: part.id, holder: holderOf(part), amount: share });
      rest -= share;
    }
    return planned;
  }

  /** Gives back what was planned, each with the refund that it belongs to. */
  async refund(
    tx: Tx,
    order: CreditedOrder,
    refunds: readonly (CreditRefund & { refundId: string })[],
    actor: string,
  ): Promise<void> {
    for (const { partId, holder, amount, refundId } of [...refunds].sort(byHolderId)) {
      const counted = await tx.query(
        `UPDATE order_credits SET refunded = refunded + $2 WHERE id = $1 AND state = 'spent' AND refunded + $2 <= amount RETURNING 1`,
        [partId, amount],
      );
      if (counted.length === 0) throw new Error(`part ${partId} of order ${order.id} has not so much to give back`);
      await this.putBack(tx, { holder, kind: 'refund', delta: amount, currency: order.currency, orderId: order.id, refundId, actor }); // prettier-ignore
    }
  }

  /** @param move that gives */
  private async putBack(tx: Tx, move: CreditMove): Promise<void> {
    await this.book.move(tx, move);
    if (move.holder.kind === 'gift_card') await this.giftCards.comeBack(tx, move.holder.id, move.delta, move.actor);
  }

  private lock(tx: Tx, orderId: string, state: Part['state']): Promise<Part[]> {
    return tx.query<Part>(
      `SELECT id, gift_card_id, account_id, amount, refunded, state,
         EXISTS (SELECT FROM store_credit_accounts a JOIN customers cu ON cu.id = a.customer_id
           WHERE a.id = account_id AND cu.deleted_at IS NOT NULL) AS is_closed
       FROM order_credits
       WHERE order_id = $1 AND state = $2 ORDER BY position FOR UPDATE`,
      [orderId, state],
    );
  }

  private async take(
    tx: Tx,
    order: CreditedOrder,
    wanted: readonly { holder: CreditHolder; amount: number }[],
  ): Promise<boolean> {
    for (const { holder, amount } of [...wanted].sort(byHolderId)) {
      const balance = await this.book.move(tx, {
        holder,
        kind: 'spend',
        delta: -amount,
        currency: order.currency,
        orderId: order.id,
        actor: 'customer',
      });
      if (balance === null) return false;
    }
    return true;
  }
}

/** The order in which everybody locks them. */
const byHolderId = (a: { holder: CreditHolder }, b: { holder: CreditHolder }): number =>
  a.holder.id < b.holder.id ? -1 : 1;

const byHolder = (parts: readonly Part[]): Part[] =>
  parts
    .map((part) => ({ part, holder: holderOf(part) }))
    .sort(byHolderId)
    .map(({ part }) => part);
