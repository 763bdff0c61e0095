import { ApiProperty } from '@nestjs/swagger';
import { Country, Flag, Id, Int32, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { TaxRate } from '../entities/index.js';

const NO_EDGES = /^\S(?:.*\S)?$/;
const RATE = { description: 'parts per million: 82500 is 8.25 %', example: 82_500 };
const STATE = {
  nullable: true,
  description:
    'as in addresses, whatever its case; null or left out: the whole country, except states with their own rate',
  example: 'NV',
  pattern: NO_EDGES,
} as const;
const TAX_CLASS = {
  nullable: true,
  description: 'null or left out: the standard rate, for everything without a class',
};
const SHIPPING = { description: 'whether shipping is taxed too; true when left out', example: true };

/** A new tax rate. */
export class CreateTaxRateRequest {
  @Text(100, { description: 'shown to shoppers', example: 'Nevada sales tax' })
  name: string;
  @Country()
  country: string;
  @Text(100, Opt(STATE))
  state?: string | null;
  @Id('taxClass', Opt(TAX_CLASS))
  taxClassId?: string | null;
  @Int32(0, 1_000_000, RATE)
  ratePpm: number;
  @Flag(Opt(SHIPPING))
  shipping?: boolean;
}

/** What is to be changed; what is left out stays. */
export class UpdateTaxRateRequest {
  @Text(100, Opt({ description: 'shown to shoppers', example: 'Sales tax' }))
  name?: string;
  @Country(Opt())
  country?: string;
  @Text(100, Opt(STATE))
  state?: string | null;
  @Id('taxClass', Opt(TAX_CLASS))
  taxClassId?: string | null;
  @Int32(0, 1_000_000, Opt(RATE))
  ratePpm?: number;
  @Flag(Opt(SHIPPING))
  shipping?: boolean;
}

/** A tax rate. */
export class TaxRateResponse {
  @ApiProperty({ example: 'tax_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Nevada sales tax' })
  name: string;
  @ApiProperty({ example: 'US' })
  country: string;
  @ApiProperty({ type: String, nullable: true, example: 'NV' })
  state: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'null: the standard rate' })
  taxClassId: string | null;
  @ApiProperty({ type: 'integer', description: 'parts per million', example: 82_500 })
  ratePpm: number;
  @ApiProperty({ description: 'the same in percent, to be read', example: '8.25' })
  rate: string;
  @ApiProperty({ description: 'whether shipping is taxed too' })
  shipping: boolean;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(rate: TaxRate): TaxRateResponse {
    return {
      id: encodeId('taxRate', rate.id),
      name: rate.name,
      country: rate.country,
      state: rate.state,
      taxClassId: rate.taxClassId === null ? null : encodeId('taxClass', rate.taxClassId),
      ratePpm: rate.ratePpm,
      rate: percentOf(rate.ratePpm),
      shipping: rate.shipping,
      createdAt: rate.createdAt.toISOString(),
      updatedAt: rate.updatedAt.toISOString(),
    };
  }
}

/** 82500 → `8.25`, by whole numbers only. */
export function percentOf(ratePpm: number): string {
  const fraction = String(ratePpm % 10_000)
    .padStart(4, '0')
    .replace(/0+$/, '');
  const whole = Math.floor(ratePpm / 10_000);
  return fraction === '' ? String(whole) : `${whole}.${fraction}`;
}
