import { ApiProperty } from '@nestjs/swagger';
import { Currency, Flag, Int32, MoneyAmount, Nested, Opt, StringArray, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { ShippingMethod, ShippingZone } from '../entities/index.js';
import {
  CALCULATION,
  ProfileRateView,
  ShippingBandView,
  ShippingRestrictionsView,
  ShippingTermsInput,
} from './shipping-rates.dto.js';
import { SHIPPING_CALCULATIONS } from '../shop-snapshot.js';

const NAME = { description: 'shown to shoppers', example: 'Express parcel' };
const POSITION = { description: 'shoppers see the lowest first', example: 2 };
const ACTIVE = { description: 'whether shoppers see it', example: true };
const COUNTRIES = {
  min: 1,
  description: 'ISO 3166 alpha-2 codes, or `*` for every country that no other zone names',
};

/** What shipping costs. */
export class ShippingPrice {
  @MoneyAmount({ example: 1500 })
  amount: number;
  @Currency({
    description: 'that of the shop or of a market; carts in another one are not offered the method',
    example: 'USD',
  })
  currency: string;
}

/** A new shipping zone. */
export class CreateShippingZoneRequest {
  @Text(100, { description: 'for the people of the shop', example: 'Antarctica' })
  name: string;
  @StringArray(300, 2, { ...COUNTRIES, example: ['AQ'] })
  countries: string[];
}

/** What is to be changed; what is left out stays. */
export class UpdateShippingZoneRequest {
  @Text(100, Opt({ example: 'Home' }))
  name?: string;
  @StringArray(300, 2, Opt(COUNTRIES))
  countries?: string[];
}

/** A new way to ship. */
export class CreateShippingMethodRequest extends ShippingTermsInput {
  @Text(100, NAME)
  name: string;
  @Nested(() => ShippingPrice)
  price: ShippingPrice;
  @Int32(0, 10_000, Opt({ ...POSITION, description: `${POSITION.description}; last when left out` }))
  position?: number;
  @Flag(Opt(ACTIVE))
  active?: boolean;
}

/** What is to be changed; what is left out stays. */
export class UpdateShippingMethodRequest extends ShippingTermsInput {
  @Text(100, Opt(NAME))
  name?: string;
  @Nested(() => ShippingPrice, Opt())
  price?: ShippingPrice;
  @Int32(0, 10_000, Opt(POSITION))
  position?: number;
  @Flag(Opt(ACTIVE))
  active?: boolean;
}

/** A way to ship to a zone. */
export class ShippingMethodResponse {
  @ApiProperty({ example: 'ship_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Express parcel' })
  name: string;
  @ApiProperty({ type: () => ShippingPrice })
  price: ShippingPrice;
  @ApiProperty({ enum: SHIPPING_CALCULATIONS, description: CALCULATION.description })
  calculation: string;
  @ApiProperty({ type: () => [ShippingBandView] })
  bands: readonly ShippingBandView[];
  @ApiProperty({ type: 'integer', nullable: true, description: 'minor units' })
  freeAbove: number | null;
  @ApiProperty({ type: () => [ProfileRateView], description: 'for goods that are not of the default profile' })
  profileRates: ProfileRateView[];
  @ApiProperty({ type: () => ShippingRestrictionsView })
  restrictions: ShippingRestrictionsView;
  @ApiProperty({ type: 'integer', description: POSITION.description })
  position: number;
  @ApiProperty({ description: ACTIVE.description })
  active: boolean;

  static from(method: ShippingMethod): ShippingMethodResponse {
    const { id, name, amount, currency, calculation, bands, freeAbove, position, active } = method;
    const { minWeight, maxWeight, minSubtotal, maxSubtotal, ...excluded } = method.restrictions;
    return {
      id: encodeId('shippingMethod', id),
      name,
      price: { amount, currency },
      calculation,
      bands,
      freeAbove,
      profileRates: method.profileRates.map((rate) => ProfileRateView.from(rate)),
      restrictions: {
        minWeight: minWeight ?? null,
        maxWeight: maxWeight ?? null,
        minSubtotal: minSubtotal ?? null,
        maxSubtotal: maxSubtotal ?? null,
        excludedCountries: excluded.excludedCountries ?? [],
        excludedPostalCodes: excluded.excludedPostalCodes ?? [],
        excludedProductIds: (excluded.excludedProductIds ?? []).map((product) => encodeId('product', product)),
      },
      position,
      active,
    };
  }
}

/** A shipping zone with all its methods, the hidden ones too. */
export class ShippingZoneResponse {
  @ApiProperty({ example: 'zone_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Home' })
  name: string;
  @ApiProperty({ type: [String], description: COUNTRIES.description, example: ['US'] })
  countries: string[];
  @ApiProperty({ type: () => [ShippingMethodResponse] })
  methods: ShippingMethodResponse[];
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(zone: ShippingZone): ShippingZoneResponse {
    return {
      id: encodeId('shippingZone', zone.id),
      name: zone.name,
      countries: zone.countries,
      methods: zone.methods.map((method) => ShippingMethodResponse.from(method)),
      createdAt: zone.createdAt.toISOString(),
      updatedAt: zone.updatedAt.toISOString(),
    };
  }
}
