import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { DearAnswers } from './dear-answers.js';
import { CURRENCY_SQL, NAMED_SQL, Parameters } from './listing-sql.js';
import { fullMediaUrl } from './media-url.js';
import { fold, queryWords } from './search-words.js';
import { SpellingQuery } from './spelling.query.js';
import { type Language, languageServed, type Said } from './translations/content-languages.js';

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
  /** Of the text; null: that of the catalog. */
  locale: string | null;
  /** Products that were ranked for it. */
  ranked?: number;
}

/** While somebody types, the best of so many will do: to rank all that begin with two letters takes longer than typing on. */
const RANKED = 100;
/** For so long what many products have in common is not ranked anew: shorter than the caches of browsers may take it. */
const KEPT_MS = 10_000;
/** Of so many that have the other words, those are picked in which a word begins as the last one does so far. */
const NARROWED = 500;
/** Of a word so short, or shorter, too many others are the beginning: an index of words is no help. */
const BEGINNING = 2;

/**
 * How products are looked for. `begun`: titles that begin with the one word of a letter or two; `narrowed`: those that have all
 * words but the last, of which there are a letter or two; `named` and `described`: by an index of what they are found by;
 * `finished` and `told` alike, where all words but the last are whole words, which is a third of the work.
 */
type Way = 'begun' | 'narrowed' | 'finished' | 'told' | 'named' | 'described';

/** What is looked for. */
interface Wanted {
  currency: string | null;
  words: readonly string[];
  /** A tsquery of all words. */
  query: string;
  /** A tsquery of all but the last, as whole words; null where these cannot be told from the last, or there are none. */
  others: string | null;
  /** A tsquery of the last one, as the beginning of a word. */
  last: string;
  locales: readonly string[];
}

function suggestSql(wanted: Wanted, way: Way, isFirst: boolean): { text: string; values: unknown[] } {
  const parameters = new Parameters([wanted.currency]);
  const query = `(SELECT to_tsquery('emporium', ${parameters.add(wanted.query)}))`;
  const locales = wanted.locales.length === 0 ? null : `${parameters.add(wanted.locales)}::text[]`;
  const parts = [productsSql(wanted, way, { parameters, query, locales })];
  if (isFirst) {
    parts.unshift(categoriesSql(query, locales));
    // A whole word is completed only when it stands alone: of several, the combination might find nothing.
    if (wanted.words.length === 1 && wanted.words[0]!.length >= 2)
      parts.unshift(wordsSql(parameters.add(wanted.words[0])));
  }
  return { text: parts.map((part) => `(${part})`).join(' UNION ALL '), values: parameters.values };
}

const wordsSql = (word: string) => `
  SELECT 'query' AS kind, s.word AS text, NULL::uuid AS id, NULL AS handle, NULL AS thumbnail, NULL AS locale, 0 AS ranked
  FROM search_words s WHERE s.word ~>~ ${word} AND s.word ~<~ (${word} || U&'\\+10FFFF') ORDER BY length(s.word), s.word LIMIT 3`;

function categoriesSql(query: string, locales: string | null): string {
  // By the words of all titles that it may be shown with; what it is shown with decides.
  const categories = locales
    ? `SELECT c.id, c.handle, coalesce(t.title, c.title) AS title, t.locale
       FROM (SELECT id FROM categories WHERE to_tsvector('emporium', title) @@ ${query}
         UNION SELECT target_id FROM category_translations WHERE to_tsvector('emporium', title) @@ ${query}) f
       CROSS JOIN LATERAL (SELECT c.id, c.handle, c.title FROM categories c WHERE c.id = f.id OFFSET 0) c
       LEFT JOIN LATERAL (
         SELECT t.title, t.locale FROM category_translations t WHERE t.target_id = c.id AND t.locale = ANY(${locales})
           AND t.title IS NOT NULL ORDER BY array_position(${locales}, t.locale) LIMIT 1) t ON true`
    : 'SELECT id, handle, title, NULL AS locale FROM categories';
  return `
  SELECT 'category' AS kind, c.title AS text, c.id, c.handle, NULL AS thumbnail, c.locale, 0 AS ranked FROM (${categories}) c
  WHERE to_tsvector('emporium', c.title) @@ ${query}
    AND EXISTS (SELECT FROM product_listings l WHERE l.currency = ${CURRENCY_SQL} AND l.category_ids @> ARRAY[c.id])
  ORDER BY c.title LIMIT 3`;
}

/** Cards are opened only of those that are shown. */
function productsSql(
  wanted: Wanted,
  way: Way,
  { parameters, query, locales }: { parameters: Parameters; query: string; locales: string | null },
): string {
  const columns = `title, sort_title, product_id, handle, card, search${locales ? ', cards' : ''}`;
  const read = (condition: string, most: number) =>
    `SELECT ${columns} FROM product_listings l WHERE l.currency = ${CURRENCY_SQL} AND ${condition} LIMIT ${most}`;
  const candidates = () => {
    if (way === 'begun') {
      const start = parameters.add(wanted.words[0]);
      return read(
        `l.sort_title >= ${start} AND l.sort_title < ${start} || U&'\\+10FFFF' ORDER BY l.sort_title`,
        RANKED,
      );
    }
    if (way === 'narrowed') {
      const others = `(SELECT to_tsquery('emporium', ${parameters.add(wanted.others)}))`;
      return `SELECT * FROM (${read(`${NAMED_SQL} @@ ${others}`, NARROWED)}) l WHERE ${NAMED_SQL} @@ ${query} LIMIT ${RANKED}`;
    }
    if (way === 'finished' || way === 'told') {
      const finished = parameters.add(`${wanted.others} & ${wanted.last}`);
      const texts = way === 'finished' ? NAMED_SQL : 'l.search';
      return read(`${texts} @@ (SELECT to_tsquery('emporium', ${finished}))`, RANKED);
    }
    return read(`${way === 'named' ? NAMED_SQL : 'l.search'} @@ ${query}`, RANKED);
  };
  return shownSql(
    `SELECT *, count(*) OVER ()::integer AS ranked FROM (${candidates()}) l ORDER BY ts_rank_cd(l.search, ${query}) DESC, l.product_id DESC LIMIT 10`,
    locales,
  );
}

