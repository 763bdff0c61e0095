import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound } from '#libs/errors';
import { Idempotent, IdParam, ListEnvelope, Throws } from '#libs/http';
import { Staff } from '../auth/index.js';
import { OrdersQuery } from '../orders/index.js';
import { DeliverOrder } from './deliver-order.service.js';
import { OrderNotDeliverable } from './downloads.errors.js';
import { DownloadsRepository } from './downloads.repository.js';
import { AdminDownloadResponse } from './dto/downloads.dto.js';

/** What buyers took of the files of their orders. */
@ApiTags('Orders')
@Controller('v1/admin/orders/:id/downloads')
export class DownloadsAdminController {
  constructor(
    private readonly downloads: DownloadsRepository,
    private readonly deliver: DeliverOrder,
    private readonly orders: OrdersQuery,
  ) {}

  @Get()
  @Staff('orders.read')
  @ApiOperation({
    operationId: 'listDownloadsOfOrder',
    summary: 'The files of an order, and how often they were taken',
    description: 'Without their links, which are for the buyer alone.',
  })
  @ListEnvelope(AdminDownloadResponse, { paged: false, description: 'The files' })
  @Throws(InvalidId, NotFound)
  async list(@IdParam('order') id: string): Promise<{ data: AdminDownloadResponse[] }> {
    const rows = await this.downloads.ofOrder(id);
    if (rows.length === 0) await this.orders.forStaff(id);
    return { data: rows.map((row) => AdminDownloadResponse.of(row)) };
  }

  @Post()
  @HttpCode(200)
  @Staff('orders.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'renewDownloadsOfOrder',
    summary: 'Give the files of an order out anew',
    description:
      'All of them begin anew, with all downloads and another 30 days, and those that came to the variants later are with them. The buyer gets the links by e-mail.',
  })
  @ListEnvelope(AdminDownloadResponse, { paged: false, description: 'The files' })
  @Throws(InvalidId, NotFound, OrderNotDeliverable)
  async renew(@IdParam('order') id: string): Promise<{ data: AdminDownloadResponse[] }> {
    await this.deliver.anew(id);
    return this.list(id);
  }
}
