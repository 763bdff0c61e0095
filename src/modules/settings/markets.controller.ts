import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListEnvelope, PublicCache, type Reply, type Request, sendPublicJson } from '#libs/http';
import { Public } from '../auth/index.js';
import { MarketView } from './dto/market.dto.js';
import { ShopContext } from './shop-context.js';

/** Where the shop sells, and in which currency. */
@ApiTags('Catalog')
@Controller('v1/markets')
export class MarketsController {
  constructor(private readonly shop: ShopContext) {}

  /** For the choice of a country or currency. */
  @Get()
  @Public()
  @ApiOperation({
    operationId: 'listMarkets',
    summary: 'Countries and currencies to choose from',
    description:
      'Send one of the countries as X-Country, and prices are those of its market. The first entry is what holds in every ' +
      'country that none of the others names.',
  })
  @PublicCache()
  @ListEnvelope(MarketView, { paged: false, description: 'What holds everywhere else first' })
  async list(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    sendPublicJson(request, reply, JSON.stringify({ data: MarketView.all(await this.shop.get()) }));
  }
}
