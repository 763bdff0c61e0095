import { ApiProperty } from '@nestjs/swagger';

/** An amount in integer minor units of its currency. */
export class Money {
  @ApiProperty({ type: 'integer', example: 1999, description: 'minor units: 1999 is 19.99 USD' })
  amount: number;
  @ApiProperty({ example: 'USD', description: 'ISO 4217' })
  currency: string;
}
