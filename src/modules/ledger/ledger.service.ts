import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { Account } from './accounts.js';

/** One side of a posting: minor units, debits positive, credits negative. */
export interface LedgerEntry {
  account: Account;
  currency: string;
  amount: number;
}

/** A fact of money, with the entries that it makes. They sum to zero in each currency; Postgres refuses the commit otherwise. */
export interface Posting {
  /** Names the fact, for example `capture:<payment id>`: it is entered once. */
  fact: string;
  kind: string;
  orderId: string | null;
  paymentId: string | null;
  providerRef?: string | null;
  /** When it happened at the provider; now when left out. */
  occurredAt?: Date;
  entries: readonly LedgerEntry[];
}

/** What is entered for one payment. */
export interface Posted extends LedgerEntry {
  fact: string;
  kind: string;
}

/** The double-entry book of all money. Entries are added, never changed; a mistake is mended by a posting against it. */
@Injectable()
export class Ledger {
  /**
   * Enters a fact, in the transaction in which it becomes true. Entries of nothing are left out.
   * @returns false when the fact was entered before, or has no entries
   */
  async post(tx: Tx, posting: Posting): Promise<boolean> {
    const entries = posting.entries.filter((entry) => entry.amount !== 0);
    if (entries.length === 0) return false;
    const written = await tx.query(
      `WITH t AS (
         INSERT INTO ledger_transactions (id, fact, kind, order_id, payment_id, provider_ref, occurred_at)
         VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, now())) ON CONFLICT (fact) DO NOTHING RETURNING id)
       INSERT INTO ledger_entries (id, transaction_id, account, currency, amount)
       SELECT x.id, t.id, x.account, x.currency, x.amount
       FROM t, jsonb_to_recordset($8) AS x(id uuid, account text, currency char(3), amount bigint) RETURNING 1`,
      [
        newUuid(),
        posting.fact,
        posting.kind,
        posting.orderId,
        posting.paymentId,
        posting.providerRef ?? null,
        posting.occurredAt ?? null,
        JSON.stringify(entries.map(({ account, currency, amount }) => ({ id: newUuid(), account, currency, amount }))),
      ],
    );
    return written.length > 0;
  }

  /** Everything that is entered for a payment. Read it under the payment's lock. */
  async ofPayment(tx: Tx, paymentId: string): Promise<Posted[]> {
    return tx.query<Posted>(
      `SELECT t.fact, t.kind, e.account, e.currency, e.amount
       FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id WHERE t.payment_id = $1 ORDER BY t.created_at, e.id`,
      [paymentId],
    );
  }
}
