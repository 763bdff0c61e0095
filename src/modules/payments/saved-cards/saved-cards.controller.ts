import { Controller, Delete, Get, Header, HttpCode, type OnModuleInit, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { NotFound } from '#libs/errors';
import { ListEnvelope, Throws } from '#libs/http';
import { CurrentCustomer, Customer, type CustomerIdentity } from '../../auth/index.js';
import { MyDataParts } from '../../customers/index.js';
import { PaymentMethodUnavailable, PaymentUnavailable } from '../payments.errors.js';
import { SavedCardResponse } from './saved-card.response.js';
import { SavedCards } from './saved-cards.service.js';

/** The cards that a customer saved. */
@ApiTags('Account')
@Controller('v1/me/payment-methods')
export class SavedCardsController implements OnModuleInit {
  constructor(
    private readonly cards: SavedCards,
    private readonly myData: MyDataParts,
  ) {}

  onModuleInit(): void {
    this.myData.add('paymentMethods', (customerId) => this.of(customerId));
  }

  @Get()
  @Customer()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'listMyPaymentMethods',
    summary: 'My saved cards, the last saved first',
    description: 'As Stripe keeps them. Pay with one by its id: `savedPaymentMethodId`.',
  })
  @ListEnvelope(SavedCardResponse, { paged: false })
  @Throws(PaymentMethodUnavailable, PaymentUnavailable)
  async list(@CurrentCustomer() customer: CustomerIdentity): Promise<{ data: SavedCardResponse[] }> {
    return { data: await this.of(customer.id) };
  }

  private async of(customerId: string): Promise<SavedCardResponse[]> {
    return (await this.cards.list(customerId)).map((card) => SavedCardResponse.from(card));
  }

  @Delete(':id')
  @Customer()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteMyPaymentMethod',
    summary: 'Forget a saved card',
    description: 'It takes no more payments. What it has paid stays paid, and refunds still reach it.',
  })
  @ApiParam({
    name: 'id',
    schema: { type: 'string', pattern: '^pm_[A-Za-z0-9_]+$', example: 'pm_1QKxYz2eZvKYlo2CnVbPq8Rt' },
  })
  @ApiNoContentResponse({ description: 'Forgotten' })
  @Throws(NotFound, PaymentMethodUnavailable, PaymentUnavailable)
  delete(@CurrentCustomer() customer: CustomerIdentity, @Param('id') id: string): Promise<void> {
    return this.cards.forget(customer.id, id);
  }
}
