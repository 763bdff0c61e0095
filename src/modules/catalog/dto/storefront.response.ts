import { ApiProperty } from '@nestjs/swagger';
import { BundlePartView } from '../bundles/bundle.dto.js';

/** A price in integer minor units. */
export class Price {
  @ApiProperty({ type: 'integer', example: 1999, description: 'minor units: 1999 is 19.99 USD' })
  amount: number;
  @ApiProperty({ example: 'USD', description: 'ISO 4217' })
  currency: string;
}

export class PriceRange {
  @ApiProperty({ type: () => Price, description: 'of the cheapest variant' })
  min: Price;
  @ApiProperty({ type: () => Price, description: 'of the dearest variant' })
  max: Price;
}

/** Stars of the published reviews. */
export class RatingView {
  @ApiProperty({ type: 'number', example: 4.5, description: 'to one decimal' })
  average: number;
  @ApiProperty({ type: 'integer', example: 12 })
  count: number;
}

/** A price from so many pieces on. */
export class PriceTier {
  @ApiProperty({ type: 'integer', example: 10 })
  minQuantity: number;
  @ApiProperty({ type: () => Price, description: 'of each piece' })
  price: Price;
}

const LOWEST = {
  type: () => Price,
  required: false,
  description: 'of a reduced price: the lowest price of the 30 days before the reduction (EU Directive 2019/2161)',
} as const;

