import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import { Db, type Queryable } from '#libs/database';
import { encodeId } from '#libs/ids';
import { ProductNotFound } from '../catalog.errors.js';
import { CURRENCY_SQL } from '../listing-sql.js';
import { withFullMediaUrls } from '../media-url.js';
import { type Language, languageServed } from '../translations/content-languages.js';

/** So many of the neighbors in a category, of a type and of a vendor are looked at: each by a walk along an index. */
const NEAR = 30;
const CATEGORIES = 5;

const neighbors = (comparison: '<' | '>', order: 'ASC' | 'DESC') => `
  (SELECT x.product_id FROM product_categories x WHERE x.category_id = c.category_id AND x.product_id ${comparison} me.id
   ORDER BY x.product_id ${order} LIMIT ${NEAR})`;
const newestWith = (column: string) => `
  SELECT n.product_id FROM me CROSS JOIN LATERAL (
    SELECT l.product_id FROM product_listings l
    WHERE l.currency = me.currency AND lower(l.${column}) = lower(me.${column})
    ORDER BY l.created_at DESC, l.product_id DESC LIMIT ${NEAR}) n WHERE me.${column} <> ''`;

/**
 * Those chosen by hand in their order, then what is like the product: how many categories they share (the finer, the more of
 * their ancestors count along), tags, type, vendor. What can be bought comes first.
 */
const relatedTo = (key: 'g.product_id' | 'g.handle', card = 'l.card', locale = 'NULL::text') => `
  WITH me AS MATERIALIZED (
    SELECT l.product_id AS id, l.currency, l.category_ids, l.product_type, l.vendor, p.tags
    FROM product_pages g JOIN product_listings l ON l.product_id = g.product_id AND l.currency = g.currency
    JOIN products p ON p.id = g.product_id WHERE ${key} = $2 AND g.currency = ${CURRENCY_SQL}),
  candidates AS (
    SELECT r.related_id AS id, r.position FROM me JOIN product_relations r ON r.product_id = me.id
    UNION ALL
    SELECT near.product_id, NULL FROM (
      SELECT n.product_id FROM me
      CROSS JOIN LATERAL (SELECT x.category_id FROM product_categories x WHERE x.product_id = me.id
                          ORDER BY x.category_id LIMIT ${CATEGORIES}) c
      CROSS JOIN LATERAL (${neighbors('<', 'DESC')} UNION ALL ${neighbors('>', 'ASC')}) n
      UNION ALL ${newestWith('product_type')}
      UNION ALL ${newestWith('vendor')}) near),
  shown AS (
    SELECT ${card} AS card, ${locale} AS locale, l.available, l.product_id, c.position,
      (SELECT count(*) FROM unnest(l.category_ids) AS u (id) WHERE u.id = ANY(me.category_ids)) * 2
      + (SELECT count(*) FROM unnest(p.tags) AS u (tag) WHERE u.tag = ANY(me.tags)) * 2
      + (l.product_type <> '' AND lower(l.product_type) = lower(me.product_type))::int * 2
      + (l.vendor <> '' AND lower(l.vendor) = lower(me.vendor))::int AS likeness
    FROM me CROSS JOIN (SELECT id, min(position) AS position FROM candidates GROUP BY id) c
    JOIN product_listings l ON l.product_id = c.id AND l.currency = me.currency
    JOIN products p ON p.id = c.id
    WHERE c.id <> me.id
    ORDER BY c.position, l.available DESC, likeness DESC, l.product_id DESC LIMIT $3)
  SELECT EXISTS (SELECT FROM me) AS found,
    (SELECT string_agg(left(s.card, -1) || CASE WHEN s.available THEN ',"available":true}' ELSE ',"available":false}' END, ','
                       ORDER BY s.position, s.available DESC, s.likeness DESC, s.product_id DESC) FROM shown s) AS cards,
    ARRAY(SELECT DISTINCT s.locale FROM shown s WHERE s.locale IS NOT NULL) AS locales`;
export const RELATED_BY_ID_SQL = relatedTo('g.product_id');
const BY_HANDLE_SQL = relatedTo('g.handle');
/** The first of the languages `$4` in which there is a card; NULL without any. */
const LOCALE = `(SELECT u.locale FROM unnest($4::text[]) WITH ORDINALITY AS u (locale, n) WHERE l.cards ? u.locale ORDER BY u.n LIMIT 1)`;
const IN_LANGUAGE = [`coalesce(l.cards ->> ${LOCALE}, l.card)`, LOCALE] as const;
const BY_ID_IN_LANGUAGE_SQL = relatedTo('g.product_id', ...IN_LANGUAGE);
const BY_HANDLE_IN_LANGUAGE_SQL = relatedTo('g.handle', ...IN_LANGUAGE);

interface FoundCards {
  found: boolean;
  cards: string | null;
  /** of the cards, those of the catalog apart */
  locales: string[];
}

/** What goes with a product. */
@Injectable()
export class RelatedProductsQuery {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** The body of the answer and its language, by one statement. @throws product_not_found */
  async cards(
    currency: string | null,
    key: { handle: string } | { id: string },
    limit: number,
    wanted: Language,
  ): Promise<{ body: string; language: string }> {
    const { locales } = wanted;
    const [plain, inLanguage, value] =
      'id' in key
        ? [RELATED_BY_ID_SQL, BY_ID_IN_LANGUAGE_SQL, key.id]
        : [BY_HANDLE_SQL, BY_HANDLE_IN_LANGUAGE_SQL, key.handle];
    const [row] = await (locales.length === 0
      ? this.db.query<FoundCards>(plain, [currency, value, limit])
      : this.db.query<FoundCards>(inLanguage, [currency, value, limit, locales]));
    if (!row!.found) throw ProductNotFound();
    const body = withFullMediaUrls(`{"data":[${row!.cards ?? ''}]}`, this.config.publicUrl);
    return { body, language: languageServed(wanted, row!.locales) };
  }

  /** `prod_…` of those chosen by hand, in the order of staff, and the version of the product. @throws product_not_found */
  async byHand(productId: string, db: Queryable = this.db): Promise<{ productIds: string[]; version: number }> {
    const [row] = await db.query<{ version: number; ids: string[] }>(
      `SELECT p.version, ARRAY(SELECT r.related_id FROM product_relations r WHERE r.product_id = p.id ORDER BY r.position, r.related_id) AS ids
       FROM products p WHERE p.id = $1`,
      [productId],
    );
    if (!row) throw ProductNotFound();
    return { version: row.version, productIds: row.ids.map((id) => encodeId('product', id)) };
  }
}
