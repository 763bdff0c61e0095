import { ApiProperty } from '@nestjs/swagger';
import { Currency, Flag, Opt, StringArray, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { Market } from '../entities/index.js';
import type { MarketSnapshot, ShopSnapshot } from '../shop-snapshot.js';

const NAME = { description: 'shown to shoppers', example: 'Switzerland' };
const COUNTRIES = { min: 1, description: 'ISO 3166 alpha-2; each in one market' };
const CURRENCY = { description: 'in which its shoppers pay', example: 'CHF' };
const INCLUDED = { description: 'whether its prices contain the tax', example: true };

/** A new market. */
export class CreateMarketRequest {
  @Text(100, NAME)
  name: string;
  @StringArray(300, 2, { ...COUNTRIES, example: ['CH', 'LI'] })
  countries: string[];
  @Currency(CURRENCY)
  currency: string;
  @Flag(INCLUDED)
  pricesIncludeTax: boolean;
}

/** What is to be changed; what is left out stays. */
export class UpdateMarketRequest {
  @Text(100, Opt(NAME))
  name?: string;
  @StringArray(300, 2, Opt(COUNTRIES))
  countries?: string[];
  @Currency(Opt(CURRENCY))
  currency?: string;
  @Flag(Opt(INCLUDED))
  pricesIncludeTax?: boolean;
}

/** A market, for staff. */
export class MarketResponse {
  @ApiProperty({ example: 'mkt_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Switzerland' })
  name: string;
  @ApiProperty({ type: [String], example: ['CH', 'LI'] })
  countries: string[];
  @ApiProperty({ example: 'CHF' })
  currency: string;
  @ApiProperty({ description: INCLUDED.description })
  pricesIncludeTax: boolean;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(market: Market): MarketResponse {
    return {
      id: encodeId('market', market.id),
      name: market.name,
      countries: market.countries,
      currency: market.currency,
      pricesIncludeTax: market.pricesIncludeTax,
      createdAt: market.createdAt.toISOString(),
      updatedAt: market.updatedAt.toISOString(),
    };
  }
}

/** A market, for shoppers. */
export class MarketView {
  @ApiProperty({ type: String, nullable: true, description: 'null: what holds where no market is made' })
  id: string | null;
  @ApiProperty({ example: 'Switzerland' })
  name: string;
  @ApiProperty({ type: [String], description: 'to be sent as X-Country; none for what holds everywhere else' })
  countries: readonly string[];
  @ApiProperty({ example: 'CHF' })
  currency: string;
  @ApiProperty({ description: INCLUDED.description })
  taxIncluded: boolean;

  /** All markets, what holds everywhere else first. */
  static all(shop: ShopSnapshot): MarketView[] {
    const rest = {
      id: null,
      name: shop.name,
      countries: [],
      currency: shop.currency,
      taxIncluded: shop.pricesIncludeTax,
    };
    return [rest, ...shop.markets.map((market) => MarketView.from(market))];
  }

  private static from({ id, name, countries, currency, pricesIncludeTax }: MarketSnapshot): MarketView {
    return { id: encodeId('market', id), name, countries, currency, taxIncluded: pricesIncludeTax };
  }
}
