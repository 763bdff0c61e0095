import { Body, Controller, Get, Patch, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatchRequired, InvalidHeader, ValidationFailed, VersionMismatch } from '#libs/errors';
import { etagOf, IfMatch, type Reply, Throws } from '#libs/http';
import { Staff } from '../auth/index.js';
import { SettingsResponse, UpdateSettingsRequest } from './dto/settings.dto.js';
import type { ShopSettings } from './entities/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { CurrencyInUse } from './settings.errors.js';
import { SettingsService } from './settings.service.js';

/** What sort of shop this is. */
@ApiTags('Settings')
@Controller('v1/admin/settings')
export class SettingsAdminController {
  constructor(private readonly settings: SettingsService) {}

  /** The settings. */
  @Get()
  @Staff('settings.read')
  @ApiOperation({
    operationId: 'getSettings',
    summary: 'Settings of the shop',
    description: 'The ETag changes with every change of settings, tax rates and shipping.',
  })
  @ApiOkResponse({ type: SettingsResponse, headers: ETAG_HEADER })
  async get(@Res({ passthrough: true }) reply: Reply): Promise<SettingsResponse> {
    return answer(reply, await this.settings.get());
  }

  /** Changes settings. */
  @Patch()
  @Staff('settings.write')
  @ApiOperation({ operationId: 'updateSettings', summary: 'Change settings of the shop' })
  @ApiBody({
    type: UpdateSettingsRequest,
    examples: {
      payments: {
        summary: 'Take invoice and cash, and warn at five left',
        value: { manualPayments: true, lowStockThreshold: 5 },
      },
    },
  })
  @ApiOkResponse({ type: SettingsResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidHeader, IfMatchRequired, VersionMismatch, CurrencyInUse)
  async update(
    @Body() body: UpdateSettingsRequest,
    @IfMatch('required') version: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<SettingsResponse> {
    return answer(reply, await this.settings.update(body, version));
  }
}

function answer(reply: Reply, settings: ShopSettings): SettingsResponse {
  reply.header('ETag', etagOf(settings.version));
  return SettingsResponse.from(settings);
}
