import { ApiProperty } from '@nestjs/swagger';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { ProductIds } from '../product-ids.js';

export const MAX_RELATED = 24;

/** The products that staff want to be shown beside a product, all of them, in their order. */
export class RelatedProductsRequest {
  @ProductIds(MAX_RELATED, [WELL_KNOWN.secondProductId, WELL_KNOWN.optionProductId])
  productIds: string[];
}

/** The products that staff want to be shown beside a product. */
export class RelatedProductsResponse {
  @ApiProperty({ type: [String], example: [WELL_KNOWN.secondProductId] })
  productIds: string[];
}

/** How many of them a storefront shows. */
export class RelatedProductsParameters {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_RELATED, default: 8, description: 'cards' })
  @IsOptional()
  @Transform(({ value }) => (typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value))
  @IsInt()
  @Min(1)
  @Max(MAX_RELATED)
  limit?: number;
}
