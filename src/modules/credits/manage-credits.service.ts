import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { CreditBook } from './credit-book.service.js';
import { CreditTooSmall } from './credits.errors.js';
import { CreditsQuery } from './credits.query.js';
import type { AdjustCreditRequest, AdjustStoreCreditRequest, IssueGiftCardRequest } from './dto/credits.dto.js';
import { GiftCardCodes } from './gift-card-codes.js';
import { IssueGiftCard } from './issue-gift-card.service.js';
import { StoreCredit } from './store-credit.service.js';

/** What staff do with gift cards and store credit. Each change is a transaction with its reason, and an entry of the ledger. */
@Injectable()
export class ManageCredits {
  constructor(
    private readonly db: Db,
    private readonly query: CreditsQuery,
    private readonly issuing: IssueGiftCard,
    private readonly codes: GiftCardCodes,
    private readonly book: CreditBook,
    private readonly storeCredit: StoreCredit,
  ) {}

  /** Gives a card away. @returns its id */
  async issue(request: IssueGiftCardRequest, actor: string): Promise<string> {
    const expiresAt = request.expiresAt ? new Date(request.expiresAt) : null;
    if (expiresAt && expiresAt.getTime() <= Date.now()) throw refused('/expiresAt', 'must lie ahead');
    const { amount, currency, note } = request;
    return (await this.db.transaction((tx) =>
      this.issuing.execute(tx, { amount, currency, expiresAt, ...(note === undefined ? {} : { note }), actor }),
    ))!;
  }

  /** The code of a card, for whoever is to have it. @throws not_found, also for a card that was printed elsewhere */
  async codeOf(id: string): Promise<string> {
    const code = this.codes.codeOf(id);
    const [card] = await this.db.query<{ is_ours: boolean }>(
      `SELECT code_hash = $2 AS is_ours FROM gift_cards WHERE id = $1`,
      [id, GiftCardCodes.hash(code)],
    );
    if (!card?.is_ours) throw NotFound({ detail: 'There is no such gift card, or its code was not made here.' });
    return code;
  }

  /** Withdraws a card: it pays nothing any more, whatever comes back to it, and what is on it stays. Repeating it changes nothing. @throws not_found */
  disable(id: string): Promise<void> {
    return this.onCard(id, async (tx) => {
      await tx.query(
        `UPDATE gift_cards SET disabled_at = coalesce(disabled_at, now()), taken_back_at = NULL, version = version + 1, updated_at = now()
         WHERE id = $1 AND (disabled_at IS NULL OR taken_back_at IS NOT NULL)`,
        [id],
      );
    });
  }

  /** Puts money on a card, or takes it. @throws not_found, `credit_too_small` */
  adjust(id: string, request: AdjustCreditRequest, actor: string): Promise<void> {
    assertChange(request.delta);
    return this.onCard(id, async (tx) => {
      const { currency, balance } = await this.query.card(id, tx);
      const { delta, reason } = request;
      const after = await this.book.move(tx, {
        holder: { kind: 'gift_card', id },
        kind: 'adjust',
        delta,
        currency,
        reason,
        actor,
      });
      if (after === null) throw CreditTooSmall({ data: { balance, currency } });
    });
  }

  /** Gives store credit to a customer, or takes it. @throws not_found, `credit_too_small` */
  adjustStoreCredit(customerId: string, request: AdjustStoreCreditRequest, actor: string): Promise<void> {
    assertChange(request.delta);
    return this.db.transaction(async (tx) => {
      await this.query.assertCustomer(customerId, tx);
      const { delta, currency, reason } = request;
      await this.storeCredit.change(tx, customerId, { kind: 'adjust', delta, currency, reason, actor });
    });
  }

  private onCard(id: string, work: (tx: Tx) => Promise<void>): Promise<void> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT 1 FROM gift_cards WHERE id = $1 FOR UPDATE`, [id]);
      await this.query.card(id, tx);
      await work(tx);
    });
  }
}

const refused = (pointer: string, detail: string) =>
  ValidationFailed({ errors: [{ pointer, code: 'invalid', detail }] });

function assertChange(delta: number): void {
  if (delta === 0) throw refused('/delta', 'must not be zero');
}
