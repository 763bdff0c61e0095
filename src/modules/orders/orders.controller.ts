import { Body, Controller, Get, Header, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound, RateLimited, ValidationFailed } from '#libs/errors';
import { IdParam, ListEnvelope, Throws } from '#libs/http';
import { CurrentShopper, MailSentResponse, Public, Shopper, type ShopperIdentity } from '../auth/index.js';
import { OrderEventResponse, OrderResponse } from './dto/order.response.js';
import { FindOrderRequest } from './dto/find-order.request.js';
import { FindOrder } from './find-order.service.js';
import { OrdersQuery } from './orders.query.js';

@ApiTags('Orders')
@Controller('v1/orders')
export class OrdersController {
  constructor(
    private readonly query: OrdersQuery,
    private readonly finding: FindOrder,
  ) {}

  @Post('lookup')
  @HttpCode(202)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'lookUpOrder',
    summary: 'Find the order of a guest again',
    description:
      'Where there is an order with this number and e-mail address, a mail with a link goes to that address: `STOREFRONT_URL/orders/{id}#token=…`. ' +
      'The token of the link, sent as `X-Cart-Token`, opens the order for a day. An order of an account is opened by signing in: its mail says so and has no token. ' +
      'The answer is the same where there is no such order.',
  })
  @ApiAcceptedResponse({ type: MailSentResponse })
  @Throws(ValidationFailed, RateLimited)
  async lookUp(@Body() body: FindOrderRequest, @Ip() address: string): Promise<MailSentResponse> {
    await this.finding.request(body.number, body.email, address);
    return { status: 'mail_sent' };
  }

  @Get(':id')
  @Shopper()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'getOrder',
    summary: 'Read an order',
    description:
      'As its customer, or in `X-Cart-Token` with the token of the cart that it was, or of a link that `POST /v1/orders/lookup` sent.',
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
