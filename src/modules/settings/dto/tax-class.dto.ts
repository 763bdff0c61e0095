import { ApiProperty } from '@nestjs/swagger';
import { Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { TaxClass } from '../entities/index.js';

const NAME = { description: 'unique, whatever its case', example: 'Medicine' };

/** A new tax class. */
export class CreateTaxClassRequest {
  @Text(100, NAME)
  name: string;
}

/** What is to be changed; what is left out stays. */
export class UpdateTaxClassRequest {
  @Text(100, Opt(NAME))
  name?: string;
}

/** Goods with a tax rate of their own. */
export class TaxClassResponse {
  @ApiProperty({ example: 'tcls_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Medicine' })
  name: string;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from({ id, name, createdAt, updatedAt }: TaxClass): TaxClassResponse {
    return {
      id: encodeId('taxClass', id),
      name,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}
