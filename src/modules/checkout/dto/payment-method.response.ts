import { ApiProperty } from '@nestjs/swagger';

/** A way to pay that the shop offers. */
export class PaymentMethodResponse {
  @ApiProperty({ enum: ['stripe', 'manual'], description: 'what to send as `paymentMethod` at checkout' })
  id: string;
  @ApiProperty({ required: false, description: 'for Stripe.js' })
  publishableKey?: string;
  @ApiProperty({
    required: false,
    enum: ['automatic', 'manual'],
    description: 'manual: cards are held at checkout, and charged when the shop ships',
  })
  capture?: 'automatic' | 'manual';
}