/** SQL: of these products what is shown, in the dearest language that each is translated to. */
function shownSql(products: string, locales: string | null): string {
  const [title, locale, join] = locales
    ? [
        `coalesce((l.cards ->> t.locale)::json ->> 'title', l.title)`,
        't.locale',
        `LEFT JOIN LATERAL (SELECT w.locale FROM unnest(${locales}) WITH ORDINALITY AS w (locale, n)
           WHERE l.cards ? w.locale ORDER BY w.n LIMIT 1) t ON true`,
      ]
    : ['l.title', 'NULL', ''];
  return `
  SELECT 'product' AS kind, ${title} AS text, l.product_id AS id, l.handle, (l.card::json) ->> 'thumbnail' AS thumbnail,
    ${locale} AS locale, l.ranked FROM (${products}) l ${join}`;
}

function alikeSql(currency: string | null, words: readonly string[], locales: readonly string[]) {
  const parameters = new Parameters([currency]);
  const typed = `${parameters.add(fold(words.join(' ')))}::text`;
  const text = shownSql(
    `SELECT title, product_id, handle, card, cards, 0 AS ranked FROM product_listings l
     WHERE l.currency = ${CURRENCY_SQL} AND l.sort_title %> ${typed}
     ORDER BY word_similarity(${typed}, l.sort_title) DESC, l.product_id DESC LIMIT 10`,
    locales.length === 0 ? null : `${parameters.add(locales)}::text[]`,
  );
  return { text, values: parameters.values };
}

/** One after the other, until there are enough. Descriptions come last: they name much that is not meant. */
function waysOf({ words, others, last, locales }: Wanted): Way[] {
  const typed = words.at(-1)!;
  // Where synonyms stand for the last word, its letters say too little. Numbers are rare enough.
  const isCommon = typed.length <= BEGINNING && !/^\p{N}/u.test(typed) && last === `${typed}:*`;
  if (others !== null) return [...(isCommon ? (['narrowed'] as const) : []), 'finished', 'told', 'described'];
  // Titles are in the order of the language of the catalog.
  const isOne = words.length === 1 && isCommon && locales.length === 0;
  return [...(isOne ? (['begun'] as const) : []), 'named', 'described'];
}

/** What a shopper may mean while typing. */
@Injectable()
export class SuggestQuery {
  /** Of words that so many products have that not all of them are ranked: one product more or less hardly shows. */
  private readonly common = new DearAnswers<Row[]>(
    (rows) => rows.some(({ ranked }) => (ranked ?? 0) >= RANKED),
    () => performance.now(),
    { freshMs: KEPT_MS, staleMs: KEPT_MS },
  );

  constructor(
    private readonly db: Db,
    private readonly spelling: SpellingQuery,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * Words, categories and products that begin with what is typed; when there are none, with its typos corrected. And the
   * language of the answer.
   */
  async suggest(currency: string | null, q: string, limit: number, language: Language): Promise<Said<Suggestion[]>> {
    const rows = (await this.rows(currency, queryWords(q), limit, language)).slice(0, limit);
    const locales = rows.flatMap(({ locale }) => locale ?? []);
    return { body: rows.map((row) => this.view(row)), language: languageServed(language, locales) };
  }

  private async rows(currency: string | null, words: string[], limit: number, language: Language): Promise<Row[]> {
    if (words.length === 0) return [];
    let rows = await this.find(currency, words, limit, language);
    if (rows.length === 0) {
      const corrected = await this.spelling.correct(words);
      if (corrected) {
        const found = await this.find(currency, corrected, limit, language);
        const text = corrected.join(' ');
        const itself: Row = { kind: 'query', text, id: null, handle: null, thumbnail: null, locale: null };
        rows = found.length > 0 ? [itself, ...found] : [];
      }
    }
    if (rows.length > 0) return rows;
    const { text, values } = alikeSql(currency, words, language.locales);
    return this.db.query<Row>(text, values);
  }

  private async find(currency: string | null, words: string[], limit: number, { locales }: Language): Promise<Row[]> {
    const query = await this.spelling.tsquery(words);
    const before = words.length > 1 ? `${await this.spelling.tsquery(words.slice(0, -1))} & ` : '';
    // Of synonyms of several words, the last one is a part.
    const isApart = before !== '' && query.startsWith(before);
    const others = isApart ? before.slice(0, -3).replaceAll(':*', '') : null;
    const wanted: Wanted = {
      currency,
      words,
      query,
      others,
      last: isApart ? query.slice(before.length) : query,
      locales,
    };
    return this.common.get(JSON.stringify([wanted, limit]), () => this.search(wanted, limit));
  }

  private async search(wanted: Wanted, limit: number): Promise<Row[]> {
    const rows = new Map<string, Row>();
    for (const [i, way] of waysOf(wanted).entries()) {
      const { text, values } = suggestSql(wanted, way, i === 0);
      for (const row of await this.db.query<Row>(text, values)) {
        const key = `${row.kind}:${row.id ?? row.text}`;
        if (!rows.has(key)) rows.set(key, row);
      }
      if (rows.size >= limit) break;
      // Whole words have been found: what else begins like them is not meant.
      if (way === 'told' && [...rows.values()].some(({ kind }) => kind === 'product')) break;
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
