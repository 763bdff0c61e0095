import { ApiProperty } from '@nestjs/swagger';
import { Currency, Flag, Id, Int32, MoneyAmount, ObjectArray, Opt, Text, Time } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Price } from '../dto/storefront.response.js';
import type { PriceList } from '../entities/index.js';

const NAME = { description: 'shown to shoppers beside the reduced price', example: 'Autumn sale' };
const MARKET = { nullable: true, description: 'for one market only; null: for all' };
const GROUP = { nullable: true, description: 'for one customer group only; null: for everybody' };
const STARTS = { nullable: true, description: 'null: at once', example: '2026-11-01T00:00:00Z' };
const ENDS = { nullable: true, description: 'null: never', example: '2026-11-30T23:00:00Z' };
const ACTIVE = { description: 'whether it holds within its time', example: true };

/** A new price list, without prices yet. */
export class CreatePriceListRequest {
  @Text(100, NAME)
  name: string;
  @Currency({ description: 'of all its prices; fixed' })
  currency: string;
  @Id('market', Opt(MARKET))
  marketId?: string | null;
  @Id('customerGroup', Opt(GROUP))
  customerGroupId?: string | null;
  @Time(Opt(STARTS))
  startsAt?: string | null;
  @Time(Opt(ENDS))
  endsAt?: string | null;
  @Flag(Opt({ ...ACTIVE, description: `${ACTIVE.description}; true when left out` }))
  active?: boolean;
}

/** What is to be changed; what is left out stays. */
export class UpdatePriceListRequest {
  @Text(100, Opt(NAME))
  name?: string;
  @Id('market', Opt(MARKET))
  marketId?: string | null;
  @Id('customerGroup', Opt(GROUP))
  customerGroupId?: string | null;
  @Time(Opt(STARTS))
  startsAt?: string | null;
  @Time(Opt(ENDS))
  endsAt?: string | null;
  @Flag(Opt(ACTIVE))
  active?: boolean;
}

/** A price list. */
export class PriceListResponse {
  @ApiProperty({ example: 'plist_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Autumn sale' })
  name: string;
  @ApiProperty({ example: 'USD' })
  currency: string;
  @ApiProperty({ type: String, nullable: true, description: MARKET.description })
  marketId: string | null;
  @ApiProperty({ type: String, nullable: true, description: GROUP.description })
  customerGroupId: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startsAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endsAt: string | null;
  @ApiProperty({ description: ACTIVE.description })
  active: boolean;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(list: PriceList): PriceListResponse {
    return {
      id: encodeId('priceList', list.id),
      name: list.name,
      currency: list.currency,
      marketId: list.marketId && encodeId('market', list.marketId),
      customerGroupId: list.customerGroupId && encodeId('customerGroup', list.customerGroupId),
      startsAt: list.startsAt?.toISOString() ?? null,
      endsAt: list.endsAt?.toISOString() ?? null,
      active: list.active,
      createdAt: list.createdAt.toISOString(),
      updatedAt: list.updatedAt.toISOString(),
    };
  }
}

/** The price of a variant from so many pieces on. */
export class PriceListEntryInput {
  @Id('variant', { example: WELL_KNOWN.variantId })
  variantId: string;
  @Int32(1, 9999, Opt({ description: 'from how many pieces of one line on; 1 when left out', example: 1 }))
  minQuantity?: number;
  @MoneyAmount({
    nullable: true,
    description: 'minor units of the currency of the list; null takes it out',
    example: 1250,
  })
  amount: number | null;
}

/** Prices to write, replace or take out. */
export class UpsertPriceListEntriesRequest {
  @ObjectArray(() => PriceListEntryInput, 1000, { min: 1 })
  entries: PriceListEntryInput[];
}

/** What a bulk write did. */
export class UpsertPriceListEntriesResponse {
  @ApiProperty({ type: 'integer', example: 2, description: 'new prices, and prices that are other ones now' })
  written: number;
  @ApiProperty({ type: 'integer', example: 0 })
  removed: number;
  @ApiProperty({ type: 'integer', example: 0, description: 'that were so already' })
  unchanged: number;
}

/** One price of a list. */
export class PriceListEntryResponse {
  @ApiProperty()
  variantId: string;
  @ApiProperty()
  productId: string;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty()
  title: string;
  @ApiProperty({ type: 'integer', example: 1 })
  minQuantity: number;
  @ApiProperty({ type: () => Price })
  price: Price;

  static from(row: EntryRow, currency: string): PriceListEntryResponse {
    return {
      variantId: encodeId('variant', row.variant_id),
      productId: encodeId('product', row.product_id),
      sku: row.sku,
      title: row.title,
      minQuantity: row.min_quantity,
      price: { amount: row.amount, currency },
    };
  }
}

/** An entry as the database has it. */
export interface EntryRow {
  variant_id: string;
  product_id: string;
  sku: string | null;
  title: string;
  min_quantity: number;
  amount: number;
}
