import { Inject, Injectable } from '@nestjs/common';
import { type CsvCell, listText } from '#libs/csv';
import type { Queryable } from '#libs/database';
import { formatDecimal } from '#libs/money';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { fullMediaUrl } from '../catalog/index.js';
import { type ExportBatch, type ExportFilter, type ExportSource, NO_ID } from './export-kinds.js';

interface VariantOfExport {
  option_values: string[];
  sku: string | null;
  barcode: string | null;
  weight_grams: number;
  requires_shipping: boolean;
  taxable: boolean;
  tax_class: string | null;
  track_inventory: boolean;
  allow_backorder: boolean;
  image: string | null;
  amount: number | null;
  compare_at: number | null;
  on_hand: number | null;
}

interface ProductOfExport {
  id: string;
  handle: string;
  title: string;
  description_html: string;
  vendor: string;
  product_type: string;
  tags: string[];
  status: string;
  is_gift_card: boolean;
  option_names: string[];
  seo_title: string | null;
  seo_description: string | null;
  /** in the order in which they are shown */
  attributes: Record<string, string | number | boolean> | null;
  publish_at: Date | null;
  unpublish_at: Date | null;
  images: { url: string; alt: string }[];
  variants: VariantOfExport[];
}

const BATCH = 100;
const WHICH = `($1::text IS NULL OR p.status = $1) AND ($2::text IS NULL OR lower(p.vendor) = lower($2))`;
const valuesOf = ({ status, vendor }: ExportFilter) => [status ?? null, vendor ?? null];

const BATCH_SQL = `
  SELECT p.id, p.handle, p.title, p.description_html, p.vendor, p.product_type, p.tags, p.status, p.is_gift_card, p.option_names, p.seo_title,
    p.seo_description, p.publish_at, p.unpublish_at,
    (SELECT json_object_agg(d.key, p.attributes -> d.key ORDER BY d.position, d.key)
     FROM attribute_definitions d WHERE d.deleted_at IS NULL AND p.attributes ? d.key) AS attributes,
    coalesce((SELECT json_agg(json_build_object('url', i.url, 'alt', i.alt) ORDER BY i.position, i.id)
              FROM product_images i WHERE i.product_id = p.id), '[]') AS images,
    coalesce((SELECT json_agg(json_build_object('option_values', v.option_values, 'sku', v.sku, 'barcode', v.barcode,
                'weight_grams', v.weight_grams, 'requires_shipping', v.requires_shipping, 'taxable', v.taxable,
                'tax_class', (SELECT c.name FROM tax_classes c WHERE c.id = v.tax_class_id),
                'track_inventory', v.track_inventory, 'allow_backorder', v.allow_backorder,
                'image', (SELECT i.url FROM product_images i WHERE i.id = v.image_id), 'amount', r.amount,
                'compare_at', r.compare_at, 'on_hand', CASE WHEN v.track_inventory AND NOT v.is_bundle THEN coalesce((
                  SELECT s.on_hand FROM stock_levels s JOIN locations l ON l.id = s.location_id AND l.is_default
                  WHERE s.variant_id = v.id), 0) END) ORDER BY v.position, v.id)
              FROM variants v LEFT JOIN prices r ON r.variant_id = v.id AND r.currency = $3
              WHERE v.product_id = p.id AND v.status = 'active'), '[]') AS variants
  FROM products p WHERE ${WHICH} AND p.id > $4::uuid ORDER BY p.id LIMIT ${BATCH}`;

/** Products with prices and stock as a Shopify product export, which the import reads. */
@Injectable()
export class ProductExport implements ExportSource {
  readonly header = [
    'Handle', 'Title', 'Body (HTML)', 'Vendor', 'Type', 'Tags', 'Published', 'Option1 Name', 'Option1 Value', 'Option2 Name',
    'Option2 Value', 'Option3 Name', 'Option3 Value', 'Variant SKU', 'Variant Grams', 'Variant Inventory Tracker',
    'Variant Inventory Qty', 'Variant Inventory Policy', 'Variant Fulfillment Service', 'Variant Price',
    'Variant Compare At Price', 'Variant Requires Shipping', 'Variant Taxable', 'Variant Tax Class', 'Variant Barcode', 'Image Src', 'Image Position',
    'Image Alt Text', 'Gift Card', 'SEO Title', 'SEO Description', 'Attributes', 'Publish At', 'Unpublish At', 'Variant Image', 'Variant Weight Unit', 'Status',
  ] as const; // prettier-ignore
  private readonly publicUrl: string;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.publicUrl = config.publicUrl;
  }

  async count(db: Queryable, filter: ExportFilter): Promise<number> {
    const [row] = await db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM products p WHERE ${WHICH}`,
      valuesOf(filter),
    );
    return row!.n;
  }

  async batch(db: Queryable, filter: ExportFilter, after: string | null): Promise<ExportBatch | null> {
    const products = await db.query<ProductOfExport>(BATCH_SQL, [...valuesOf(filter), filter.currency, after ?? NO_ID]);
    const last = products.at(-1);
    if (!last) return null;
    const rows = products.flatMap((product) => this.rowsOf(product, filter.currency));
    return { rows, count: products.length, position: last.id };
  }

  /** As many rows as it has variants or images: the first one tells of the product, each of a variant and an image. */
  private rowsOf(product: ProductOfExport, currency: string): CsvCell[][] {
    const { variants, images } = product;
    return Array.from({ length: Math.max(variants.length, images.length, 1) }, (_, i) => {
      const [variant, image] = [variants[i], images[i]];
      const isFirst = i === 0;
      const of = (cell: CsvCell): CsvCell => (isFirst ? cell : null);
      return [
        product.handle,
        of(product.title),
        of(product.description_html),
        of(product.vendor),
        of(product.product_type),
        of(listText(product.tags)),
        of(product.status === 'active'),
        ...this.optionsOf(product, variant, isFirst),
        ...this.variantCells(variant, currency),
        image ? this.address(image.url) : null,
        image ? i + 1 : null,
        image ? image.alt : null,
        of(product.is_gift_card),
        of(product.seo_title),
        of(product.seo_description),
        of(product.attributes && JSON.stringify(product.attributes)),
        of(product.publish_at?.toISOString() ?? null),
        of(product.unpublish_at?.toISOString() ?? null),
        variant?.image ? this.address(variant.image) : null,
        variant ? 'g' : null,
        of(product.status),
      ];
    });
  }

  private optionsOf(product: ProductOfExport, variant: VariantOfExport | undefined, isFirst: boolean): CsvCell[] {
    const names = product.option_names.length > 0 ? product.option_names : ['Title'];
    const values = product.option_names.length > 0 ? variant?.option_values : variant && ['Default Title'];
    return [0, 1, 2].flatMap((i) => [isFirst ? (names[i] ?? null) : null, values?.[i] ?? null]);
  }

  private variantCells(variant: VariantOfExport | undefined, currency: string): CsvCell[] {
    if (!variant) return Array.from({ length: 12 }, () => null);
    const price = (amount: number | null) => (amount === null ? null : formatDecimal({ amount, currency }));
    return [
      variant.sku,
      variant.weight_grams,
      variant.track_inventory ? 'shopify' : null,
      variant.on_hand,
      variant.allow_backorder ? 'continue' : 'deny',
      'manual',
      price(variant.amount),
      price(variant.compare_at),
      variant.requires_shipping,
      variant.taxable,
      variant.tax_class,
      variant.barcode,
    ];
  }

  private address(url: string): string {
    return fullMediaUrl(url, this.publicUrl);
  }
}
