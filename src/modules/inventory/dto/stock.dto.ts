import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Id, Int32, ListQuery, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { StockLevelRow } from '../stock-ledger.service.js';

/** Filters of the stock list. */
export class StockLevelQuery extends ListQuery {
  @Id('variant', Opt({ description: 'only this variant' }))
  variantId?: string;
  @Id('location', Opt({ description: 'only this location' }))
  locationId?: string;
  @ApiPropertyOptional({ enum: ['true'], description: '`true`: at or below the low-stock threshold' })
  @IsOptional()
  @IsIn(['true'])
  low?: 'true';
}

/** Filters of the ledger. */
export class StockMovementQuery extends ListQuery {
  @Id('variant', Opt({ description: 'only this variant' }))
  variantId?: string;
}

/** Sets on-hand stock to a counted number, or changes it by a difference. */
export class StockAdjustmentRequest {
  @Id('variant', { example: 'var_01j4000000e00800000000000a' })
  variantId: string;
  @Id('location', Opt({ description: 'the default location when left out' }))
  locationId?: string;
  @Int32(-1_000_000_000, 1_000_000_000, Opt({ description: 'the counted number; this or `delta`', example: 100 }))
  onHand?: number;
  @Int32(-1_000_000_000, 1_000_000_000, Opt({ description: 'the difference; this or `onHand`' }))
  delta?: number;
  @Text(500, { example: 'yearly count' })
  reason: string;
}

/** On-hand, reserved and available stock of a variant at a location. */
export class StockLevelResponse {
  @ApiProperty({ example: 'var_01j4000000e00800000000000a' })
  variantId: string;
  @ApiProperty()
  locationId: string;
  @ApiProperty({ type: 'integer', description: 'physically there' })
  onHand: number;
  @ApiProperty({ type: 'integer', description: 'held for unpaid orders' })
  reserved: number;
  @ApiProperty({ type: 'integer', description: 'can be sold now, backorders included' })
  available: number;

  static from(row: StockLevelRow): StockLevelResponse {
    return { ...row, variantId: encodeId('variant', row.variantId), locationId: encodeId('location', row.locationId) };
  }
}

/** One row of the ledger. */
export class StockMovementResponse {
  @ApiProperty()
  id: string;
  @ApiProperty()
  variantId: string;
  @ApiProperty()
  locationId: string;
  @ApiProperty({ enum: ['receipt', 'sale', 'return', 'adjustment'] })
  kind: string;
  @ApiProperty({ type: 'integer' })
  delta: number;
  @ApiProperty()
  reason: string;
  @ApiProperty({ description: 'staff member or system' })
  actor: string;
  @ApiProperty({ type: String, nullable: true })
  orderId: string | null;
  @ApiProperty()
  createdAt: string;
}
