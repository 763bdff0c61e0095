import { ApiProperty } from '@nestjs/swagger';
import type { SavedCard } from '../stripe/stripe-cards.js';

/** A card that the customer can pay with again. */
export class SavedCardResponse {
  @ApiProperty({ description: 'for `savedPaymentMethodId`', example: 'pm_1QKxYz2eZvKYlo2CnVbPq8Rt' })
  id: string;
  @ApiProperty({ example: 'visa' })
  brand: string;
  @ApiProperty({ example: '4242' })
  last4: string;
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 12, example: 8 })
  expMonth: number;
  @ApiProperty({ type: 'integer', example: 2030 })
  expYear: number;

  static from({ ref, brand, last4, expMonth, expYear }: SavedCard): SavedCardResponse {
    return { id: ref, brand, last4, expMonth, expYear };
  }
}
