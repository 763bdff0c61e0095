import type { Tx } from '#libs/database';
import type { AttributeValues } from './attributes/attribute-values.js';

/** A product as it is in the database, with everything that belongs to it. */
export interface StoredProduct {
  id: string;
  title: string;
  description_html: string;
  vendor: string;
  product_type: string;
  tags: string[];
  status: 'draft' | 'active' | 'archived';
  is_gift_card: boolean;
  option_names: string[];
  attributes: AttributeValues;
  publish_at: Date | null;
  unpublish_at: Date | null;
  seo_title: string | null;
  seo_description: string | null;
  images: { id: string; url: string; alt: string; position: number }[];
  variants: StoredVariant[];
  category_ids: string[];
}

export interface StoredVariant {
  id: string;
  position: number;
  title: string;
  sku: string | null;
  barcode: string | null;
  option_values: string[];
  option_key: string;
  weight_grams: number;
  requires_shipping: boolean;
  taxable: boolean;
  tax_class_id: string | null;
  shipping_profile_id: string | null;
  track_inventory: boolean;
  allow_backorder: boolean;
  image_id: string | null;
  prices: { currency: string; amount: number; compare_at: number | null }[];
}

/** One statement for everything. Call it after the product is locked, so that it sees what the lock protects. */
export async function loadStoredProduct(tx: Tx, id: string): Promise<StoredProduct> {
  const [product] = await loadStoredProducts(tx, [id]);
  return product!;
}

/** Many at once, still with one statement; in no particular order. */
export async function loadStoredProducts(tx: Tx, ids: readonly string[]): Promise<StoredProduct[]> {
  return tx.query<StoredProduct>(
    `SELECT p.id, p.title, p.description_html, p.vendor, p.product_type, p.tags, p.status, p.is_gift_card, p.option_names,
            p.attributes, p.publish_at, p.unpublish_at, p.seo_title, p.seo_description,
            coalesce((SELECT json_agg(json_build_object('id', i.id, 'url', i.url, 'alt', i.alt, 'position', i.position)
                                      ORDER BY i.position, i.id)
                      FROM product_images i WHERE i.product_id = p.id), '[]') AS images,
            coalesce((SELECT json_agg(json_build_object('id', v.id, 'position', v.position, 'title', v.title, 'sku', v.sku,
                                'barcode', v.barcode, 'option_values', v.option_values, 'option_key', v.option_key,
                                'weight_grams', v.weight_grams, 'requires_shipping', v.requires_shipping,
                                'taxable', v.taxable, 'tax_class_id', v.tax_class_id,
                                'shipping_profile_id', v.shipping_profile_id, 'track_inventory', v.track_inventory,
                                'allow_backorder', v.allow_backorder, 'image_id', v.image_id,
                                'prices', coalesce((SELECT json_agg(json_build_object('currency', r.currency,
                                    'amount', r.amount, 'compare_at', r.compare_at))
                                  FROM prices r WHERE r.variant_id = v.id), '[]')) ORDER BY v.position, v.id)
                      FROM variants v WHERE v.product_id = p.id), '[]') AS variants,
            ARRAY(SELECT category_id FROM product_categories c WHERE c.product_id = p.id) AS category_ids
     FROM products p WHERE p.id = ANY($1::uuid[])`,
    [ids],
  );
}
