import { ApiProperty } from '@nestjs/swagger';
import { Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { ShippingProfile } from '../entities/index.js';

/** Goods that are shipped in another way than the rest. */
export class CreateShippingProfileRequest {
  @Text(100, { description: 'for the people of the shop', example: 'Furniture' })
  name: string;
  @Text(500, Opt({ min: 0, example: 'Goes on a pallet' }))
  description?: string;
}

/** What is to be changed; what is left out stays. */
export class UpdateShippingProfileRequest {
  @Text(100, Opt({ example: 'Bulky goods' }))
  name?: string;
  @Text(500, Opt({ min: 0 }))
  description?: string;
}

/** A shipping profile. */
export class ShippingProfileResponse {
  @ApiProperty({ example: 'sprof_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Bulky goods' })
  name: string;
  @ApiProperty()
  description: string;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from({ id, name, description, createdAt, updatedAt }: ShippingProfile): ShippingProfileResponse {
    return {
      id: encodeId('shippingProfile', id),
      name,
      description,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}
