import { Id, Int32, MoneyAmount, Nested, ObjectArray, OneOf, Opt, StringArray } from '#libs/http';
import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { SHIPPING_CALCULATIONS, type ShippingCalculation, type ShippingRateTerms } from '../shop-snapshot.js';

const MAX_GRAMS = 2_000_000_000;

export const CALCULATION = {
  description:
    'what the price depends on: `flat` is `price.amount`; `weight` (grams), `items` (pieces) and `subtotal` (minor units) look it up in `bands`; ' +
    '`none`: the method does not take these goods',
  example: 'flat',
};
const FREE_ABOVE = {
  nullable: true,
  description: 'free from this much on that all shipped goods cost before discounts, in minor units',
  example: 15_000,
};
const BANDS = {
  description: 'in ascending order of `from`; the highest that is reached holds, below the first one there is no price',
  example: [
    { from: 0, amount: 590 },
    { from: 2000, amount: 990, plus: 150, every: 1000 },
  ],
};

/** From how much on shipping costs what. */
export class ShippingBandInput {
  @MoneyAmount({ description: 'grams, pieces or minor units of goods', example: 2000 })
  from: number;
  @MoneyAmount({ example: 990 })
  amount: number;
  @MoneyAmount(Opt({ description: 'added for each begun `every` above `from`, in minor units', example: 150 }))
  plus?: number;
  @Int32(1, MAX_GRAMS, Opt({ description: 'grams, pieces or minor units; goes with `plus`', example: 1000 }))
  every?: number;
}

/** What shipping costs for the goods of a profile. */
export class ProfileRateInput {
  @Id('shippingProfile', { description: 'the goods that it is for' })
  profileId: string;
  @OneOf(SHIPPING_CALCULATIONS, CALCULATION)
  calculation: ShippingCalculation;
  @MoneyAmount(Opt({ description: 'minor units, where it is flat; 0 when left out', example: 4900 }))
  amount?: number;
  @ObjectArray(() => ShippingBandInput, 50, Opt(BANDS))
  bands?: ShippingBandInput[];
  @MoneyAmount(Opt(FREE_ABOVE))
  freeAbove?: number | null;
}

/** What a method does not take; what is left out is no limit. */
export class ShippingRestrictionsInput {
  @Int32(0, MAX_GRAMS, Opt({ nullable: true, description: 'grams of all shipped goods' }))
  minWeight?: number | null;
  @Int32(0, MAX_GRAMS, Opt({ nullable: true, description: 'grams of all shipped goods', example: 30_000 }))
  maxWeight?: number | null;
  @MoneyAmount(Opt({ nullable: true, description: 'minor units of all shipped goods before discounts' }))
  minSubtotal?: number | null;
  @MoneyAmount(Opt({ nullable: true, description: 'minor units of all shipped goods before discounts' }))
  maxSubtotal?: number | null;
  @StringArray(300, 2, Opt({ description: 'ISO 3166 alpha-2', example: ['CH'] }))
  excludedCountries?: string[];
  @StringArray(
    1000,
    30,
    Opt({
      description: '`99950`; `99*` for all that begin with it; `US:99*` for one country only',
      example: ['US:99*'],
    }),
  )
  excludedPostalCodes?: string[];
  @StringArray(1000, 40, Opt({ description: 'ids of products that cannot go by it' }))
  excludedProductIds?: string[];
}

/** The terms of a method beside its price; what is left out stays. */
export class ShippingTermsInput {
  @OneOf(SHIPPING_CALCULATIONS, Opt(CALCULATION))
  calculation?: ShippingCalculation;
  @ObjectArray(() => ShippingBandInput, 50, Opt(BANDS))
  bands?: ShippingBandInput[];
  @MoneyAmount(Opt(FREE_ABOVE))
  freeAbove?: number | null;
  @ObjectArray(
    () => ProfileRateInput,
    50,
    Opt({ description: 'all of them: goods of other profiles do not go by it', example: [] }),
  )
  profileRates?: ProfileRateInput[];
  @Nested(() => ShippingRestrictionsInput, Opt({ description: 'all of them' }))
  restrictions?: ShippingRestrictionsInput;
}

/** A band as staff see it. */
export class ShippingBandView {
  @ApiProperty({ type: 'integer' })
  from: number;
  @ApiProperty({ type: 'integer' })
  amount: number;
  @ApiProperty({ type: 'integer', description: 'added for each begun `every` above `from`' })
  plus: number;
  @ApiProperty({ type: 'integer' })
  every: number;
}

/** What shipping costs for the goods of a profile. */
export class ProfileRateView {
  @ApiProperty({ example: 'sprof_01j4000000e00800000000000a' })
  profileId: string;
  @ApiProperty({ enum: SHIPPING_CALCULATIONS })
  calculation: string;
  @ApiProperty({ type: 'integer' })
  amount: number;
  @ApiProperty({ type: () => [ShippingBandView] })
  bands: readonly ShippingBandView[];
  @ApiProperty({ type: 'integer', nullable: true })
  freeAbove: number | null;

  static from(rate: ShippingRateTerms): ProfileRateView {
    return { ...rate, profileId: encodeId('shippingProfile', rate.profileId!) };
  }
}

/** What a method does not take. */
export class ShippingRestrictionsView {
  @ApiProperty({ type: 'integer', nullable: true, description: 'grams' })
  minWeight: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'grams' })
  maxWeight: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'minor units' })
  minSubtotal: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'minor units' })
  maxSubtotal: number | null;
  @ApiProperty({ type: [String] })
  excludedCountries: readonly string[];
  @ApiProperty({ type: [String] })
  excludedPostalCodes: readonly string[];
  @ApiProperty({ type: [String] })
  excludedProductIds: readonly string[];
}
