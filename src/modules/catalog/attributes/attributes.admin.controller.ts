import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
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
import type { AttributeDefinition } from '../entities/index.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from '../etag-header.js';
import { AttributeResponse, CreateAttributeRequest, UpdateAttributeRequest } from './attribute.dto.js';
import { AttributeChoiceInUse, AttributeKeyTaken, AttributeNotFound, TooManyAttributes } from './attribute.errors.js';
import { AttributesQuery } from './attributes.query.js';
import { EditAttributes } from './edit-attributes.service.js';

/** What a shop says of its products beyond what every product says. */
@ApiTags('Attributes')
@Controller('v1/admin/attributes')
export class AttributesAdminController {
  constructor(
    private readonly query: AttributesQuery,
    private readonly edit: EditAttributes,
  ) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({
    operationId: 'listAttributes',
    summary: 'Attributes of products, in the order in which they are shown',
  })
  @ListEnvelope(AttributeResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: AttributeResponse[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => AttributeResponse.from(row)), page };
  }

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createAttribute',
    summary: 'Add an attribute',
    description:
      'Products get their values with PATCH /v1/admin/products/{id}. Shoppers filter with `attribute.<key>=value`, numbers also ' +
      'with `attribute.<key>[gte]` and `[lte]`; collections may ask for it in their rules. The same request again answers the attribute that is there.',
  })
  @ApiCreatedResponse({ type: AttributeResponse, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, AttributeKeyTaken, TooManyAttributes)
  async create(
    @Body() body: CreateAttributeRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AttributeResponse> {
    const answer = send(reply, await this.edit.create(body));
    reply.header('Location', `/v1/admin/attributes/${answer.id}`);
    return answer;
  }

  @Get(':id')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getAttribute', summary: 'One attribute' })
  @ApiOkResponse({ type: AttributeResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, AttributeNotFound)
  async get(
    @IdParam('attribute', 'id', WELL_KNOWN.attributeId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AttributeResponse> {
    return send(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateAttribute', summary: 'Change an attribute; its key and type stay' })
  @ApiOkResponse({ type: AttributeResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch)
  @Throws(AttributeNotFound, AttributeChoiceInUse)
  async update(
    @IdParam('attribute', 'id', WELL_KNOWN.attributeId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateAttributeRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AttributeResponse> {
    return send(reply, await this.edit.update(id, version, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'deleteAttribute',
    summary: 'Delete an attribute',
    description: 'Nobody filters by it or writes it from now on; its values are off all products a moment later.',
  })
  @ApiNoContentResponse({ description: 'Deleted' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, AttributeNotFound)
  delete(
    @IdParam('attribute', 'id', WELL_KNOWN.attributeId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.delete(id, version);
  }
}

function send(reply: Reply, row: AttributeDefinition): AttributeResponse {
  setVersion(reply, row.version);
  return AttributeResponse.from(row);
}
