import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { AttributesField } from '../attributes/attribute.dto.js';
import type { AttributeValues } from '../attributes/attribute-values.js';
import { BundlePartView } from '../bundles/bundle.dto.js';
import type { AdminProductRecord, AdminProductRow, AdminVariantRecord } from '../products.admin.query.js';

/** What a variant costs in one currency. */
export class VariantPriceView {
  @ApiProperty({ type: 'integer', example: 2400 })
  amount: number;
  @ApiProperty({ example: 'USD' })
  currency: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'the earlier price, in minor units' })
  compareAt: number | null;
}

/** A variant as staff see it. */
export class AdminVariantView {
  @ApiProperty({ example: 'var_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  title: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { Color: 'Red' } })
  options: Record<string, string>;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty({ type: String, nullable: true })
  barcode: string | null;
  @ApiProperty({ type: 'integer' })
  weightGrams: number;
  @ApiProperty()
  requiresShipping: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'what it is shipped like; null for the default profile' })
  shippingProfileId: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'null for the standard rate' })
  taxClassId: string | null;
  @ApiProperty()
  taxable: boolean;
  @ApiProperty({ description: 'false = always sellable' })
  trackInventory: boolean;
  @ApiProperty()
  allowBackorder: boolean;
  @ApiProperty({ type: String, nullable: true })
  imageId: string | null;
  @ApiProperty({ enum: ['active', 'archived'] })
  status: string;
  @ApiProperty({ type: () => [VariantPriceView] })
  prices: VariantPriceView[];
  @ApiProperty({ type: () => [BundlePartView], required: false, description: 'what is in it; only of bundles' })
  parts?: BundlePartView[];
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;

  static from(record: AdminVariantRecord, optionNames: readonly string[]): AdminVariantView {
    return {
      id: encodeId('variant', record.id),
      title: record.title,
      options: Object.fromEntries(optionNames.map((name, i) => [name, record.option_values[i] ?? ''])),
      sku: record.sku,
      barcode: record.barcode,
      weightGrams: record.weight_grams,
      requiresShipping: record.requires_shipping,
      shippingProfileId: record.shipping_profile_id && encodeId('shippingProfile', record.shipping_profile_id),
      taxClassId: record.tax_class_id && encodeId('taxClass', record.tax_class_id),
      taxable: record.taxable,
      trackInventory: record.track_inventory,
      allowBackorder: record.allow_backorder,
      imageId: record.image_id && encodeId('image', record.image_id),
      status: record.status,
      prices: record.prices.map(({ amount, currency, compare_at: compareAt }) => ({ amount, currency, compareAt })),
      ...(record.parts && { parts: record.parts.map((part) => BundlePartView.from(part)) }),
      createdAt: new Date(record.created_at).toISOString(),
      updatedAt: new Date(record.updated_at).toISOString(),
    };
  }
}

/** An image as staff see it. */
export class AdminImageView {
  @ApiProperty({ example: 'img_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  url: string;
  @ApiProperty()
  alt: string;
  @ApiProperty({ type: 'integer', description: '0 is the thumbnail' })
  position: number;
}

class SeoView {
  @ApiProperty({ type: String, nullable: true })
  title: string | null;
  @ApiProperty({ type: String, nullable: true })
  description: string | null;
}

/** A product as staff see it, archived variants included. */
export class AdminProductView {
  @ApiProperty({ example: 'prod_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  handle: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  descriptionHtml: string;
  @ApiProperty()
  vendor: string;
  @ApiProperty()
  productType: string;
  @ApiProperty({ type: [String] })
  tags: string[];
  @ApiProperty({ enum: ['draft', 'active', 'archived'] })
  status: string;
  @ApiProperty({ description: 'whether each piece that is sold becomes a gift card' })
  giftCard: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'when the draft becomes active' })
  publishAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'when it becomes a draft again' })
  unpublishAt: string | null;
  @ApiProperty({ type: [String], description: 'names of its options' })
  options: string[];
  @ApiProperty({ type: () => SeoView })
  seo: SeoView;
  @AttributesField('values by the key of the attribute')
  attributes: AttributeValues;
  @ApiProperty({ type: [String], description: 'ids' })
  categoryIds: string[];
  @ApiProperty({ type: () => [AdminImageView] })
  images: AdminImageView[];
  @ApiProperty({ type: () => [AdminVariantView] })
  variants: AdminVariantView[];
  @ApiProperty({ type: 'integer', description: 'as in the ETag' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;

  static from(record: AdminProductRecord): AdminProductView {
    return {
      id: encodeId('product', record.id),
      handle: record.handle,
      title: record.title,
      descriptionHtml: record.description_html,
      vendor: record.vendor,
      productType: record.product_type,
      tags: record.tags,
      status: record.status,
      giftCard: record.is_gift_card,
      publishAt: record.publish_at?.toISOString() ?? null,
      unpublishAt: record.unpublish_at?.toISOString() ?? null,
      options: record.option_names,
      seo: { title: record.seo_title, description: record.seo_description },
      attributes: record.attributes,
      categoryIds: record.category_ids.map((id) => encodeId('category', id)),
      images: record.images.map((image) => ({ ...image, id: encodeId('image', image.id) })),
      variants: record.variants.map((variant) => AdminVariantView.from(variant, record.option_names)),
      version: record.version,
      createdAt: record.created_at.toISOString(),
      updatedAt: record.updated_at.toISOString(),
    };
  }
}

/** A row of the list of products. */
export class AdminProductSummary {
  @ApiProperty({ example: 'prod_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  handle: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  vendor: string;
  @ApiProperty()
  productType: string;
  @ApiProperty({ enum: ['draft', 'active', 'archived'] })
  status: string;
  @ApiProperty({ type: String, nullable: true })
  thumbnail: string | null;
  @ApiProperty({ type: 'integer', description: 'active variants' })
  variantCount: number;
  @ApiProperty({ type: 'integer' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;

  static from(row: AdminProductRow): AdminProductSummary {
    return {
      id: encodeId('product', row.id),
      handle: row.handle,
      title: row.title,
      vendor: row.vendor,
      productType: row.product_type,
      status: row.status,
      thumbnail: row.thumbnail,
      variantCount: row.variant_count,
      version: row.version,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}
