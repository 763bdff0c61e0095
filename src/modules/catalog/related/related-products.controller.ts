import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InvalidHeader, InvalidId, InvalidParameter, UnknownParameter } from '#libs/errors';
import { ListEnvelope, PublicCache, type Reply, type Request, sendPublicJson, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Public } from '../../auth/index.js';
import { PriceContexts } from '../../settings/index.js';
import { ProductNotFound } from '../catalog.errors.js';
import { ProductCard } from '../dto/storefront.response.js';
import { idOrHandle } from '../id-or-handle.js';
import { Moved, OldHandles } from '../old-handles.service.js';
import { ContentLanguages } from '../translations/content-languages.js';
import { RelatedProductsParameters } from './related-products.dto.js';
import { RelatedProductsQuery } from './related-products.query.js';

const SHOWN = 8;

@ApiTags('Catalog')
@Controller('v1/products')
export class RelatedProductsController {
  constructor(
    private readonly contexts: PriceContexts,
    private readonly query: RelatedProductsQuery,
    private readonly oldHandles: OldHandles,
    private readonly languages: ContentLanguages,
  ) {}

  @Get(':idOrHandle/related')
  @Public()
  @ApiOperation({
    operationId: 'listRelatedProducts',
    summary: 'What goes with a product',
    description: 'What the shop has chosen, then what is most like it by category, tags, type and vendor.',
  })
  @ApiParam({ name: 'idOrHandle', description: 'id or handle', example: WELL_KNOWN.productHandle })
  @PublicCache()
  @Moved()
  @ListEnvelope(ProductCard, { paged: false, description: 'Cards, the best first' })
  @Throws(InvalidHeader, InvalidId, InvalidParameter, ProductNotFound, UnknownParameter)
  async list(
    @Param('idOrHandle') key: string,
    @Query() { limit = SHOWN }: RelatedProductsParameters,
    @Req() request: Request,
    @Res() reply: Reply,
  ): Promise<void> {
    await this.oldHandles.orRedirect('product', key, '/related', reply, async () => {
      const currency = await this.contexts.currencyOf(request);
      const wanted = await this.languages.of(request);
      const { body, language } = await this.query.cards(currency, idOrHandle('product', key), limit, wanted);
      sendPublicJson(request, reply, body, language);
    });
  }
}
