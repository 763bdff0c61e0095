import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { CURRENCY_SQL, NAMED_SQL } from './listing-sql.js';
import { fullMediaUrl } from './media-url.js';
import { fold, queryWords } from './search-words.js';
import { SpellingQuery } from './spelling.query.js';
import type { Language } from './translations/content-languages.js';

/** One line under the search box. */
export type Suggestion =
  | { kind: 'query'; text: string }
  | { kind: 'category'; text: string; id: string; handle: string }
  | { kind: 'product'; text: string; id: string; handle: string; thumbnail: string | null };

interface Row {
  kind: Suggestion['kind'];
  text: string;
  id: string | null;
  handle: string | null;
  thumbnail: string | null;
}

/** SQL: the title of a product, in the first of the languages `$4` that it is translated to. */
const TRANSLATED_TITLE = `coalesce((SELECT (l.cards ->> w.locale)::json ->> 'title' FROM unnest($4::text[]) WITH ORDINALITY AS w (locale, n)
  WHERE l.cards ? w.locale ORDER BY w.n LIMIT 1), l.title)`;
const CATEGORY_TITLE = `coalesce((SELECT t.title FROM category_translations t WHERE t.target_id = c.id AND t.locale = ANY($4::text[])
  AND t.title IS NOT NULL ORDER BY array_position($4::text[], t.locale) LIMIT 1), c.title)`;

/** While somebody types, the best of so many will do: to rank all that begin with two letters takes longer than typing on. */
const RANKED = 500;

/**
 * @param translated whether `$4` names languages
 * @param found SQL: the texts that products are found by
 */
const suggestSql = (translated: boolean, found: string) => `
  (SELECT 'query' AS kind, s.word AS text, NULL::uuid AS id, NULL AS handle, NULL AS thumbnail
   FROM search_words s WHERE s.word LIKE $3 || '%' AND s.word <> $3 ORDER BY length(s.word), s.word LIMIT 3)
  UNION ALL
  (SELECT 'category', c.title, c.id, c.handle, NULL FROM (SELECT c.id, c.handle, ${translated ? CATEGORY_TITLE : 'c.title'} AS title FROM categories c) c
   WHERE to_tsvector('emporium', c.title) @@ (SELECT to_tsquery('emporium', $2))
     AND EXISTS (SELECT FROM product_listings l WHERE l.currency = ${CURRENCY_SQL} AND l.category_ids @> ARRAY[c.id])
   ORDER BY c.title LIMIT 3)
  UNION ALL
  (SELECT 'product', ${translated ? TRANSLATED_TITLE : 'l.title'}, l.product_id, l.handle, (l.card::json) ->> 'thumbnail'
   FROM (SELECT title, product_id, handle, card, search${translated ? ', cards' : ''} FROM product_listings l
         WHERE l.currency = ${CURRENCY_SQL} AND ${found} @@ (SELECT to_tsquery('emporium', $2)) LIMIT ${RANKED}) l
   ORDER BY ts_rank_cd(l.search, (SELECT to_tsquery('emporium', $2))) DESC, l.product_id DESC LIMIT 10)`;

/** By their names first: descriptions are looked at for the lines that are left. */
const SUGGEST_SQL = [NAMED_SQL, 'l.search'].map((found) => suggestSql(false, found));
const TRANSLATED_SQL = [NAMED_SQL, 'l.search'].map((found) => suggestSql(true, found));

const ALIKE_SQL = `
  SELECT 'product' AS kind, l.title AS text, l.product_id AS id, l.handle, (l.card::json) ->> 'thumbnail' AS thumbnail
  FROM (SELECT title, product_id, handle, card FROM product_listings l
        WHERE l.currency = ${CURRENCY_SQL} AND l.sort_title %> $2
        ORDER BY word_similarity($2, l.sort_title) DESC, l.product_id DESC LIMIT 10) l`;

/** What a shopper may mean while typing. */
@Injectable()
export class SuggestQuery {
  constructor(
    private readonly db: Db,
    private readonly spelling: SpellingQuery,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** Words, categories and products that begin with what is typed; when there are none, with its typos corrected. */
  async suggest(currency: string | null, q: string, limit: number, language: Language): Promise<Suggestion[]> {
    const words = queryWords(q);
    if (words.length === 0) return [];
    let rows = await this.find(currency, words, limit, language);
    if (rows.length === 0) {
      const corrected = await this.spelling.correct(words);
      if (corrected) {
        const found = await this.find(currency, corrected, limit, language);
        const itself: Row = { kind: 'query', text: corrected.join(' '), id: null, handle: null, thumbnail: null };
        rows = found.length > 0 ? [itself, ...found] : [];
      }
    }
    if (rows.length === 0) rows = await this.db.query<Row>(ALIKE_SQL, [currency, fold(words.join(' '))]);
    return rows.slice(0, limit).map((row) => this.view(row));
  }

  /** A whole word is completed only when it stands alone: of several, the combination might find nothing. */
  private async find(currency: string | null, words: string[], limit: number, { locales }: Language): Promise<Row[]> {
    const completed = words.length === 1 && words[0]!.length >= 2 ? words[0] : null;
    const values: unknown[] = [currency, await this.spelling.tsquery(words), completed];
    if (locales.length > 0) values.push(locales);
    const rows = new Map<string, Row>();
    for (const text of locales.length === 0 ? SUGGEST_SQL : TRANSLATED_SQL) {
      for (const row of await this.db.query<Row>(text, values)) {
        const key = `${row.kind}:${row.id ?? row.text}`;
        if (!rows.has(key)) rows.set(key, row);
      }
      if (rows.size >= limit) break;
    }
    return [...rows.values()];
  }

  private view({ kind, text, id, handle, thumbnail }: Row): Suggestion {
    if (kind === 'query') return { kind, text };
    if (kind === 'category') return { kind, text, id: encodeId('category', id!), handle: handle! };
    return {
      kind,
      text,
      id: encodeId('product', id!),
      handle: handle!,
      thumbnail: thumbnail === null ? null : fullMediaUrl(thumbnail, this.config.publicUrl),
    };
  }
}
