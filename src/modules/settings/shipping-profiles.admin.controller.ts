import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
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
  NotFound,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import {
  etagOf,
  Idempotent,
  IdParam,
  IfMatch,
  ListEnvelope,
  ListQuery,
  type Page,
  type Reply,
  Throws,
} from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import {
  CreateShippingProfileRequest,
  ShippingProfileResponse,
  UpdateShippingProfileRequest,
} from './dto/shipping-profile.dto.js';
import type { ShippingProfile } from './entities/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { ShippingProfileExists, ShippingProfileInUse } from './settings.errors.js';
import { SettingsQuery } from './settings.query.js';
import { ShippingProfiles } from './shipping-profiles.service.js';

const PROFILE = WELL_KNOWN.shippingProfileId;

/** Goods that are shipped in another way than the rest. */
@ApiTags('Shipping')
@Controller('v1/admin/shipping-profiles')
export class ShippingProfilesAdminController {
  constructor(
    private readonly query: SettingsQuery,
    private readonly profiles: ShippingProfiles,
  ) {}

  @Get()
  @Staff('settings.read')
  @ApiOperation({ operationId: 'listShippingProfiles', summary: 'Kinds of goods that are shipped differently' })
  @ListEnvelope(ShippingProfileResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: ShippingProfileResponse[]; page: Page }> {
    const { rows, page } = await this.query.profiles(query);
    return { data: rows.map((row) => ShippingProfileResponse.from(row)), page };
  }

  @Post()
  @Staff('settings.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createShippingProfile',
    summary: 'Add a kind of goods that is shipped differently',
    description:
      'Variants that name it in `shippingProfileId` go only by methods that have a rate for it in `profileRates`. ' +
      'All other variants are of the default profile. The same request again answers the profile that is there.',
  })
  @ApiCreatedResponse({ type: ShippingProfileResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, ShippingProfileExists)
  async create(
    @Body() body: CreateShippingProfileRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingProfileResponse> {
    const profile = await this.profiles.create(body);
    reply.header('Location', `/v1/admin/shipping-profiles/${encodeId('shippingProfile', profile.id)}`);
    return answer(reply, profile);
  }

  @Get(':id')
  @Staff('settings.read')
  @ApiOperation({ operationId: 'getShippingProfile', summary: 'One shipping profile' })
  @ApiOkResponse({ type: ShippingProfileResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('shippingProfile', 'id', PROFILE) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingProfileResponse> {
    return answer(reply, await this.query.profile(id));
  }

  @Patch(':id')
  @Staff('settings.write')
  @ApiOperation({ operationId: 'updateShippingProfile', summary: 'Rename or describe a shipping profile' })
  @ApiBody({
    type: UpdateShippingProfileRequest,
    examples: { description: { summary: 'Describe it', value: { description: 'Two people carry it' } } },
  })
  @ApiOkResponse({ type: ShippingProfileResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, ShippingProfileExists)
  async update(
    @IdParam('shippingProfile', 'id', PROFILE) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateShippingProfileRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingProfileResponse> {
    return answer(reply, await this.profiles.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('settings.write')
  @ApiOperation({
    operationId: 'deleteShippingProfile',
    summary: 'Delete a shipping profile that nothing uses',
  })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, ShippingProfileInUse)
  delete(
    @IdParam('shippingProfile', 'id', PROFILE) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.profiles.delete(id, version);
  }
}

function answer(reply: Reply, profile: ShippingProfile): ShippingProfileResponse {
  reply.header('ETag', etagOf(profile.version));
  return ShippingProfileResponse.from(profile);
}
