import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound, ValidationFailed } from '#libs/errors';
import { IdParam, Throws } from '#libs/http';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Public } from '../auth/index.js';
import { StockAlertRequest, StockAlertResponse } from './dto/stock-alert.dto.js';
import { VariantAvailable } from './inventory.errors.js';
import { StockAlerts } from './stock-alerts.service.js';

/** Who waits for what is sold out. */
@ApiTags('Catalog')
@Controller('v1/variants')
export class StockAlertsController {
  constructor(private readonly alerts: StockAlerts) {}

  @Post(':id/stock-alerts')
  @Public()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'waitForStock',
    summary: 'Tell me when it is back in stock',
    description: 'One mail, once the variant can be bought again. Asking twice is the same as asking once.',
  })
  @ApiAcceptedResponse({ type: StockAlertResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, VariantAvailable)
  async add(
    @IdParam('variant', 'id', WELL_KNOWN.variantId) id: string,
    @Body() body: StockAlertRequest,
  ): Promise<StockAlertResponse> {
    await this.alerts.add(id, body.email);
    return { status: 'waiting' };
  }
}
