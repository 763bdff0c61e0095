import { Controller, Get, Param, Req, Res, SetMetadata } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidHeader, InvalidId, InvalidParameter, UnknownParameter } from '#libs/errors';
import { ListEnvelope, PublicCache, RAW_QUERY, type Reply, type Request, sendPublicJson, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Public } from '../auth/index.js';
import { PriceContexts } from '../settings/index.js';
import { ProductNotFound } from './catalog.errors.js';
import { ProductFilterDocs, ProductListDocs } from './dto/product-filter.docs.js';
import { FacetView, ProductCard, ProductDetail } from './dto/storefront.response.js';
import { FacetsQuery } from './facets.query.js';
import { idOrHandle } from './id-or-handle.js';
import { Moved, OldHandles } from './old-handles.service.js';
import { parseFacets, parseProductList } from './product-filter.js';
import { ProductListQuery } from './product-list.query.js';
import { ProductPageQuery } from './product-page.query.js';
import { ContentLanguages } from './translations/content-languages.js';

@ApiTags('Catalog')
@Controller('v1/products')
export class ProductsController {
  constructor(
    private readonly lists: ProductListQuery,
    private readonly pages: ProductPageQuery,
    private readonly facetCounts: FacetsQuery,
    private readonly oldHandles: OldHandles,
    private readonly contexts: PriceContexts,
    private readonly languages: ContentLanguages,
  ) {}

  @Get()
  @Public()
  @SetMetadata(RAW_QUERY, true)
  @ApiOperation({ operationId: 'listProducts', summary: 'Product cards: filter, search, sort, page' })
  @ProductListDocs()
  @PublicCache()
  @ListEnvelope(ProductCard)
  @Throws(InvalidCursor, InvalidHeader, InvalidParameter, UnknownParameter)
  async list(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    const wanted = parseProductList(request.query as Record<string, unknown>);
    const languages = await this.languages.of(request);
    const { body, language } = await this.lists.list(await this.contexts.currencyOf(request), wanted, languages);
    sendPublicJson(request, reply, body, language);
  }

  @Get('facets')
  @Public()
  @SetMetadata(RAW_QUERY, true)
  @ApiOperation({ operationId: 'listProductFacets', summary: 'How many products each further filter would show' })
  @ProductFilterDocs()
  @PublicCache()
  @ListEnvelope(FacetView, { paged: false, description: 'Counts for each category, vendor, option and price band' })
  @Throws(InvalidHeader, InvalidParameter, UnknownParameter)
  async facets(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    const filter = parseFacets(request.query as Record<string, unknown>);
    const wanted = await this.languages.of(request);
    const currency = await this.contexts.currencyOf(request);
    const { body: data, language } = await this.facetCounts.facets(currency, filter, wanted);
    sendPublicJson(request, reply, JSON.stringify({ data }), language);
  }

  @Get(':idOrHandle')
  @Public()
  @ApiOperation({
    operationId: 'getProduct',
    summary: 'A product with its options, variants, prices, stock and images',
  })
  @ApiParam({ name: 'idOrHandle', description: 'id or handle', example: WELL_KNOWN.productHandle })
  @PublicCache()
  @Moved()
  @ApiOkResponse({ type: ProductDetail })
  @Throws(InvalidHeader, InvalidId, ProductNotFound, UnknownParameter)
  async get(@Param('idOrHandle') key: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    const context = await this.contexts.of(request);
    const wanted = await this.languages.of(request);
    await this.oldHandles.orRedirect('product', key, '', reply, async () => {
      const { body, language } = await this.pages.get(context, idOrHandle('product', key), wanted);
      sendPublicJson(request, reply, body, language);
    });
  }
}
