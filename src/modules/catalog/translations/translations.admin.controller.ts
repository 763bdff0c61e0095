import { Body, Controller, Delete, Get, HttpCode, Param, Put, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidHeader,
  InvalidId,
  InvalidParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { etagOf, IdParam, IfMatch, ListEnvelope, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Staff } from '../../auth/index.js';
import {
  CategoryNotFound,
  CollectionNotFound,
  OptionLabelsRepeated,
  ProductNotFound,
  TranslationNotFound,
} from '../catalog.errors.js';
import { sanitizeDescription } from '../description.js';
import { ETAG_HEADER } from '../etag-header.js';
import type { TranslatedKind } from './content-languages.js';
import { EditTranslations } from './edit-translations.service.js';
import type { Texts } from './texts.js';
import {
  CategoryTranslationRequest,
  CategoryTranslationResponse,
  OptionTranslationsRequest,
  OptionTranslationsResponse,
  TranslationRequest,
  TranslationResponse,
} from './translation.dto.js';

const Locale = () => ApiParam({ name: 'locale', description: 'a language tag, `de` or `de-AT`', example: 'de' });

const KINDS = {
  product: { path: 'products', example: WELL_KNOWN.productId, missing: ProductNotFound },
  category: { path: 'categories', example: WELL_KNOWN.categoryId, missing: CategoryNotFound },
  collection: { path: 'collections', example: WELL_KNOWN.collectionId, missing: CollectionNotFound },
};

function textsOf(request: TranslationRequest): Texts {
  const { title, descriptionHtml, seoTitle, seoDescription } = request;
  return {
    title: title ?? null,
    description: descriptionHtml ? sanitizeDescription(descriptionHtml) : null,
    seoTitle: seoTitle ?? null,
    seoDescription: seoDescription ?? null,
  };
}

function textsOfCategory(request: CategoryTranslationRequest): Texts {
  const { title = null, description = null, seoTitle = null, seoDescription = null } = request;
  return { title, description, seoTitle, seoDescription };
}

/** The routes of one kind of thing: they differ in their path, and in what it has to say. */
function translationsOf<Request extends object, Response extends object>(
  kind: TranslatedKind,
  RequestDto: new () => Request,
  ResponseDto: { new (): Response; from(texts: Texts & { locale: string }): Response },
  read: (request: Request) => Texts,
) {
  const { path, example, missing } = KINDS[kind];
  const name = kind[0]!.toUpperCase() + kind.slice(1);

  @ApiTags('Translations')
  @Controller(`v1/admin/${path}/:id/translations`)
  class TranslationsController {
    constructor(private readonly edit: EditTranslations) {}

    @Get()
    @Staff('catalog.read')
    @ApiOperation({ operationId: `list${name}Translations`, summary: `What a ${kind} says in other languages` })
    @ListEnvelope(ResponseDto, { paged: false, description: 'All of them' })
    @Throws(InvalidId, missing)
    async list(
      @IdParam(kind, 'id', example) id: string,
      @Res({ passthrough: true }) reply: Reply,
    ): Promise<{ data: Response[] }> {
      const { version, texts } = await this.edit.all(kind, id);
      reply.header('ETag', etagOf(version));
      return { data: texts.map((one) => ResponseDto.from(one)) };
    }

    @Put(':locale')
    @Staff('catalog.write')
    @ApiOperation({
      operationId: `set${name}Translation`,
      summary: `Say in one language what a ${kind} says`,
      description: `Writes all of it; the ETag is that of the ${kind}. Handles stay. Shoppers get it by Accept-Language at once.`,
    })
    @Locale()
    @ApiOkResponse({ type: ResponseDto, headers: ETAG_HEADER })
    @Throws(ValidationFailed, InvalidId, InvalidParameter, InvalidHeader, IfMatchRequired, VersionMismatch, missing)
    async put(
      @IdParam(kind, 'id', example) id: string,
      @Param('locale') locale: string,
      @IfMatch('required') version: number | undefined,
      @Body() body: Request,
      @Res({ passthrough: true }) reply: Reply,
    ): Promise<Response> {
      const saved = await this.edit.put(kind, id, locale, version, read(body));
      reply.header('ETag', etagOf(saved.version));
      return ResponseDto.from(saved.texts[0]!);
    }

    @Delete(':locale')
    @HttpCode(204)
    @Staff('catalog.write')
    @ApiOperation({ operationId: `delete${name}Translation`, summary: `Take back what a ${kind} says in one language` })
    @Locale()
    @ApiNoContentResponse({ description: 'Deleted' })
    @Throws(InvalidId, InvalidParameter, InvalidHeader, IfMatchRequired, VersionMismatch, missing, TranslationNotFound)
    delete(
      @IdParam(kind, 'id', example) id: string,
      @Param('locale') locale: string,
      @IfMatch('required') version: number | undefined,
    ): Promise<void> {
      return this.edit.delete(kind, id, locale, version);
    }
  }
  // The type of a body is read from the metadata of the method, where a generic one leaves no trace.
  const types = Reflect.getMetadata('design:paramtypes', TranslationsController.prototype, 'put') as unknown[];
  types[3] = RequestDto;
  Object.defineProperty(TranslationsController, 'name', { value: `${name}TranslationsController` });
  return TranslationsController;
}

export const ProductTranslationsController = translationsOf(
  'product',
  TranslationRequest,
  TranslationResponse,
  textsOf,
);
export const CategoryTranslationsController = translationsOf(
  'category',
  CategoryTranslationRequest,
  CategoryTranslationResponse,
  textsOfCategory,
);
export const CollectionTranslationsController = translationsOf(
  'collection',
  TranslationRequest,
  TranslationResponse,
  textsOf,
);

/** What options are called in other languages: one dictionary for all products. */
@ApiTags('Translations')
@Controller('v1/admin/option-translations')
export class OptionTranslationsController {
  constructor(private readonly edit: EditTranslations) {}

  @Get(':locale')
  @Staff('catalog.read')
  @ApiOperation({
    operationId: 'getOptionTranslations',
    summary: 'What options and their values are called in a language',
  })
  @Locale()
  @ApiOkResponse({ type: OptionTranslationsResponse, headers: ETAG_HEADER })
  @Throws(InvalidParameter)
  async get(
    @Param('locale') locale: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<OptionTranslationsResponse> {
    const dictionary = await this.edit.options(locale);
    reply.header('ETag', etagOf(dictionary.version));
    return dictionary;
  }

  @Put(':locale')
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'setOptionTranslations',
    summary: 'Say what options and their values are called in a language',
    description:
      'Facets follow at once, the pages of translated products within seconds. Filters keep the original names.',
  })
  @Locale()
  @ApiOkResponse({ type: OptionTranslationsResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidParameter, InvalidHeader, IfMatchRequired, VersionMismatch, OptionLabelsRepeated)
  async put(
    @Param('locale') locale: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: OptionTranslationsRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<OptionTranslationsResponse> {
    const dictionary = await this.edit.putOptions(locale, version, body.options);
    reply.header('ETag', etagOf(dictionary.version));
    return dictionary;
  }
}
