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
    return (await this.postAll(tx, [posting])) > 0;
  }

  /** Enters facts with one statement, as `post` enters one. @returns how many entries were written */
  async postAll(tx: Tx, postings: readonly Posting[]): Promise<number> {
    const facts = postings.map((posting) => ({ ...posting, id: newUuid() }));
    const entries = facts.flatMap(({ id, entries: sides }) =>
      sides.filter(({ amount }) => amount !== 0).map((side) => ({ ...side, id: newUuid(), fact_id: id })),
    );
    if (entries.length === 0) return 0;
    const written = await tx.query(
      `WITH t AS (
         INSERT INTO ledger_transactions (id, fact, kind, order_id, payment_id, provider_ref, occurred_at)
         SELECT x.id, x.fact, x.kind, x.order_id, x.payment_id, x.provider_ref, coalesce(x.occurred_at, now())
         FROM jsonb_to_recordset($1) AS x(id uuid, fact text, kind text, order_id uuid, payment_id uuid, provider_ref text, occurred_at timestamptz)
         ON CONFLICT (fact) DO NOTHING RETURNING id)
       INSERT INTO ledger_entries (id, transaction_id, account, currency, amount)
       SELECT x.id, t.id, x.account, x.currency, x.amount
       FROM t JOIN jsonb_to_recordset($2) AS x(id uuid, fact_id uuid, account text, currency char(3), amount bigint) ON x.fact_id = t.id
       RETURNING 1`,
      [
        JSON.stringify(
          facts
            .filter(({ entries: sides }) => sides.some(({ amount }) => amount !== 0))
            .map(({ id, fact, kind, orderId, paymentId, providerRef, occurredAt }) => ({
              id,
              fact,
              kind,
              order_id: orderId,
              payment_id: paymentId,
              provider_ref: providerRef ?? null,
              occurred_at: occurredAt ?? null,
            })),
        ),
        JSON.stringify(entries),
      ],
    );
    return written.length;
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
