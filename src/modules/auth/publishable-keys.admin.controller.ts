import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidHeader,
  InvalidId,
  InvalidState,
  NotFound,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { etagOf, IdParam, IfMatch, ListEnvelope, type Reply, Throws } from '#libs/http';
import { CurrentStaff, Staff } from './access.decorators.js';
import {
  CreatePublishableKeyRequest,
  NewPublishableKeyResponse,
  PublishableKeyResponse,
  RotatePublishableKeyRequest,
  UpdatePublishableKeyRequest,
} from './dto/publishable-key.dto.js';
import { type PublishableKeyRow, PublishableKeys } from './publishable-keys.service.js';
import type { StaffIdentity } from './staff-identity.js';

const DEFAULT_OVERLAP_HOURS = 24;

function tagged<Row extends PublishableKeyRow>(reply: Reply, row: Row): Row {
  reply.header('ETag', etagOf(row.version));
  return row;
}

/** Keys that say which storefront asks. */
@ApiTags('API keys')
@Controller('v1/admin/publishable-keys')
export class PublishableKeysAdminController {
  constructor(private readonly keys: PublishableKeys) {}

  @Get()
  @Staff('keys.read')
  @ApiOperation({ operationId: 'listPublishableKeys', summary: 'Publishable keys, newest first' })
  @ListEnvelope(PublishableKeyResponse, { paged: false })
  async list(): Promise<{ data: PublishableKeyResponse[] }> {
    return { data: (await this.keys.list()).map((row) => PublishableKeyResponse.from(row)) };
  }

  @Get(':id')
  @Staff('keys.read')
  @ApiOperation({ operationId: 'getPublishableKey', summary: 'Read a publishable key; the key itself is not kept' })
  @ApiOkResponse({ type: PublishableKeyResponse })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('publishableKey') id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PublishableKeyResponse> {
    return PublishableKeyResponse.from(tagged(reply, await this.keys.get(id)));
  }

  @Post()
  @Staff('keys.write')
  @ApiOperation({
    operationId: 'createPublishableKey',
    summary: 'Make a publishable key',
    description:
      'A storefront shows it in `X-Publishable-Key`: its requests are counted together, and what they do not say of currency and country comes from the key. ' +
      'It stands in pages, so it opens nothing. It is shown this once: whoever loses it rotates. Only people make keys, no keys do.',
  })
  @ApiCreatedResponse({ type: NewPublishableKeyResponse })
  @Throws(ValidationFailed)
  async create(
    @Body() body: CreatePublishableKeyRequest,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<NewPublishableKeyResponse> {
    const { name, currency = null, country = null, origins = [], requestsPerMin = null } = body;
    const made = await this.keys.create(staff, { name, currency, country, origins, requestsPerMin });
    return NewPublishableKeyResponse.from(tagged(reply, made));
  }

  @Patch(':id')
  @Staff('keys.write')
  @ApiOperation({ operationId: 'updatePublishableKey', summary: 'Change what a key says of its storefront, at once' })
  @ApiOkResponse({ type: PublishableKeyResponse })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  async update(
    @IdParam('publishableKey') id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Body() body: UpdatePublishableKeyRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<PublishableKeyResponse> {
    return PublishableKeyResponse.from(tagged(reply, await this.keys.update(id, expectedVersion, body)));
  }

  @Post(':id/rotate')
  @Staff('keys.write')
  @ApiOperation({
    operationId: 'rotatePublishableKey',
    summary: 'Make a key in the place of another',
    description: 'The old one goes on for `overlapHours`, so that pages that are open go on. Only people do this.',
  })
  @ApiCreatedResponse({ type: NewPublishableKeyResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, InvalidState)
  async rotate(
    @IdParam('publishableKey') id: string,
    @Body() body: RotatePublishableKeyRequest,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<NewPublishableKeyResponse> {
    const made = await this.keys.rotate(staff, id, body.overlapHours ?? DEFAULT_OVERLAP_HOURS);
    return NewPublishableKeyResponse.from(tagged(reply, made));
  }

  @Delete(':id')
  @Staff('keys.write')
  @HttpCode(204)
  @ApiOperation({ operationId: 'revokePublishableKey', summary: 'End a publishable key at once' })
  @ApiNoContentResponse({ description: 'Requests that show it are refused; it stays on the list' })
  @Throws(InvalidId, NotFound)
  revoke(@IdParam('publishableKey') id: string): Promise<void> {
    return this.keys.revoke(id);
  }
}
