import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, InvalidState, NotFound, ValidationFailed } from '#libs/errors';
import { IdParam, ListEnvelope, Throws } from '#libs/http';
import { CurrentStaff, Staff } from './access.decorators.js';
import { ApiKeys } from './api-keys.service.js';
import { PermissionNotYours } from './auth.errors.js';
import { ApiKeyResponse, CreateApiKeyRequest, NewApiKeyResponse, RotateApiKeyRequest } from './dto/api-key.dto.js';
import type { StaffIdentity } from './staff-identity.js';

const DEFAULT_OVERLAP_HOURS = 24;

/** Keys with which other programs enter. */
@ApiTags('API keys')
@Controller('v1/admin/api-keys')
export class ApiKeysAdminController {
  constructor(private readonly keys: ApiKeys) {}

  @Get()
  @Staff('keys.read')
  @ApiOperation({ operationId: 'listApiKeys', summary: 'API keys, newest first' })
  @ListEnvelope(ApiKeyResponse, { paged: false })
  async list(): Promise<{ data: ApiKeyResponse[] }> {
    return { data: (await this.keys.list()).map((row) => ApiKeyResponse.from(row)) };
  }

  @Get(':id')
  @Staff('keys.read')
  @ApiOperation({ operationId: 'getApiKey', summary: 'Read an API key; the key itself is not kept' })
  @ApiOkResponse({ type: ApiKeyResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('apiKey') id: string): Promise<ApiKeyResponse> {
    return ApiKeyResponse.from(await this.keys.get(id));
  }

  @Post()
  @Staff('keys.write')
  @ApiOperation({
    operationId: 'createApiKey',
    summary: 'Make an API key',
    description:
      '`Authorization: Bearer emp_sk_…` opens what its scopes name, as far as whoever made it may do that at the moment. The key is shown this once. ' +
      'Only people make keys, no keys do.',
  })
  @ApiCreatedResponse({ type: NewApiKeyResponse })
  @Throws(ValidationFailed, PermissionNotYours)
  async create(@Body() body: CreateApiKeyRequest, @CurrentStaff() staff: StaffIdentity): Promise<NewApiKeyResponse> {
    return NewApiKeyResponse.from(await this.keys.create(staff, body));
  }

  @Post(':id/rotate')
  @Staff('keys.write')
  @ApiOperation({
    operationId: 'rotateApiKey',
    summary: 'Make a key in the place of another',
    description:
      'The old one goes on for `overlapHours`, so that nothing stops while programs change over. Only people do this.',
  })
  @ApiCreatedResponse({ type: NewApiKeyResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, InvalidState, PermissionNotYours)
  async rotate(
    @IdParam('apiKey') id: string,
    @Body() body: RotateApiKeyRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<NewApiKeyResponse> {
    return NewApiKeyResponse.from(await this.keys.rotate(staff, id, body.overlapHours ?? DEFAULT_OVERLAP_HOURS));
  }

  @Delete(':id')
  @Staff('keys.write')
  @HttpCode(204)
  @ApiOperation({ operationId: 'revokeApiKey', summary: 'End an API key at once' })
  @ApiNoContentResponse({ description: 'It opens nothing any more; it stays on the list' })
  @Throws(InvalidId, NotFound)
  revoke(@IdParam('apiKey') id: string, @CurrentStaff() staff: StaffIdentity): Promise<void> {
    return this.keys.revoke(staff, id);
  }
}
