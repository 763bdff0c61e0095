import { ApiProperty } from '@nestjs/swagger';
import { Country, Currency, Email, Flag, Int32, OneOf, Opt, Text } from '#libs/http';
import type { ShopSettings } from '../entities/index.js';

/** What is to be changed; what is left out stays. */
export class UpdateSettingsRequest {
  @Text(200, Opt({ description: 'shown to shoppers, in e-mails too', example: 'Emporium' }))
  name?: string;
  @Currency(Opt({ description: 'of all prices; fixed once there are products or shipping methods', example: 'USD' }))
  currency?: string;
  @Email(Opt({ description: 'from which e-mails come', example: 'shop@emporium.example' }))
  senderEmail?: string;
  @Email(Opt({ description: 'who is told of low stock', example: 'admin@emporium.example' }))
  notifyEmail?: string;
  @Country(
    Opt({ nullable: true, description: 'where the shop is taxed: the reverse charge depends on it', example: 'US' }),
  )
  country?: string | null;
  @Flag(Opt({ description: 'whether prices contain the tax', example: false }))
  pricesIncludeTax?: boolean;
  @Flag(Opt({ description: 'whether shoppers may pay by invoice or cash', example: true }))
  manualPayments?: boolean;
  @Flag(
    Opt({
      description:
        'whether shoppers may pay new orders with Stripe, where it is set up; those under way can be paid all the same',
      example: true,
    }),
  )
  stripePayments?: boolean;
  @OneOf(
    ['automatic', 'manual'],
    Opt({
      description: 'whether cards are charged at checkout, or held for about 7 days until staff capture',
      example: 'automatic',
    }),
  )
  paymentCapture?: 'automatic' | 'manual';
  @Int32(0, 1_000_000, Opt({ description: 'available units at which stock counts as low', example: 5 }))
  lowStockThreshold?: number;
  @Flag(Opt({ description: 'whether all staff must sign in with a second factor; who has none can only set one up' }))
  twoFactorRequired?: boolean;
}

/** The settings of the shop. */
export class SettingsResponse {
  @ApiProperty({ example: 'Emporium' })
  name: string;
  @ApiProperty({ example: 'USD', description: 'ISO 4217' })
  currency: string;
  @ApiProperty({ example: 'shop@emporium.example' })
  senderEmail: string;
  @ApiProperty({ example: 'admin@emporium.example' })
  notifyEmail: string;
  @ApiProperty({ type: String, nullable: true, example: 'US', description: 'where the shop is taxed' })
  country: string | null;
  @ApiProperty()
  pricesIncludeTax: boolean;
  @ApiProperty()
  manualPayments: boolean;
  @ApiProperty()
  stripePayments: boolean;
  @ApiProperty({ enum: ['automatic', 'manual'] })
  paymentCapture: 'automatic' | 'manual';
  @ApiProperty({ type: 'integer', example: 5 })
  lowStockThreshold: number;
  @ApiProperty({ description: 'whether all staff must sign in with a second factor' })
  twoFactorRequired: boolean;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(settings: ShopSettings): SettingsResponse {
    return {
      name: settings.name,
      currency: settings.currency,
      senderEmail: settings.senderEmail,
      notifyEmail: settings.notifyEmail,
      country: settings.country,
      pricesIncludeTax: settings.pricesIncludeTax,
      manualPayments: settings.manualPayments,
      stripePayments: settings.stripePayments,
      paymentCapture: settings.paymentCapture,
      lowStockThreshold: settings.lowStockThreshold,
      twoFactorRequired: settings.twoFactorRequired,
      createdAt: settings.createdAt.toISOString(),
      updatedAt: settings.updatedAt.toISOString(),
    };
  }
}
