import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import {
  Currency,
  Flag,
  Handle,
  Id,
  Int32,
  ListQuery,
  MoneyAmount,
  Nested,
  ObjectArray,
  OneOf,
  Opt,
  StringArray,
  Text,
  Time,
  WebUrl,
} from '#libs/http';
import { AttributesField } from '../attributes/attribute.dto.js';
import type { AttributeChanges } from '../attributes/attribute-values.js';
import { OptionValues } from './option-values.decorator.js';

const STATUSES = ['draft', 'active', 'archived'] as const;
const MAX_DESCRIPTION = 100_000;

/** Filters of the list of products for staff. */
export class AdminProductListQuery extends ListQuery {
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn([...STATUSES])
  status?: 'draft' | 'active' | 'archived';
  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 200,
    description: 'part of the title, handle or a SKU',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  q?: string;
  @ApiPropertyOptional({ type: String, maxLength: 255, description: 'whatever its case' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  vendor?: string;
  @Id('category', Opt({ description: 'in this category or below it' }))
  categoryId?: string;
}

/** What a variant costs in one currency. */
export class VariantPriceInput {
  @MoneyAmount({ example: 2400 })
  amount: number;
  @Currency()
  currency: string;
  @MoneyAmount(Opt({ nullable: true, description: 'the earlier price, in minor units, for show', example: 2900 }))
  compareAt?: number | null;
}

/** A new combination of options. */
export class CreateVariantRequest {
  @OptionValues()
  options?: Record<string, string>;
  @Text(255, Opt({ nullable: true, example: 'MUG-BLUE' }))
  sku?: string | null;
  @Text(255, Opt({ nullable: true }))
  barcode?: string | null;
  @Int32(0, 1_000_000_000, Opt({ description: '0 when left out', example: 350 }))
  weightGrams?: number;
  @Flag(Opt({ description: 'true when left out; a gift card ships nothing' }))
  requiresShipping?: boolean;
  @Id('shippingProfile', Opt({ nullable: true, description: 'what it is shipped like; null for the default profile' }))
  shippingProfileId?: string | null;
  @Flag(Opt({ description: 'true when left out; a gift card is not taxed when it is sold' }))
  taxable?: boolean;
  @Id('taxClass', Opt({ nullable: true, description: 'taxed like what; null for the standard rate' }))
  taxClassId?: string | null;
  @Flag(
    Opt({ description: 'whether stock is counted; true when left out, of a gift card false; false = always sellable' }),
  )
  trackInventory?: boolean;
  @Flag(Opt({ description: 'whether it can be bought without stock; false when left out' }))
  allowBackorder?: boolean;
  @Id('image', Opt({ nullable: true, description: 'one of the images of the product' }))
  imageId?: string | null;
  @ObjectArray(() => VariantPriceInput, 50, Opt({ description: 'one for each currency in which it is sold' }))
  prices?: VariantPriceInput[];
}

/** What is to be changed of a variant; what is left out stays. */
export class UpdateVariantRequest {
  @OptionValues()
  options?: Record<string, string>;
  @Text(255, Opt({ nullable: true }))
  sku?: string | null;
  @Text(255, Opt({ nullable: true }))
  barcode?: string | null;
  @Int32(0, 1_000_000_000, Opt())
  weightGrams?: number;
  @Flag(Opt())
  requiresShipping?: boolean;
  @Id('shippingProfile', Opt({ nullable: true, description: 'null for the default profile' }))
  shippingProfileId?: string | null;
  @Flag(Opt())
  taxable?: boolean;
  @Id('taxClass', Opt({ nullable: true, description: 'null for the standard rate' }))
  taxClassId?: string | null;
  @Flag(Opt())
  trackInventory?: boolean;
  @Flag(Opt())
  allowBackorder?: boolean;
  @Id('image', Opt({ nullable: true }))
  imageId?: string | null;
  @OneOf(['active', 'archived'], Opt())
  status?: 'active' | 'archived';
  @ObjectArray(() => VariantPriceInput, 50, Opt({ description: 'all its prices: those left out are taken off' }))
  prices?: VariantPriceInput[];
}

/** An image at an address. */
export class CreateImageRequest {
  @WebUrl({ description: 'kept, never fetched', example: 'https://images.example.com/mug-blue.jpg' })
  url: string;
  @Text(500, Opt({ min: 0, description: 'for those who do not see it', example: 'A blue mug on a wooden table' }))
  alt?: string;
}

/** What is to be changed of an image; what is left out stays. */
export class UpdateImageRequest {
  @Text(500, Opt({ min: 0, description: 'for those who do not see it', example: 'A bag of coffee beans' }))
  alt?: string;
  @Int32(0, 10_000, Opt({ description: 'place among the images of the product; 0 is the thumbnail', example: 0 }))
  position?: number;
}

/** What search engines show. */
export class ProductSeoInput {
  @Text(255, Opt({ nullable: true }))
  title?: string | null;
  @Text(1000, Opt({ nullable: true }))
  description?: string | null;
}

/** A new product. */
export class CreateProductRequest {
  @Text(255, { example: 'Speckled Mug', pattern: /\S/ })
  title: string;
  @Handle(Opt({ description: 'made from the title when left out' }))
  handle?: string;
  @Text(
    MAX_DESCRIPTION,
    Opt({ min: 0, description: 'HTML; what is not harmless is taken out', example: '<p>Thrown by hand.</p>' }),
  )
  descriptionHtml?: string;
  @Text(255, Opt({ min: 0, example: 'Holm Pottery' }))
  vendor?: string;
  @Text(255, Opt({ min: 0, example: 'Mug' }))
  productType?: string;
  @StringArray(250, 255, Opt({ example: ['new', 'handmade'] }))
  tags?: string[];
  @OneOf(STATUSES, Opt({ description: 'draft when left out; storefronts see active ones only', example: 'active' }))
  status?: 'draft' | 'active' | 'archived';
  @Flag(
    Opt({ description: 'whether each piece that is sold becomes a gift card; false when left out', example: false }),
  )
  giftCard?: boolean;
  @Time(Opt({ nullable: true, description: 'of a draft: when it becomes active by itself', example: null }))
  publishAt?: string | null;
  @Time(Opt({ nullable: true, description: 'when it becomes a draft again by itself', example: null }))
  unpublishAt?: string | null;
  @StringArray(3, 255, Opt({ description: 'names of the options that its variants differ in', example: ['Color'] }))
  options?: string[];
  @Nested(() => ProductSeoInput, Opt())
  seo?: ProductSeoInput;
  @AttributesField('values by the key of the attribute')
  attributes?: AttributeChanges;
  @StringArray(50, 40, Opt({ description: 'ids of categories' }))
  categoryIds?: string[];
  @ObjectArray(() => CreateImageRequest, 250, Opt())
  images?: CreateImageRequest[];
  @ObjectArray(
    () => CreateVariantRequest,
    250,
    Opt({
      description: 'a product without variants cannot be bought',
      example: [
        { options: { Color: 'Blue' }, sku: 'MUG-BLUE', weightGrams: 350, prices: [{ amount: 2400, currency: 'USD' }] },
      ],
    }),
  )
  variants?: CreateVariantRequest[];
}

/** What is to be changed of a product; what is left out stays. */
export class UpdateProductRequest {
  @Text(255, { optional: true, pattern: /\S/ })
  title?: string;
  @Handle(Opt())
  handle?: string;
  @Text(MAX_DESCRIPTION, Opt({ min: 0 }))
  descriptionHtml?: string;
  @Text(255, Opt({ min: 0 }))
  vendor?: string;
  @Text(255, Opt({ min: 0 }))
  productType?: string;
  @StringArray(250, 255, Opt({ example: ['coffee', 'bestseller'] }))
  tags?: string[];
  @OneOf(STATUSES, Opt({ example: 'active' }))
  status?: 'draft' | 'active' | 'archived';
  @Flag(Opt({ description: 'whether each piece that is sold becomes a gift card', example: false }))
  giftCard?: boolean;
  @Time(
    Opt({
      nullable: true,
      description: 'of a draft: when it becomes active by itself; publishing it by hand takes this off',
      example: null,
    }),
  )
  publishAt?: string | null;
  @Time(Opt({ nullable: true, description: 'when it becomes a draft again by itself', example: null }))
  unpublishAt?: string | null;
  @StringArray(3, 255, Opt({ description: 'new names for the options, in the same order and number' }))
  options?: string[];
  @Nested(() => ProductSeoInput, Opt())
  seo?: ProductSeoInput;
  @AttributesField('values by the key of the attribute; null takes one off, and the others stay')
  attributes?: AttributeChanges;
  @StringArray(50, 40, Opt({ description: 'all its categories, by id' }))
  categoryIds?: string[];
}
