import { ApiProperty } from '@nestjs/swagger';
import { Currency, Flag, Int32, MoneyAmount, Nested, ObjectArray, OneOf, Opt, StringArray } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import type { PromotionAction } from '../../pricing/index.js';

/** Everything that a promotion can do. */
export const ACTION_TYPES = [
  'percent_off_lines',
  'percent_off_order',
  'amount_off_order',
  'amount_off_each',
  'fixed_price',
  'buy_x_get_y',
  'tiered',
  'free_shipping',
  'reduced_shipping',
] as const satisfies readonly PromotionAction['type'][];

const MAX_IDS = 1000;
const ids = (description: string, example?: string[]) =>
  StringArray(MAX_IDS, 40, Opt({ min: 1, description, ...(example ? { example } : {}) }));

/** An amount in one currency. */
export class PromotionAmount {
  @MoneyAmount({ example: 1000 })
  amount: number;
  @Currency()
  currency: string;
}

const amounts = (description: string, example?: PromotionAmount[]) =>
  ObjectArray(() => PromotionAmount, 20, Opt({ min: 1, description, ...(example ? { example } : {}) }));

/** Which lines are meant: those that one of the lists names, all when there is none, without those that are left out. */
export class PromotionItems {
  @ids('ids of variants')
  variantIds?: string[];
  @ids('ids of products')
  productIds?: string[];
  @ids('ids of categories; what is below them is meant, too', [WELL_KNOWN.categoryId])
  categoryIds?: string[];
  @ids('ids of variants that are left out')
  excludeVariantIds?: string[];
  @ids('ids of products that are left out')
  excludeProductIds?: string[];
  @ids('ids of categories that are left out, with what is below them')
  excludeCategoryIds?: string[];
  @Flag(Opt({ description: 'leaves out what is reduced already' }))
  excludeSaleItems?: boolean;
}

/** What must hold for the promotion to apply. */
export class PromotionConditionsDto {
  @Nested(
    () => PromotionItems,
    Opt({ description: 'subtotal and quantity are those of these lines; one must be there' }),
  )
  items?: PromotionItems;
  @amounts('the lines cost at least this before discounts, by currency', [{ amount: 2000, currency: 'USD' }])
  minSubtotal?: PromotionAmount[];
  @amounts('the lines cost at most this before discounts, by currency')
  maxSubtotal?: PromotionAmount[];
  @Int32(1, 1_000_000, Opt({ description: 'pieces at least' }))
  minQuantity?: number;
  @Int32(1, 1_000_000, Opt({ description: 'pieces at most' }))
  maxQuantity?: number;
  @Flag(Opt({ description: 'nothing was ordered before with the account or e-mail address' }))
  firstOrder?: boolean;
  @ids('ids of customer groups; one of them is enough')
  customerGroupIds?: string[];
  @ids('ids of the markets in which carts are begun')
  marketIds?: string[];
  @StringArray(300, 2, Opt({ min: 1, description: 'where it goes: ISO 3166 alpha-2 codes', example: ['US', 'CA'] }))
  countries?: string[];
  @StringArray(50, 3, Opt({ min: 1, description: 'currencies of carts: ISO 4217 codes' }))
  currencies?: string[];
}

/** A step of a tiered promotion. */
export class PromotionTierDto {
  @Int32(1, 1_000_000, Opt({ description: 'from so many pieces on', example: 5 }))
  fromQuantity?: number;
  @amounts('from this subtotal on, by currency')
  fromSubtotal?: PromotionAmount[];
  @Int32(1, 1_000_000, Opt({ description: 'parts per million: 100000 is 10 %', example: 100_000 }))
  ratePpm?: number;
  @amounts('what is off, by currency')
  amounts?: PromotionAmount[];
}

/** What the promotion does; which fields it takes depends on `type`. */
export class PromotionActionDto {
  @OneOf(ACTION_TYPES, {
    example: 'percent_off_order',
    description:
      '`percent_off_lines`, `percent_off_order`: `ratePpm`. `amount_off_order`, `amount_off_each`, `fixed_price`: `amounts`. ' +
      '`buy_x_get_y`: `buyQuantity`, `getQuantity`, and `ratePpm`, `maxTimes`, `buyItems` if wanted. `tiered`: `tiers`. ' +
      '`free_shipping`: nothing. `reduced_shipping`: `ratePpm` or `amounts`.',
  })
  type: PromotionAction['type'];
  @Int32(1, 1_000_000, Opt({ description: 'parts per million: 100000 is 10 %', example: 100_000 }))
  ratePpm?: number;
  @amounts('minor units by currency; a cart in another currency does not get it')
  amounts?: PromotionAmount[];
  @Nested(() => PromotionItems, Opt({ description: 'what is discounted; gift cards never are' }))
  items?: PromotionItems;
  @Int32(1, 9999, Opt({ description: 'pieces that have to be bought' }))
  buyQuantity?: number;
  @Int32(1, 9999, Opt({ description: 'pieces that are got at a discount, the cheapest first' }))
  getQuantity?: number;
  @Int32(1, 9999, Opt({ description: 'how often in one order; as often as it fits when left out' }))
  maxTimes?: number;
  @Nested(() => PromotionItems, Opt({ description: 'what has to be bought; `items` when left out' }))
  buyItems?: PromotionItems;
  @ObjectArray(() => PromotionTierDto, 20, Opt({ min: 1, description: 'steps, the lowest first' }))
  tiers?: PromotionTierDto[];
  @ids('ids of the shipping methods that it is for; all when left out')
  shippingMethodIds?: string[];
}

/** How often it was used so far. */
export class PromotionTotal {
  @ApiProperty({ example: 'USD' })
  currency: string;
  @ApiProperty({ type: 'integer', description: 'what it took off, in minor units' })
  discount: number;
  @ApiProperty({ type: 'integer', description: 'what the orders came to, in minor units' })
  orders: number;
}
