import { Body, Controller, Get, Header, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter, ValidationFailed } from '#libs/errors';
import { etagOf, IdParam, Idempotent, ListEnvelope, type Page, type Reply, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { OrderEventResponse, OrderResponse, OrderSummaryResponse } from './dto/order.response.js';
import { FulfillOrderRequest, OrderListQuery } from './dto/orders.request.js';
import { FulfillOrder } from './fulfill-order.service.js';
import { GoodsPromisedBack, OrderNotFulfillable, OrderOnHold, QuantityNotShippable } from './order.errors.js';
import { OrdersQuery } from './orders.query.js';

@ApiTags('Orders')
@Controller('v1/admin/orders')
export class OrdersAdminController {
  constructor(
    private readonly query: OrdersQuery,
    private readonly fulfillOrder: FulfillOrder,
  ) {}

  @Get()
  @Staff('orders.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listOrders', summary: 'Orders, newest first' })
  @ListEnvelope(OrderSummaryResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: OrderListQuery): Promise<{ data: OrderSummaryResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get(':id')
  @Staff('orders.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getOrderAsStaff', summary: 'Read an order' })
  @ApiOkResponse({ type: OrderResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('order') id: string, @Res({ passthrough: true }) reply: Reply): Promise<OrderResponse> {
    const { body, version } = await this.query.forStaff(id);
    reply.header('ETag', etagOf(version));
    return body;
  }

  @Get(':id/events')
  @Staff('orders.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listOrderEventsAsStaff', summary: 'What happened to an order, oldest first' })
  @ListEnvelope(OrderEventResponse, { paged: false, description: 'The timeline' })
  @Throws(InvalidId, NotFound)
  events(@IdParam('order') id: string): Promise<{ data: OrderEventResponse[] }> {
    return this.query.timeline(id, 'staff');
  }

  @Post(':id/fulfillments')
  @Staff('orders.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'fulfillOrder',
    summary: 'Ship goods of an order',
    description:
      'Everything that is left when `lines` is left out. What a capture or a refund under way has promised back stays here. The customer gets an e-mail with the tracking number.',
  })
  @ApiCreatedResponse({ type: OrderResponse, description: 'The order' })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    OrderNotFulfillable,
    OrderOnHold,
    GoodsPromisedBack,
    QuantityNotShippable,
  )
  async fulfill(
    @IdParam('order') id: string,
    @Body() body: FulfillOrderRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<OrderResponse> {
    await this.fulfillOrder.execute(id, body, `staff:${encodeId('user', staff.id)}`);
    return (await this.query.forStaff(id)).body;
  }
}