/** What a product card shows. */
export class ProductCard {
  @ApiProperty({ example: 'prod_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'stoneware-mug' })
  handle: string;
  @ApiProperty({ example: 'Stoneware Mug' })
  title: string;
  @ApiProperty()
  vendor: string;
  @ApiProperty({ type: String, nullable: true, description: 'address of the first image' })
  thumbnail: string | null;
  @ApiProperty({ type: () => PriceRange })
  priceRange: PriceRange;
  @ApiProperty({ type: () => Price, required: false, description: 'earlier price of the cheapest variant' })
  compareAt?: Price;
  @ApiProperty(LOWEST)
  lowestPrice30Days?: Price;
  @ApiProperty({ type: () => RatingView, required: false, description: 'left out while there are no reviews' })
  rating?: RatingView;
  @ApiProperty({ description: 'whether any variant can be bought now' })
  available: boolean;
}

export class RenditionView {
  @ApiProperty({ type: 'integer', example: 480, description: 'pixels' })
  width: number;
  @ApiProperty({ description: 'WebP' })
  url: string;
  @ApiProperty({
    required: false,
    description:
      'the same as AVIF; left out where that is not smaller, and of all versions where it is left out of the widest',
  })
  avifUrl?: string;
}

export class ProductImageView {
  @ApiProperty({ example: 'img_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  url: string;
  @ApiProperty({ description: 'for those who do not see it' })
  alt: string;
  @ApiProperty({ type: 'integer', required: false, description: 'pixels; left out while unknown' })
  width?: number;
  @ApiProperty({ type: 'integer', required: false, description: 'pixels; left out while unknown' })
  height?: number;
  @ApiProperty({
    type: [RenditionView],
    required: false,
    description: 'smaller versions, the smallest first: for the srcset of a `<picture>`, AVIF before WebP',
  })
  renditions?: RenditionView[];
}

export class CategoryReference {
  @ApiProperty({ example: 'cat_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  handle: string;
  @ApiProperty()
  title: string;
}

export class ProductOptionView {
  @ApiProperty({ example: 'Color' })
  name: string;
  @ApiProperty({ type: [String], example: ['Red', 'Blue'] })
  values: string[];
}

export class ProductAttributeView {
  @ApiProperty({ example: 'roast', description: 'lists filter by it as `attribute.roast`' })
  key: string;
  @ApiProperty({ example: 'Roast' })
  label: string;
  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
    example: 'Medium',
  })
  value: string | number | boolean;
}

export class ProductSeoView {
  @ApiProperty({ type: String, nullable: true })
  title: string | null;
  @ApiProperty({ type: String, nullable: true })
  description: string | null;
}

/** One combination of options, with its price and stock. */
export class ProductVariantView {
  @ApiProperty({ example: 'var_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty({ type: String, nullable: true })
  barcode: string | null;
  @ApiProperty({ example: 'Red / M' })
  title: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { Color: 'Red', Size: 'M' } })
  options: Record<string, string>;
  @ApiProperty({ type: () => Price })
  price: Price;
  @ApiProperty({ type: () => Price, required: false, description: 'the earlier price' })
  compareAt?: Price;
  @ApiProperty(LOWEST)
  lowestPrice30Days?: Price;
  @ApiProperty({ type: () => [PriceTier], required: false, description: 'cheaper from so many pieces on' })
  tiers?: PriceTier[];
  @ApiProperty({ type: String, nullable: true, description: 'one of the images of the product' })
  imageId: string | null;
  @ApiProperty({ type: 'integer' })
  weightGrams: number;
  @ApiProperty()
  requiresShipping: boolean;
  @ApiProperty({ type: () => [BundlePartView], required: false, description: 'what is in it; only of bundles' })
  parts?: BundlePartView[];
  @ApiProperty()
  available: boolean;
  @ApiProperty({ enum: ['in_stock', 'low_stock', 'out_of_stock'] })
  stock: string;
}

/** Everything that a product page shows. */
export class ProductDetail extends ProductCard {
  @ApiProperty({ description: 'harmless HTML' })
  descriptionHtml: string;
  @ApiProperty({ description: 'whether the prices contain the tax, in the market of X-Country' })
  taxIncluded: boolean;
  @ApiProperty()
  productType: string;
  @ApiProperty({ type: [String] })
  tags: string[];
  @ApiProperty({ type: () => ProductSeoView })
  seo: ProductSeoView;
  @ApiProperty({ type: () => [ProductImageView] })
  images: ProductImageView[];
  @ApiProperty({ type: () => [CategoryReference] })
  categories: CategoryReference[];
  @ApiProperty({ type: () => [ProductOptionView] })
  options: ProductOptionView[];
  @ApiProperty({ type: () => [ProductAttributeView], required: false, description: 'left out where there are none' })
  attributes?: ProductAttributeView[];
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  @ApiProperty({ type: () => [ProductVariantView] })
  variants: ProductVariantView[];
}

export class FacetValueView {
  @ApiProperty({ description: 'what to send as the filter; `from-to` for price', example: 'Red' })
  value: string;
  @ApiProperty({ example: 'Red' })
  label: string;
  @ApiProperty({ type: 'integer', description: 'products that this choice would show' })
  count: number;
}

/** One way to narrow the list. */
export class FacetView {
  @ApiProperty({ description: 'name of the filter parameter', example: 'option.Color' })
  key: string;
  @ApiProperty({ example: 'Color' })
  label: string;
  @ApiProperty({
    required: false,
    description:
      'true where filters leave more than 10,000 products: counted from a part of them. Without a filter, and with inStock alone, every count is exact',
  })
  approximate?: boolean;
  @ApiProperty({ type: () => [FacetValueView] })
  values: FacetValueView[];
}

/** One line under the search box. */
export class SuggestionView {
  @ApiProperty({ enum: ['query', 'category', 'product'] })
  kind: string;
  @ApiProperty({ example: 'Stoneware Mug' })
  text: string;
  @ApiProperty({ required: false, description: 'of the category or product' })
  id?: string;
  @ApiProperty({ required: false, description: 'of the category or product' })
  handle?: string;
  @ApiProperty({ type: String, nullable: true, required: false, description: 'of the product' })
  thumbnail?: string | null;
}

export class CategorySummary extends CategoryReference {
  @ApiProperty({ type: 'integer', description: 'products in it and below it' })
  productCount: number;
}

/** A category with what is inside it. */
export class CategoryTreeView extends CategorySummary {
  @ApiProperty({ type: () => [CategoryTreeView] })
  children: CategoryTreeView[];
}

/** One category with the way that leads to it. */
export class CategoryDetail extends CategorySummary {
  @ApiProperty()
  description: string;
  @ApiProperty({ type: () => ProductSeoView })
  seo: ProductSeoView;
  @ApiProperty({ type: () => [CategoryReference], description: 'from the root to this category' })
  breadcrumb: CategoryReference[];
  @ApiProperty({ type: () => [CategorySummary] })
  children: CategorySummary[];
}
