import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { Db, type Queryable, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { enqueue } from '#libs/jobs';
import { lockCategoryTree, lockCategoryTreeShared } from '../catalog-lock.js';
import { lockProducts } from '../lock-products.js';
import { CategoryNotFound, CollectionNotFound, ProductNotFound, TranslationNotFound } from '../catalog.errors.js';
import { RefreshTranslationsJob } from '../catalog.jobs.js';
import { followCategory } from '../category-followers.js';
import { ProductListings } from '../product-listings.service.js';
import { ContentLanguages, TRANSLATED, type TranslatedKind } from './content-languages.js';
import { localeParameter } from './locale.js';
import { assertApart } from './option-labels.js';
import type { OptionLabels, Texts } from './texts.js';

const NOT_FOUND = { product: ProductNotFound, category: CategoryNotFound, collection: CollectionNotFound };

/** The texts of one thing in all its languages, and its version. */
export interface Translations {
  version: number;
  texts: (Texts & { locale: string })[];
}

/** The dictionary of options of one language; version 0 where nothing was ever written. */
export interface OptionDictionary {
  locale: string;
  options: OptionLabels[];
  version: number;
}

/** Says in other languages what products, categories, collections and options are called. Shoppers see it at once. */
@Injectable()
export class EditTranslations {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
    private readonly languages: ContentLanguages,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** @throws product_not_found, category_not_found, collection_not_found */
  async all(kind: TranslatedKind, id: string, db: Queryable = this.db): Promise<Translations> {
    const { table, texts } = TRANSLATED[kind];
    const [found] = await db.query<{ version: number }>(`SELECT version FROM ${table} WHERE id = $1`, [id]);
    if (!found) throw NOT_FOUND[kind]();
    const rows = await db.query<Texts & { locale: string }>(
      `SELECT locale, title, description, seo_title AS "seoTitle", seo_description AS "seoDescription"
       FROM ${texts} WHERE target_id = $1 ORDER BY locale`,
      [id],
    );
    return { version: found.version, texts: rows };
  }

  /**
   * Writes everything that is said in one language; raises the version of what says it.
   * @throws invalid_parameter, validation_failed, version_mismatch, and not found as above
   */
  async put(
    kind: TranslatedKind,
    id: string,
    language: string,
    version: number | undefined,
    texts: Texts,
  ): Promise<Translations> {
    const locale = this.localeOf(language);
    if (Object.values(texts).every((text) => text === null)) {
      const detail = 'must say something: delete the translation to take it back';
      throw ValidationFailed({ errors: [{ pointer: '/title', code: 'required', detail }] });
    }
    const answer = await this.change(kind, id, version, async (tx) => {
      await tx.query(
        `INSERT INTO ${TRANSLATED[kind].texts} (target_id, locale, title, description, seo_title, seo_description)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (target_id, locale) DO UPDATE SET title = excluded.title, description = excluded.description,
           seo_title = excluded.seo_title, seo_description = excluded.seo_description, updated_at = now()`,
        [id, locale, texts.title?.trim() ?? null, texts.description, texts.seoTitle, texts.seoDescription],
      );
    });
    return { ...answer, texts: answer.texts.filter((text) => text.locale === locale) };
  }

  /** Takes back what is said in one language. @throws translation_not_found, and as above */
  async delete(kind: TranslatedKind, id: string, language: string, version: number | undefined): Promise<void> {
    const locale = this.localeOf(language);
    await this.change(kind, id, version, async (tx) => {
      const gone = await tx.query(
        `DELETE FROM ${TRANSLATED[kind].texts} WHERE target_id = $1 AND locale = $2 RETURNING 1`,
        [id, locale],
      );
      if (gone.length === 0) throw TranslationNotFound();
    });
  }

  /** The dictionary of options of one language. @throws invalid_parameter */
  async options(language: string, db: Queryable = this.db): Promise<OptionDictionary> {
    const locale = this.localeOf(language);
    const [row] = await db.query<OptionDictionary>(
      `SELECT locale, options, version FROM option_translations WHERE locale = $1`,
      [locale],
    );
    return row ?? { locale, options: [], version: 0 };
  }

  /**
   * Writes a whole dictionary; the pages of products follow in the background.
   * @throws invalid_parameter, version_mismatch, option_labels_repeated
   */
  async putOptions(language: string, version: number | undefined, options: OptionLabels[]): Promise<OptionDictionary> {
    const locale = this.localeOf(language);
    assertApart(options);
    const answer = await this.db.transaction(async (tx) => {
      await lockCategoryTree(tx);
      const before = await this.options(locale, tx);
      assertVersion(version, before.version);
      await tx.query(
        `INSERT INTO option_translations (locale, options) VALUES ($1, $2)
         ON CONFLICT (locale) DO UPDATE SET options = excluded.options, version = option_translations.version + 1, updated_at = now()`,
        [locale, JSON.stringify(options)],
      );
      await enqueue(tx, RefreshTranslationsJob, `${locale}:${before.version + 1}`, { locale });
      return this.options(locale, tx);
    });
    this.languages.forget();
    return answer;
  }

  private localeOf(language: string): string {
    return localeParameter(language, this.config.catalogLanguage);
  }

  private async change(
    kind: TranslatedKind,
    id: string,
    version: number | undefined,
    work: (tx: Tx) => Promise<void>,
  ): Promise<Translations> {
    const { table } = TRANSLATED[kind];
    const answer = await this.db.transaction(async (tx) => {
      await (kind === 'product' ? lockCategoryTreeShared(tx) : lockCategoryTree(tx));
      if (kind === 'product') await lockProducts(tx, [id]);
      const [found] = await tx.query<{ version: number }>(
        `SELECT version FROM ${table} WHERE id = $1 FOR NO KEY UPDATE`,
        [id],
      );
      if (!found) throw NOT_FOUND[kind]();
      assertVersion(version, found.version);
      await work(tx);
      await tx.query(`UPDATE ${table} SET version = version + 1, updated_at = now() WHERE id = $1`, [id]);
      if (kind === 'product') await this.listings.refresh(tx, [id]);
      if (kind === 'category')
        await followCategory(tx, this.listings, { id, version: found.version + 1 }, 'translated');
      return this.all(kind, id, tx);
    });
    this.languages.forget();
    return answer;
  }
}
