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
import { SynonymGroupNotFound, TooManySynonyms } from '../catalog.errors.js';
import type { SynonymGroup } from '../entities/index.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from '../etag-header.js';
import { EditSynonyms } from './edit-synonyms.service.js';
import { CreateSynonymGroupRequest, SynonymGroupResponse, UpdateSynonymGroupRequest } from './synonym.dto.js';

function send(reply: Reply, group: SynonymGroup): SynonymGroupResponse {
  setVersion(reply, group.version);
  return SynonymGroupResponse.from(group);
}

/** Words of shoppers that stand for others. */
@ApiTags('Search')
@Controller('v1/admin/synonyms')
export class SynonymsAdminController {
  constructor(private readonly synonyms: EditSynonyms) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listSynonyms', summary: 'Synonyms, the newest first' })
  @ListEnvelope(SynonymGroupResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: SynonymGroupResponse[]; page: Page }> {
    const { rows, page } = await this.synonyms.list(query);
    return { data: rows.map((row) => SynonymGroupResponse.from(row)), page };
  }

  @Post()
  @Staff('catalog.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createSynonyms',
    summary: 'Let searches take words for each other, or lead from some to others',
    description: 'Searches, facets and suggestions follow at once. Terms may have several words.',
  })
  @ApiCreatedResponse({ type: SynonymGroupResponse, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, TooManySynonyms)
  async create(
    @Body() body: CreateSynonymGroupRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SynonymGroupResponse> {
    const answer = send(reply, await this.synonyms.create(body));
    reply.header('Location', `/v1/admin/synonyms/${answer.id}`);
    return answer;
  }

  @Get(':id')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getSynonyms', summary: 'One group of synonyms' })
  @ApiOkResponse({ type: SynonymGroupResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, SynonymGroupNotFound)
  async get(
    @IdParam('synonymGroup', 'id', WELL_KNOWN.synonymGroupId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SynonymGroupResponse> {
    return send(reply, await this.synonyms.get(id));
  }

  @Patch(':id')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateSynonyms', summary: 'Change a group of synonyms' })
  @ApiOkResponse({ type: SynonymGroupResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, SynonymGroupNotFound)
  async update(
    @IdParam('synonymGroup', 'id', WELL_KNOWN.synonymGroupId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateSynonymGroupRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SynonymGroupResponse> {
    return send(reply, await this.synonyms.update(id, version, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'deleteSynonyms', summary: 'Delete a group of synonyms' })
  @ApiNoContentResponse({ description: 'Deleted' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, SynonymGroupNotFound)
  delete(
    @IdParam('synonymGroup', 'id', WELL_KNOWN.synonymGroupId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.synonyms.delete(id, version);
  }
}
