import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { bundlesSql, PARTS_SQL } from './bundles/bundle-sql.js';
import { readRules, type RuleBook } from './collections/collection-membership.js';
import { RECORD_PRICES_SQL, TIERS_SQL } from './price-lists/public-prices-sql.js';
import type { ListingSource } from './listing-source.js';
import { type ListingRows, listingRows, vocabulary } from './listing-text.js';
import type { OptionBook, OptionLabels } from './translations/texts.js';

/** Bounds the memory of a refresh that touches the whole catalog. */
const CHUNK = 500;

/** SQL: whether variant `v` can be sold now. */
export const SELLABLE_SQL = `CASE WHEN v.is_bundle THEN coalesce(bundle_available(v.id) > 0, true) ELSE NOT v.track_inventory OR EXISTS (
  SELECT FROM stock_levels s WHERE s.variant_id = v.id
  HAVING sum(s.on_hand::bigint + s.backorder_limit - s.reserved) > 0) END`;

/**
 * Keeps the read model that lists, searches and product pages are served from. Runs in the transaction of the write, so
 * a committed change is visible at once and a rolled back one never.
 */
@Injectable()
export class ProductListings {
  /**
   * Rebuilds the rows of these products, and of the bundles that their variants are parts of: one for each active product
   * and currency in which an active variant has a price. Ten statements for up to 500 products, however many they are (eleven where something is translated). Locks in the order products, stock, listings. A public
   * price that is another one now goes into the history of prices first, and the rows are made of that.
   */
  async refresh(tx: Tx, productIds: readonly string[]): Promise<void> {
    const bundles = await tx.query<{ product_id: string }>(bundlesSql('$1::uuid[]'), [productIds]);
    const ids = [...new Set([...productIds, ...bundles.map((bundle) => bundle.product_id)])].sort();
    for (let i = 0; i < ids.length; i += CHUNK) await this.refreshChunk(tx, ids.slice(i, i + CHUNK));
  }

  /**
   * Recomputes only whether the products can be bought, after a change of stock; writes only what differs.
   * Two statements: locking first and computing next means that of two changes at once the second sees the first.
   */
  async refreshAvailability(tx: Tx, productIds: readonly string[]): Promise<void> {
    if (productIds.length === 0) return;
    await lockListings(tx, productIds);
    await tx.query(
      `WITH now_available AS (
         SELECT l.product_id, l.currency,
                EXISTS (SELECT FROM unnest(p.variant_ids) AS u (id) JOIN variants v ON v.id = u.id
                        WHERE ${SELLABLE_SQL}) AS available
         FROM product_listings l JOIN product_pages p ON p.product_id = l.product_id AND p.currency = l.currency
         WHERE l.product_id = ANY($1::uuid[]))
       UPDATE product_listings l SET available = n.available FROM now_available n
       WHERE l.product_id = n.product_id AND l.currency = n.currency AND l.available <> n.available`,
      [productIds],
    );
  }

