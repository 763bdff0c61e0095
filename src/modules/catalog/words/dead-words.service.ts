import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { lockCategoryTree } from '../catalog-lock.js';
import { NAMED_SQL } from '../listing-sql.js';

/** Words that are looked at with one statement, and taken out in one transaction at most. */
const CHUNK = 200;

/** SQL: whether no product is called so. What is too common to be searched for is kept: it would be taken for a typo. */
const IS_DEAD = `numnode(plainto_tsquery('emporium', w.word)) > 0 AND NOT EXISTS (
  SELECT FROM (SELECT FROM product_listings l WHERE ${NAMED_SQL} @@ plainto_tsquery('emporium', w.word) OFFSET 0) l)`;

/** Takes the words out of typo correction and suggestions that no product has any more. */
@Injectable()
export class DeadWords {
  constructor(private readonly db: Db) {}

  /**
   * Goes once through all words, some hundred at a time. Writers of products are kept waiting only while words are really taken
   * out: the product that brings one back just now is seen, or writes the word again.
   * @returns how many are gone
   */
  async forget(onChunk?: (gone: number) => Promise<void> | void): Promise<number> {
    let gone = 0;
    // What was written last stands in a list that is read for each word, until somebody puts it in its place.
    await this.db.query(`SELECT gin_clean_pending_list('product_listings_named')`);
    for (let after = ''; ;) {
      const [chunk] = await this.db.query<{ last: string | null; dead: string[] | null }>(
        `SELECT max(w.word) AS last, array_agg(w.word) FILTER (WHERE ${IS_DEAD}) AS dead
         FROM (SELECT word FROM search_words WHERE word > $1 ORDER BY word LIMIT ${CHUNK}) w`,
        [after],
      );
      if (chunk!.last === null) return gone;
      if (chunk!.dead) gone += await this.delete(chunk!.dead);
      await onChunk?.(gone);
      after = chunk!.last;
    }
  }

  private delete(words: readonly string[]): Promise<number> {
    return this.db.transaction(async (tx) => {
      // Nobody has a product in hand whose words are not to be seen yet.
      await lockCategoryTree(tx);
      const rows = await tx.query(
        `DELETE FROM search_words w WHERE w.word = ANY($1::text[]) AND ${IS_DEAD} RETURNING 1`,
        [words],
      );
      return rows.length;
    });
  }
}
