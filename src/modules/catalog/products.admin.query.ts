import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db, type KeysetColumn, keysetPage, type Queryable } from '#libs/database';
import { type Page, pageOf } from '#libs/http';
import type { AttributeValues } from './attributes/attribute-values.js';
import { type BundlePartRow, PARTS_SQL } from './bundles/bundle-sql.js';
import { ProductNotFound } from './catalog.errors.js';
import type { AdminProductListQuery } from './dto/product.request.js';
import { Parameters } from './listing-sql.js';
import { fullMediaUrl } from './media-url.js';

/** A product with everything that belongs to it, as it is in the database. */
export interface AdminProductRecord {
  id: string;
  handle: string;
  title: string;
  description_html: string;
  vendor: string;
  product_type: string;
  tags: string[];
  status: string;
  is_gift_card: boolean;
  publish_at: Date | null;
  unpublish_at: Date | null;
  option_names: string[];
  seo_title: string | null;
  seo_description: string | null;
  attributes: AttributeValues;
  version: number;
  created_at: Date;
  updated_at: Date;
  category_ids: string[];
  images: { id: string; url: string; alt: string; position: number }[];
  variants: AdminVariantRecord[];
}

export interface AdminVariantRecord {
  id: string;
  title: string;
  option_values: string[];
  sku: string | null;
  barcode: string | null;
  weight_grams: number;
  requires_shipping: boolean;
  shipping_profile_id: string | null;
  tax_class_id: string | null;
  taxable: boolean;
  track_inventory: boolean;
  allow_backorder: boolean;
  image_id: string | null;
  status: string;
  created_at: string;
  updated_at: string;
  prices: { amount: number; currency: string; compare_at: number | null }[];
  /** Of a bundle; null for what is none. */
  parts: BundlePartRow[] | null;
}

export interface AdminProductRow {
  id: string;
  handle: string;
  title: string;
  vendor: string;
  product_type: string;
  status: string;
  thumbnail: string | null;
  variant_count: number;
  version: number;
  created_at: Date;
  updated_at: Date;
}

const NEWEST_FIRST: KeysetColumn[] = [
  { sql: 'p.created_at', type: 'timestamptz', descending: true },
  { sql: 'p.id', type: 'uuid', descending: true },
];
const LIST = 'admin-products';

/** Products as staff see them: drafts and archived ones too. */
@Injectable()
export class AdminProductsQuery {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** Newest first; one statement, two with the total. */
  async list(query: AdminProductListQuery): Promise<{ rows: AdminProductRow[]; page: Page }> {
    const limit = query.limit ?? 20;
    const parameters = new Parameters();
    const where = conditions(query, parameters).join(' AND ') || 'TRUE';
    const filterValues = [...parameters.values];
    const keyset = keysetPage(LIST, NEWEST_FIRST, query.cursor, parameters.values.length + 1);
    const rows = await this.db.dataSource.query<AdminProductRow[]>(
      `SELECT p.id, p.handle, p.title, p.vendor, p.product_type, p.status, p.version, p.created_at, p.updated_at,
              (SELECT i.url FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1) AS thumbnail,
              (SELECT count(*) FROM variants v WHERE v.product_id = p.id AND v.status = 'active') AS variant_count
       FROM products p WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...filterValues, ...keyset.values],
    );
    const total = query.include
      ? (
          await this.db.dataSource.query<{ n: number }[]>(
            `SELECT count(*) AS n FROM products p WHERE ${where}`,
            filterValues,
          )
        )[0]!.n
      : undefined;
    const page = pageOf(
      LIST,
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.created_at.toISOString(), row.id],
      total,
    );
    for (const row of page.rows)
      if (row.thumbnail !== null) row.thumbnail = fullMediaUrl(row.thumbnail, this.config.publicUrl);
    return page;
  }

  /**
   * One product, in one statement.
   * @param source a transaction, to see what it wrote
   * @throws ProductNotFound
   */
  async get(id: string, source: Queryable = this.db): Promise<AdminProductRecord> {
    const [product] = await source.query<AdminProductRecord>(PRODUCT_SQL, [id]);
    if (!product) throw ProductNotFound();
    for (const image of product.images) image.url = fullMediaUrl(image.url, this.config.publicUrl);
    return product;
  }
}

/** How many variants are looked at whose SKU begins with what is searched for: who needs more types one letter more. */
const SKUS_AT_MOST = 10_000;

const likeText = (text: string) => text.replace(/[\\%_]/g, '\\$&');

function conditions(query: AdminProductListQuery, parameters: Parameters): string[] {
  const sql: string[] = [];
  if (query.status) sql.push(`p.status = ${parameters.add(query.status)}`);
  if (query.vendor) sql.push(`lower(p.vendor) = lower(${parameters.add(query.vendor)})`);
  if (query.q) {
    const part = parameters.add(`%${likeText(query.q)}%`);
    const start = parameters.add(`${likeText(query.q.toLowerCase())}%`);
    // Postgres joins the indexes where few products are meant, and else walks the newest until the page is full.
    sql.push(`(p.title ILIKE ${part} OR p.handle ILIKE ${part} OR p.id = ANY(ARRAY(
      SELECT product_id FROM variants WHERE lower(sku) LIKE ${start} LIMIT ${SKUS_AT_MOST})))`);
  }
  if (query.categoryId) {
    sql.push(`EXISTS (SELECT FROM product_categories pc WHERE pc.product_id = p.id AND pc.category_id IN (
      WITH RECURSIVE below AS (
        SELECT ${parameters.add(query.categoryId)}::uuid AS id
        UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id)
      SELECT id FROM below))`);
  }
  return sql;
}

const PRODUCT_SQL = `
  SELECT p.id, p.handle, p.title, p.description_html, p.vendor, p.product_type, p.tags, p.status, p.is_gift_card, p.publish_at,
         p.unpublish_at, p.option_names,
         p.seo_title, p.seo_description, p.attributes, p.version, p.created_at, p.updated_at,
         ARRAY(SELECT c.category_id FROM product_categories c WHERE c.product_id = p.id ORDER BY c.category_id) AS category_ids,
         coalesce((SELECT json_agg(json_build_object('id', i.id, 'url', i.url, 'alt', i.alt, 'position', i.position)
                                   ORDER BY i.position, i.id)
                   FROM product_images i WHERE i.product_id = p.id), '[]') AS images,
         coalesce((SELECT json_agg(json_build_object('id', v.id, 'title', v.title, 'option_values', v.option_values,
                             'sku', v.sku, 'barcode', v.barcode, 'weight_grams', v.weight_grams,
                             'requires_shipping', v.requires_shipping,
                             'shipping_profile_id', v.shipping_profile_id, 'tax_class_id', v.tax_class_id, 'taxable', v.taxable,
                             'track_inventory', v.track_inventory, 'allow_backorder', v.allow_backorder,
                             'image_id', v.image_id, 'status', v.status, 'created_at', v.created_at,
                             'updated_at', v.updated_at, 'parts', ${PARTS_SQL},
                             'prices', coalesce((SELECT json_agg(json_build_object('amount', r.amount,
                                 'currency', r.currency, 'compare_at', r.compare_at) ORDER BY r.currency)
                               FROM prices r WHERE r.variant_id = v.id), '[]')) ORDER BY v.position, v.id)
                   FROM variants v WHERE v.product_id = p.id), '[]') AS variants
  FROM products p WHERE p.id = $1`;
