import { Controller, Get, Param, Query, Req, Res, SetMetadata } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidHeader, InvalidId, InvalidParameter, UnknownParameter } from '#libs/errors';
import {
  ListEnvelope,
  ListQuery,
  PublicCache,
  RAW_QUERY,
  type Reply,
  type Request,
  sendPublicJson,
  Throws,
} from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Public } from '../../auth/index.js';
import { PriceContexts } from '../../settings/index.js';
import { CollectionNotFound } from '../catalog.errors.js';
import { ProductListDocs } from '../dto/product-filter.docs.js';
import { ProductCard } from '../dto/storefront.response.js';
import { idOrHandle } from '../id-or-handle.js';
import { Moved, OldHandles } from '../old-handles.service.js';
import { parseProductList, type SortBy } from '../product-filter.js';
import { ProductListQuery } from '../product-list.query.js';
import { ContentLanguages, type Language, languageServed } from '../translations/content-languages.js';
import { CollectionResponse } from './collection.dto.js';
import { type CollectionRow, CollectionsQuery } from './collections.query.js';

const Key = () => ApiParam({ name: 'idOrHandle', description: 'id or handle', example: WELL_KNOWN.collectionHandle });

/** Products that are shown together. */
@ApiTags('Catalog')
@Controller('v1/collections')
export class CollectionsController {
  constructor(
    private readonly contexts: PriceContexts,
    private readonly query: CollectionsQuery,
    private readonly lists: ProductListQuery,
    private readonly oldHandles: OldHandles,
    private readonly languages: ContentLanguages,
  ) {}

  @Get()
  @Public()
  @ApiOperation({ operationId: 'listCollections', summary: 'Collections, by title' })
  @PublicCache()
  @ListEnvelope(CollectionResponse)
  @Throws(InvalidCursor, InvalidHeader, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    const { rows, page } = await this.query.list('shopper', await this.contexts.currencyOf(request), query);
    const translated = await this.translated(rows, await this.languages.of(request));
    const data = translated.rows.map((row) => CollectionResponse.from(row));
    sendPublicJson(request, reply, JSON.stringify({ data, page }), translated.language);
  }

  @Get(':idOrHandle')
  @Public()
  @ApiOperation({ operationId: 'getCollection', summary: 'A collection' })
  @Key()
  @PublicCache()
  @Moved()
  @ApiOkResponse({ type: CollectionResponse })
  @Throws(InvalidHeader, InvalidId, CollectionNotFound, UnknownParameter)
  async get(@Param('idOrHandle') key: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    await this.oldHandles.orRedirect('collection', key, '', reply, async () => {
      const found = await this.query.find(await this.contexts.currencyOf(request), idOrHandle('collection', key));
      const { rows, language } = await this.translated([found], await this.languages.of(request));
      sendPublicJson(request, reply, JSON.stringify(CollectionResponse.from(rows[0]!)), language);
    });
  }

  @Get(':idOrHandle/products')
  @Public()
  @SetMetadata(RAW_QUERY, true)
  @ApiOperation({
    operationId: 'listCollectionProducts',
    summary: 'The products of a collection',
    description: 'In the order of the collection, or by `sort`; with all filters of the product list.',
  })
  @Key()
  @ProductListDocs()
  @PublicCache()
  @Moved()
  @ListEnvelope(ProductCard)
  @Throws(InvalidCursor, InvalidHeader, InvalidId, InvalidParameter, UnknownParameter, CollectionNotFound)
  async products(@Param('idOrHandle') key: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    await this.oldHandles.orRedirect('collection', key, '/products', reply, async () => {
      const currency = await this.contexts.currencyOf(request);
      const collection = await this.query.find(currency, idOrHandle('collection', key));
      const wanted = parseProductList(request.query as Record<string, unknown>, [sortOf(collection.sort)]);
      wanted.collections = { handles: [], ids: [collection.id] };
      const { body, language } = await this.lists.list(currency, wanted, await this.languages.of(request));
      sendPublicJson(request, reply, body, language);
    });
  }

  private async translated(
    rows: CollectionRow[],
    language: Language,
  ): Promise<{ rows: CollectionRow[]; language: string }> {
    const ids = rows.map((row) => row.id);
    const texts = await this.languages.textsOf('collection', ids, language);
    const shown = rows.map((row) => {
      const own = texts.get(row.id);
      if (!own) return row;
      return {
        ...row,
        title: own.title ?? row.title,
        descriptionHtml: own.description ?? row.descriptionHtml,
        seoTitle: own.seoTitle ?? row.seoTitle,
        seoDescription: own.seoDescription ?? row.seoDescription,
      };
    });
    const locales = [...texts.values()].map(({ locale }) => locale);
    return { rows: shown, language: languageServed(language, locales) };
  }
}

function sortOf(sort: string): SortBy {
  if (sort === 'bestSelling') return { key: sort, descending: true };
  const descending = sort.startsWith('-');
  return { key: (descending ? sort.slice(1) : sort) as SortBy['key'], descending };
}
