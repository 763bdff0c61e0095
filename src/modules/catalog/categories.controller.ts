import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InvalidHeader, InvalidId, UnknownParameter } from '#libs/errors';
import { ListEnvelope, PublicCache, type Reply, type Request, sendPublicJson, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Public } from '../auth/index.js';
import { PriceContexts } from '../settings/index.js';
import { CategoriesQuery } from './categories.query.js';
import { CategoryNotFound } from './catalog.errors.js';
import { CategoryDetail, CategoryTreeView } from './dto/storefront.response.js';
import { idOrHandle } from './id-or-handle.js';
import { Moved, OldHandles } from './old-handles.service.js';
import { ContentLanguages } from './translations/content-languages.js';

@ApiTags('Catalog')
@Controller('v1/categories')
export class CategoriesController {
  constructor(
    private readonly categories: CategoriesQuery,
    private readonly oldHandles: OldHandles,
    private readonly contexts: PriceContexts,
    private readonly languages: ContentLanguages,
  ) {}

  @Get()
  @Public()
  @ApiOperation({
    operationId: 'listCategories',
    summary: 'The tree of categories with the number of products in each',
  })
  @PublicCache()
  @ListEnvelope(CategoryTreeView, { paged: false, description: 'The roots, with their children inside' })
  @Throws(InvalidHeader, UnknownParameter)
  async tree(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    const wanted = await this.languages.of(request);
    const { body: data, language } = await this.categories.tree(await this.contexts.currencyOf(request), wanted);
    sendPublicJson(request, reply, JSON.stringify({ data }), language);
  }

  @Get(':idOrHandle')
  @Public()
  @ApiOperation({ operationId: 'getCategory', summary: 'A category with its breadcrumb and its children' })
  @ApiParam({ name: 'idOrHandle', description: 'id or handle', example: WELL_KNOWN.categoryHandle })
  @PublicCache()
  @Moved()
  @ApiOkResponse({ type: CategoryDetail })
  @Throws(InvalidHeader, InvalidId, CategoryNotFound, UnknownParameter)
  async get(@Param('idOrHandle') key: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    const currency = await this.contexts.currencyOf(request);
    const wanted = await this.languages.of(request);
    await this.oldHandles.orRedirect('category', key, '', reply, async () => {
      const { body, language } = await this.categories.get(currency, idOrHandle('category', key), wanted);
      sendPublicJson(request, reply, JSON.stringify(body), language);
    });
  }
}
