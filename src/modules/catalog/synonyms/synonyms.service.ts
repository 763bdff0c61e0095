import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { SynonymBook, type SynonymTerms } from './synonym-book.js';

/** How long the synonyms are believed without a look. */
const TRUSTED_MS = 1_000;

/**
 * The synonyms of the shop, kept in this process: searches do not wait for them. A change by this process holds at once, one
 * by another process a second later.
 */
@Injectable()
export class Synonyms {
  private book: Promise<SynonymBook> | undefined;
  private state = '';
  private lookedAt = -Infinity;

  constructor(private readonly db: Db) {}

  /** The synonyms as this process knows them. */
  async current(): Promise<SynonymBook> {
    if (!this.book) return this.load();
    if (performance.now() - this.lookedAt > TRUSTED_MS) {
      this.lookedAt = performance.now();
      void this.renew().catch(() => undefined);
    }
    return this.book;
  }

  /** After a change: who asks next waits for what is new. */
  forget(): void {
    this.book = undefined;
  }

  private async renew(): Promise<void> {
    if ((await this.readState()) !== this.state) this.forget();
  }

  private load(): Promise<SynonymBook> {
    this.lookedAt = performance.now();
    const loading = this.read();
    this.book = loading;
    loading.catch(() => {
      if (this.book === loading) this.book = undefined;
    });
    return loading;
  }

  private async read(): Promise<SynonymBook> {
    // The state first: a change in between shows as another state at the next look.
    this.state = await this.readState();
    return new SynonymBook(await this.db.query<SynonymTerms>(`SELECT terms, targets FROM synonym_groups ORDER BY id`));
  }

  /** Another one after each change. */
  private async readState(): Promise<string> {
    const [row] = await this.db.query<{ state: string }>(
      `SELECT concat_ws(' ', count(*), sum(version), max(updated_at)) AS state FROM synonym_groups`,
    );
    return row!.state;
  }
}
