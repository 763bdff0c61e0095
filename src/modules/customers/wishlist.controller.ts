import { Controller, Delete, Get, HttpCode, Inject, Put, Query, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter } from '#libs/errors';
import { IdParam, ListEnvelope, ListQuery, type Page, type Request, Throws } from '#libs/http';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { CurrentCustomer, Customer, type CustomerIdentity } from '../auth/index.js';
import { PriceContexts, PriceWishHeaders } from '../settings/index.js';
import { WishlistFull } from './customers.errors.js';
import { WishlistItemResponse } from './dto/wishlist.dto.js';
import { Wishlist } from './wishlist.service.js';

/** What a customer would like to have. */
@ApiTags('Account')
@Controller('v1/me/wishlist')
export class WishlistController {
  constructor(
    private readonly wishlist: Wishlist,
    private readonly contexts: PriceContexts,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Customer()
  @PriceWishHeaders()
  @ApiOperation({ operationId: 'listMyWishlist', summary: 'What I would like to have, the latest first' })
  @ListEnvelope(WishlistItemResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(
    @CurrentCustomer() customer: CustomerIdentity,
    @Req() request: Request,
    @Query() query: ListQuery,
  ): Promise<{ data: WishlistItemResponse[]; page: Page }> {
    const currency = await this.contexts.currencyOf(request);
    const { rows, page } = await this.wishlist.list(customer.id, currency ?? undefined, query);
    return { data: rows.map((row) => WishlistItemResponse.from(row, this.config.publicUrl)), page };
  }

  @Put(':variantId')
  @Customer()
  @HttpCode(204)
  @ApiOperation({ operationId: 'addToMyWishlist', summary: 'Put a variant on my wishlist' })
  @ApiNoContentResponse({ description: 'It is on it' })
  @Throws(InvalidId, NotFound, WishlistFull)
  add(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('variant', 'variantId', WELL_KNOWN.variantId) variantId: string,
  ): Promise<void> {
    return this.wishlist.add(customer.id, variantId);
  }

  @Delete(':variantId')
  @Customer()
  @HttpCode(204)
  @ApiOperation({ operationId: 'removeFromMyWishlist', summary: 'Take a variant off my wishlist' })
  @ApiNoContentResponse({ description: 'It is off it' })
  @Throws(InvalidId, NotFound)
  remove(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('variant', 'variantId', WELL_KNOWN.variantId) variantId: string,
  ): Promise<void> {
    return this.wishlist.remove(customer.id, variantId);
  }
}
