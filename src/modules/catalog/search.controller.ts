import { Controller, Get, Req, Res, SetMetadata } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { InvalidHeader, InvalidParameter, UnknownParameter } from '#libs/errors';
import { ListEnvelope, PublicCache, RAW_QUERY, type Reply, type Request, sendPublicJson, Throws } from '#libs/http';
import { Public } from '../auth/index.js';
import { PriceContexts } from '../settings/index.js';
import { SuggestionView } from './dto/storefront.response.js';
import { parseSuggest } from './product-filter.js';
import { SuggestQuery } from './suggest.query.js';
import { ContentLanguages } from './translations/content-languages.js';

@ApiTags('Catalog')
@Controller('v1/search')
export class SearchController {
  constructor(
    private readonly suggestions: SuggestQuery,
    private readonly contexts: PriceContexts,
    private readonly languages: ContentLanguages,
  ) {}

  @Get('suggest')
  @Public()
  @SetMetadata(RAW_QUERY, true)
  @ApiOperation({
    operationId: 'suggest',
    summary: 'What may be meant: words, categories and products, typos forgiven',
  })
  @ApiQuery({ name: 'q', schema: { type: 'string', minLength: 1, maxLength: 200, example: 'coffee' } })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 20, default: 10 } })
  @PublicCache()
  @ListEnvelope(SuggestionView, { paged: false, description: 'The best first' })
  @Throws(InvalidHeader, InvalidParameter, UnknownParameter)
  async suggest(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    const { q, limit } = parseSuggest(request.query as Record<string, unknown>);
    const wanted = await this.languages.of(request);
    const currency = await this.contexts.currencyOf(request);
    const { body: data, language } = await this.suggestions.suggest(currency, q, limit, wanted);
    sendPublicJson(request, reply, JSON.stringify({ data }), language);
  }
}
