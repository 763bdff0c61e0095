import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound } from '#libs/errors';
import { IdParam, ListEnvelope, Throws } from '#libs/http';
import { CurrentShopper, Shopper, type ShopperIdentity } from '../auth/index.js';
import { OrderEventResponse, OrderResponse } from './dto/order.response.js';
import { OrdersQuery } from './orders.query.js';

@ApiTags('Orders')
@Controller('v1/orders')
export class OrdersController {
  constructor(private readonly query: OrdersQuery) {}

  @Get(':id')
  @Shopper()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'getOrder',
    summary: 'Read an order',
    description: 'As its customer, or with the token of the cart that it was.',
  })
  @ApiOkResponse({ type: OrderResponse })
  @Throws(InvalidId, NotFound)
  get(@IdParam('order') id: string, @CurrentShopper() shopper: ShopperIdentity): Promise<OrderResponse> {
    return this.query.forShopper(id, shopper);
  }

  @Get(':id/events')
  @Shopper()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listOrderEvents', summary: 'What happened to an order, oldest first' })
  @ListEnvelope(OrderEventResponse, { paged: false, description: 'The timeline' })
  @Throws(InvalidId, NotFound)
  async events(
    @IdParam('order') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
  ): Promise<{ data: OrderEventResponse[] }> {
    await this.query.assertShopper(id, shopper);
    return this.query.timeline(id, 'shopper');
  }
}
