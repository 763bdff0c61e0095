import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListEnvelope } from '#libs/http';
import { Public } from '../auth/index.js';
import { StripeGateway } from '../payments/index.js';
import { ShopContext } from '../settings/index.js';
import { PaymentMethodResponse } from './dto/payment-method.response.js';

/** How shoppers may pay. */
@ApiTags('Checkout')
@Controller('v1/payment-methods')
export class PaymentMethodsController {
  constructor(
    private readonly shop: ShopContext,
    private readonly gateway: StripeGateway,
  ) {}

  @Get()
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'listPaymentMethods', summary: 'Ways to pay that the shop offers' })
  @ListEnvelope(PaymentMethodResponse, { paged: false, description: 'The ways to pay' })
  async list(): Promise<{ data: PaymentMethodResponse[] }> {
    const { manualPayments, stripePayments, paymentCapture } = await this.shop.get();
    const publishableKey = stripePayments ? this.gateway.publishableKey : undefined;
    return {
      data: [
        ...(publishableKey ? [{ id: 'stripe', publishableKey, capture: paymentCapture }] : []),
        ...(manualPayments ? [{ id: 'manual' }] : []),
      ],
    };
  }
}
