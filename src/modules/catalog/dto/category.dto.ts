import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { Handle, Id, Int32, ListQuery, Nested, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { AdminCategoryRow } from '../categories.admin.query.js';
import { ProductSeoInput } from './product.request.js';
import { ProductSeoView } from './storefront.response.js';

/** Filters of the list of categories for staff. */
export class AdminCategoryListQuery extends ListQuery {
  @Id('category', Opt({ description: 'only those directly inside this one' }))
  parentId?: string;
  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 200, description: 'part of the title or handle' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  q?: string;
}

/** A new category. */
export class CreateCategoryRequest {
  @Text(255, { example: 'Gifts', pattern: /\S/ })
  title: string;
  @Handle(Opt({ description: 'made from the title when left out' }))
  handle?: string;
  @Text(20_000, Opt({ min: 0, example: 'Small things to give away' }))
  description?: string;
  @Nested(() => ProductSeoInput, Opt())
  seo?: ProductSeoInput;
  @Id('category', Opt({ nullable: true, description: 'the category it lies in; a root when left out' }))
  parentId?: string | null;
  @Int32(0, 1_000_000, Opt({ description: 'siblings are shown the lowest first; 0 when left out', example: 10 }))
  position?: number;
}

/** What is to be changed of a category; what is left out stays. */
export class UpdateCategoryRequest {
  @Text(255, { optional: true, pattern: /\S/ })
  title?: string;
  @Handle(Opt())
  handle?: string;
  @Text(20_000, Opt({ min: 0, example: 'Beans, and what is needed to brew them' }))
  description?: string;
  @Nested(() => ProductSeoInput, Opt())
  seo?: ProductSeoInput;
  @Id('category', Opt({ nullable: true, description: 'null makes it a root' }))
  parentId?: string | null;
  @Int32(0, 1_000_000, Opt())
  position?: number;
}

/** A category as staff see it. */
export class AdminCategoryView {
  @ApiProperty({ example: 'cat_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty()
  handle: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  description: string;
  @ApiProperty({ type: () => ProductSeoView })
  seo: ProductSeoView;
  @ApiProperty({ type: String, nullable: true })
  parentId: string | null;
  @ApiProperty({ type: 'integer' })
  position: number;
  @ApiProperty({ type: 'integer', description: 'products directly in it, whatever their status' })
  productCount: number;
  @ApiProperty({ type: 'integer', description: 'as in the ETag' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;

  static from(row: AdminCategoryRow): AdminCategoryView {
    return {
      id: encodeId('category', row.id),
      handle: row.handle,
      title: row.title,
      description: row.description,
      seo: { title: row.seo_title, description: row.seo_description },
      parentId: row.parent_id && encodeId('category', row.parent_id),
      position: row.position,
      productCount: row.product_count,
      version: row.version,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}
