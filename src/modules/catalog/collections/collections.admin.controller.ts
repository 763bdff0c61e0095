import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidCursor,
  InvalidHeader,
  InvalidId,
  InvalidParameter,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { Idempotent, IdParam, IfMatch, ListEnvelope, ListQuery, type Page, type Reply, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Staff } from '../../auth/index.js';
import { CollectionHasRule, CollectionNotFound, HandleTaken } from '../catalog.errors.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from '../etag-header.js';
import {
  AdminCollectionResponse,
  CollectionProductsRequest,
  CollectionProductsResponse,
  CreateCollectionRequest,
  UpdateCollectionRequest,
} from './collection.dto.js';
import { type CollectionRow, CollectionsQuery } from './collections.query.js';
import { EditCollections } from './edit-collections.service.js';

function send(reply: Reply, row: CollectionRow): AdminCollectionResponse {
  setVersion(reply, row.version);
  return AdminCollectionResponse.from(row);
}

/** Products that are shown together. */
@ApiTags('Collections')
@Controller('v1/admin/collections')
export class CollectionsAdminController {
  constructor(
    private readonly query: CollectionsQuery,
    private readonly edit: EditCollections,
  ) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listAdminCollections', summary: 'Collections, by title' })
  @ListEnvelope(AdminCollectionResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: AdminCollectionResponse[]; page: Page }> {
    const { rows, page } = await this.query.list('staff', null, query);
    return { data: rows.map((row) => AdminCollectionResponse.from(row)), page };
  }

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createCollection',
    summary: 'Make a collection, by hand or by a rule',
    description: 'With a rule its products are found within seconds, and from then on whenever a product changes.',
  })
  @ApiCreatedResponse({ type: AdminCollectionResponse, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, HandleTaken)
  async create(
    @Body() body: CreateCollectionRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCollectionResponse> {
    const answer = send(reply, await this.edit.create(body));
    reply.header('Location', `/v1/admin/collections/${answer.id}`);
    return answer;
  }

  @Get(':id')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getAdminCollection', summary: 'One collection' })
  @ApiOkResponse({ type: AdminCollectionResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, CollectionNotFound)
  async get(
    @IdParam('collection', 'id', WELL_KNOWN.collectionId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCollectionResponse> {
    return send(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateCollection', summary: 'Change a collection or its rule' })
  @ApiBody({
    type: UpdateCollectionRequest,
    examples: {
      order: { summary: 'Show what can be bought now', value: { onlyAvailable: true } },
      rule: {
        summary: 'A rule instead of products that are put in by hand',
        value: {
          rule: { match: 'all', conditions: [{ field: 'tag', operator: 'is', value: 'gift' }] },
          sort: '-price',
        },
      },
    },
  })
  @ApiOkResponse({ type: AdminCollectionResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, CollectionNotFound, HandleTaken)
  async update(
    @IdParam('collection', 'id', WELL_KNOWN.collectionId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateCollectionRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCollectionResponse> {
    return send(reply, await this.edit.update(id, version, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'deleteCollection', summary: 'Delete a collection; its products stay' })
  @ApiNoContentResponse({ description: 'Deleted' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, CollectionNotFound)
  delete(
    @IdParam('collection', 'id', WELL_KNOWN.collectionId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.delete(id, version);
  }

  @Get(':id/products')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getCollectionProducts', summary: 'What was put into it by hand, in its order' })
  @ApiOkResponse({ type: CollectionProductsResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, CollectionNotFound)
  async products(
    @IdParam('collection', 'id', WELL_KNOWN.collectionId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CollectionProductsResponse> {
    const { version } = await this.query.get(id);
    setVersion(reply, version);
    return { productIds: await this.query.productsByHand(id) };
  }

  @Put(':id/products')
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'setCollectionProducts',
    summary: 'Put exactly these products into it, in this order',
  })
  @ApiOkResponse({ type: AdminCollectionResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch)
  @Throws(CollectionNotFound, CollectionHasRule)
  async setProducts(
    @IdParam('collection', 'id', WELL_KNOWN.collectionId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: CollectionProductsRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminCollectionResponse> {
    return send(reply, await this.edit.setProducts(id, version, body.productIds));
  }
}