  private async refreshChunk(tx: Tx, ids: string[]): Promise<void> {
    await tx.query('SELECT FROM products WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [ids]);
    // A product without rows has none that a change of stock could lock and correct: then the stock itself is held still.
    await tx.query(
      `SELECT FROM stock_levels s WHERE s.variant_id IN (
         WITH fresh AS (
           SELECT v.id FROM variants v WHERE v.product_id = ANY($1::uuid[])
             AND NOT EXISTS (SELECT FROM product_listings l WHERE l.product_id = v.product_id))
         SELECT id FROM fresh UNION SELECT b.part_variant_id FROM fresh JOIN bundle_parts b ON b.variant_id = fresh.id)
       ORDER BY s.variant_id, s.location_id FOR NO KEY UPDATE OF s`,
      [ids],
    );
    await lockListings(tx, ids);
    await tx.query(RECORD_PRICES_SQL, [ids]);
    const sources = await tx.query<ListingSource>(SOURCES_SQL, [ids]);
    const rules = await readRules(tx);
    const book = sources.some((source) => source.translations) ? await readOptionBook(tx) : {};
    const rows = sources.flatMap((source) => inCollections(source, listingRows(source, book), rules));
    await tx.query(WRITE_SQL, [ids, JSON.stringify(rows.map((row) => row.listing))]);
    if (rows.length > 0) await tx.query(WRITE_PAGES_SQL, [JSON.stringify(rows.map((row) => row.page))]);
    const words = vocabulary(sources);
    if (words.length > 0) {
      await tx.query(
        `INSERT INTO search_words (word)
         SELECT w FROM unnest($1::text[]) AS w WHERE NOT EXISTS (SELECT FROM search_words s WHERE s.word = w) ORDER BY w
         ON CONFLICT DO NOTHING`,
        [words],
      );
    }
  }
}

/** Writes into the rows of a product which collections it is in. */
function inCollections(source: ListingSource, rows: ListingRows[], rules: RuleBook): ListingRows[] {
  const [first] = rows;
  if (!first) return rows;
  const byRule = rules.collectionsOf({
    title: source.title,
    vendor: source.vendor,
    productType: source.product_type,
    tags: source.tags,
    categoryIds: first.listing.category_ids,
    options: rows.flatMap(({ listing }) => listing.options),
    attributes: first.listing.attributes,
    prices: Object.fromEntries(rows.map(({ listing }) => [listing.currency, listing.price_min])),
  });
  const ids = [...new Set([...source.collection_ids, ...byRule])].sort();
  for (const { listing } of rows) listing.collection_ids = ids;
  return rows;
}

/** What options are called in other languages. */
async function readOptionBook(tx: Tx): Promise<OptionBook> {
  const rows = await tx.query<{ locale: string; options: OptionLabels[] }>(
    `SELECT locale, options FROM option_translations`,
  );
  return Object.fromEntries(rows.map(({ locale, options }) => [locale, options]));
}

async function lockListings(tx: Tx, productIds: readonly string[]): Promise<void> {
  await tx.query(
    'SELECT FROM product_listings WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, currency FOR NO KEY UPDATE',
    [productIds],
  );
}

const SOURCES_SQL = `
  SELECT p.id, p.handle, p.title, p.description_html,
         (SELECT json_build_object('average', round(avg(r.rating), 1)::float8, 'count', count(*))
          FROM reviews r WHERE r.product_id = p.id AND r.status = 'published' HAVING count(*) > 0) AS rating, p.vendor, p.product_type, p.tags, p.option_names,
         p.seo_title, p.seo_description,
         CASE WHEN p.attributes <> '{}' THEN (
           SELECT json_agg(json_build_object('key', d.key, 'label', d.label, 'value', p.attributes -> d.key) ORDER BY d.position, d.key)
           FROM attribute_definitions d WHERE d.deleted_at IS NULL AND p.attributes ? d.key) END AS attributes,
         ARRAY(SELECT c.collection_id FROM collection_products c WHERE c.product_id = p.id) AS collection_ids, p.created_at, p.updated_at,
         coalesce((SELECT json_agg(json_build_object('id', i.id, 'url', i.url, 'alt', i.alt, 'width', i.width, 'height', i.height,
                            'renditions', i.renditions) ORDER BY i.position, i.id)
                   FROM product_images i WHERE i.product_id = p.id), '[]') AS images,
         coalesce((SELECT json_agg(json_build_object('id', v.id, 'title', v.title, 'sku', v.sku, 'barcode', v.barcode,
                             'option_values', v.option_values, 'weight_grams', v.weight_grams,
                             'requires_shipping', v.requires_shipping, 'image_id', v.image_id,
                             'track_inventory', v.track_inventory, 'allow_backorder', v.allow_backorder, 'sellable', ${SELLABLE_SQL},
                             'parts', ${PARTS_SQL},
                             'prices', coalesce((SELECT json_agg(json_build_object('currency', r.currency,
                                 'amount', h.amount, 'compare_at', h.compare_at, 'lowest', h.lowest, 'tiers', ${TIERS_SQL}))
                               FROM prices r CROSS JOIN LATERAL (
                                 SELECT h.amount, h.compare_at, h.lowest FROM price_history h
                                 WHERE h.variant_id = r.variant_id AND h.currency = r.currency ORDER BY h.id DESC LIMIT 1) h
                               WHERE r.variant_id = v.id), '[]')) ORDER BY v.position, v.id)
                   FROM variants v WHERE v.product_id = p.id AND v.status = 'active'), '[]') AS variants,
         coalesce((WITH RECURSIVE up AS (
                     SELECT c.id, c.parent_id, c.handle, c.title, true AS direct
                     FROM product_categories pc JOIN categories c ON c.id = pc.category_id WHERE pc.product_id = p.id
                     UNION
                     SELECT c.id, c.parent_id, c.handle, c.title, false FROM up JOIN categories c ON c.id = up.parent_id)
                   SELECT json_agg(json_build_object('id', id, 'handle', handle, 'title', title, 'direct', direct,
                                   'titles', (SELECT json_object_agg(t.locale, t.title) FROM category_translations t
                                              WHERE t.target_id = u.id AND t.title IS NOT NULL))
                                   ORDER BY direct DESC, title, id)
                   FROM (SELECT id, handle, title, bool_or(direct) AS direct FROM up GROUP BY id, handle, title) AS u),
                  '[]') AS categories,
         (SELECT json_object_agg(t.locale, json_build_object('title', t.title, 'description', t.description,
                   'seoTitle', t.seo_title, 'seoDescription', t.seo_description))
          FROM product_translations t WHERE t.target_id = p.id) AS translations
  FROM products p WHERE p.id = ANY($1::uuid[]) AND p.status = 'active' ORDER BY p.id`;

const WRITE_SQL = `
  WITH incoming AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2) AS r (product_id uuid, currency text, handle text, title text, sort_title text,
      vendor text, product_type text, category_ids uuid[], collection_ids uuid[], options text[], option_labels text[],
      attributes text[], attribute_labels text[], price_min bigint, price_max bigint,
      available boolean, created_at timestamptz, card text, cards jsonb, a text, b text, c text, d text)),
  gone AS (
    DELETE FROM product_listings l WHERE l.product_id = ANY($1::uuid[])
      AND NOT EXISTS (SELECT FROM incoming i WHERE i.product_id = l.product_id AND i.currency = l.currency))
  INSERT INTO product_listings (product_id, currency, handle, title, sort_title, vendor, product_type, category_ids,
    collection_ids, options, option_labels, attributes, attribute_labels, price_min, price_max,
    available, popularity, created_at, search, card, cards)
  SELECT product_id, currency, handle, title, sort_title, vendor, product_type, category_ids, collection_ids, options,
    option_labels, attributes, attribute_labels, price_min, price_max, available, popularity_of(product_id), created_at,
    setweight(to_tsvector('emporium', a), 'A') || setweight(to_tsvector('emporium', b), 'B')
      || setweight(to_tsvector('emporium', c), 'C') || setweight(to_tsvector('emporium', d), 'D'),
    card, cards
  FROM incoming ORDER BY product_id, currency
  ON CONFLICT (product_id, currency) DO UPDATE SET handle = excluded.handle, title = excluded.title,
    sort_title = excluded.sort_title, vendor = excluded.vendor, product_type = excluded.product_type, category_ids = excluded.category_ids,
    collection_ids = excluded.collection_ids, options = excluded.options, option_labels = excluded.option_labels,
    attributes = excluded.attributes, attribute_labels = excluded.attribute_labels, price_min = excluded.price_min,
    price_max = excluded.price_max, available = excluded.available, created_at = excluded.created_at,
    search = excluded.search, card = excluded.card, cards = excluded.cards`;

const WRITE_PAGES_SQL = `
  INSERT INTO product_pages (product_id, currency, handle, variant_ids, has_bundles, detail, details)
  SELECT product_id, currency, handle, variant_ids, has_bundles, detail, details
  FROM jsonb_to_recordset($1) AS r (product_id uuid, currency text, handle text, variant_ids uuid[], has_bundles boolean, detail text, details jsonb)
  ORDER BY product_id, currency
  ON CONFLICT (product_id, currency) DO UPDATE SET handle = excluded.handle, variant_ids = excluded.variant_ids,
    has_bundles = excluded.has_bundles, detail = excluded.detail, details = excluded.details`;
