import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { Db } from '#libs/database';
import type { Request } from '#libs/http';
import { chosenLocales, wishedLanguages } from './locale.js';
import { firstOf, type OptionBook, type OptionLabels, OptionWords, type Texts, type Word } from './texts.js';

/** How long it is believed that no further language has come. */
const TRUSTED_MS = 1_000;

/** Things with texts of their own in other languages, and where these lie. */
export const TRANSLATED = {
  product: { table: 'products', texts: 'product_translations' },
  category: { table: 'categories', texts: 'category_translations' },
  collection: { table: 'collections', texts: 'collection_translations' },
} as const;
export type TranslatedKind = keyof typeof TRANSLATED;

/** In which languages an answer is looked for, before the language of the catalog. */
export interface Language {
  /** The dearest first; empty: the catalog as it is. */
  locales: readonly string[];
  /** Of the catalog. */
  original: string;
}

/** What the answer says of its language: the dearest that something in it is said in. */
export function languageServed({ locales, original }: Language, served: Iterable<string>): string {
  const said = new Set(served);
  return locales.find((locale) => said.has(locale)) ?? original;
}

/** What is answered, and in which language. */
export interface Said<T> {
  body: T;
  language: string;
}

/** The texts of a thing as the wished languages have them together, and the dearest of those. */
export interface FoundTexts extends Texts {
  locale: string;
  /** Of the title; left out where that is not translated. */
  titleLocale?: string;
}

function localeOfTitle(texts: readonly (FoundTexts | undefined)[]): Pick<FoundTexts, 'titleLocale'> {
  const titled = texts.find((text) => text?.title);
  return titled ? { titleLocale: titled.locale } : {};
}

/** Every language of a table, by its index, however many rows it has. */
const languagesOf = (texts: string) => `
  (WITH RECURSIVE found AS (
     (SELECT locale FROM ${texts} ORDER BY locale LIMIT 1)
     UNION ALL
     SELECT (SELECT locale FROM ${texts} t WHERE t.locale > found.locale ORDER BY locale LIMIT 1) FROM found WHERE found.locale IS NOT NULL)
   SELECT locale FROM found WHERE locale IS NOT NULL)`;
const KNOWN_SQL = [
  ...Object.values(TRANSLATED).map(({ texts }) => languagesOf(texts)),
  'SELECT locale FROM option_translations',
].join(' UNION ');

/** Picks the language of an answer by Accept-Language, and finds texts in it. What is not translated costs nothing. */
@Injectable()
export class ContentLanguages {
  private known: Promise<ReadonlySet<string>> | undefined;
  private lookedAt = -Infinity;

  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** The language of the answer to this request. */
  async of(request: Request): Promise<Language> {
    const original = this.config.catalogLanguage;
    const wishes = wishedLanguages(request.headers['accept-language']);
    const [dearest] = wishes;
    if (dearest === undefined || dearest === '*' || dearest === original) return { locales: [], original };
    return { locales: chosenLocales(wishes, await this.knownLocales(), original), original };
  }

  /** After a change: a language may be new. */
  forget(): void {
    this.known = undefined;
  }

  /** The texts of these things in the wished languages; those without any are left out. One statement, or none. */
  async textsOf(kind: TranslatedKind, ids: readonly string[], { locales }: Language): Promise<Map<string, FoundTexts>> {
    if (locales.length === 0 || ids.length === 0) return new Map();
    const rows = await this.db.query<FoundTexts & { id: string }>(
      `SELECT target_id AS id, locale, title, description, seo_title AS "seoTitle", seo_description AS "seoDescription"
       FROM ${TRANSLATED[kind].texts} WHERE target_id = ANY($1::uuid[]) AND locale = ANY($2::text[])`,
      [ids, locales],
    );
    const byId = new Map<string, (FoundTexts | undefined)[]>();
    for (const row of rows) {
      const texts = byId.get(row.id) ?? [];
      texts[locales.indexOf(row.locale)] = row;
      byId.set(row.id, texts);
    }
    return new Map(
      [...byId].map(([id, texts]) => [
        id,
        {
          locale: firstOf(texts, 'locale')!,
          ...localeOfTitle(texts),
          title: firstOf(texts, 'title') ?? null,
          description: firstOf(texts, 'description') ?? null,
          seoTitle: firstOf(texts, 'seoTitle') ?? null,
          seoDescription: firstOf(texts, 'seoDescription') ?? null,
        },
      ]),
    );
  }

  /** The titles of those of these categories that are translated, by their handles. */
  async categoryTitles(handles: readonly string[], { locales }: Language): Promise<Map<string, Word>> {
    const rows = await this.db.query<Word & { handle: string }>(
      `SELECT DISTINCT ON (c.handle) c.handle, t.title AS text, t.locale FROM category_translations t JOIN categories c ON c.id = t.target_id
       WHERE c.handle = ANY($2::text[]) AND t.locale = ANY($1::text[]) AND t.title IS NOT NULL
       ORDER BY c.handle, array_position($1::text[], t.locale)`,
      [locales, handles],
    );
    return new Map(rows.map(({ handle, ...word }) => [handle, word]));
  }

  /** What options are called in the wished languages. */
  async optionWords({ locales }: Language): Promise<OptionWords> {
    const rows = await this.db.query<{ locale: string; options: OptionLabels[] }>(
      `SELECT locale, options FROM option_translations WHERE locale = ANY($1::text[])`,
      [locales],
    );
    const book: OptionBook = Object.fromEntries(rows.map(({ locale, options }) => [locale, options]));
    return new OptionWords(book, locales);
  }

  private knownLocales(): Promise<ReadonlySet<string>> {
    if (!this.known) return this.load();
    if (performance.now() - this.lookedAt > TRUSTED_MS) {
      // Nobody waits: a new language of another process may come a second later.
      const before = this.known;
      void this.load().catch(() => undefined);
      return before;
    }
    return this.known;
  }

  private load(): Promise<ReadonlySet<string>> {
    this.lookedAt = performance.now();
    const before = this.known;
    const loading = this.db
      .query<{ locale: string }>(KNOWN_SQL)
      .then((rows): ReadonlySet<string> => new Set(rows.map(({ locale }) => locale)));
    if (!before) this.known = loading;
    return loading.then(
      (known) => {
        if (this.known === (before ?? loading)) this.known = Promise.resolve(known);
        return known;
      },
      (error: unknown) => {
        if (this.known === loading) this.known = undefined;
        throw error;
      },
    );
  }
}
