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
  IdParam,
  Idempotent,
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
  CreateShippingMethodRequest,
  CreateShippingZoneRequest,
  ShippingMethodResponse,
  ShippingZoneResponse,
  UpdateShippingMethodRequest,
  UpdateShippingZoneRequest,
} from './dto/shipping.dto.js';
import type { ShippingMethod, ShippingZone } from './entities/index.js';
import { ETAG_HEADER } from './etag-header.js';
import { ZonesOverlap } from './settings.errors.js';
import { SettingsQuery } from './settings.query.js';
import { ShippingService } from './shipping.service.js';

const ZONE = WELL_KNOWN.shippingZoneId;
const METHOD = WELL_KNOWN.expressShippingMethodId;

/** Where the shop ships to, how, and for how much. */
@ApiTags('Shipping')
@Controller('v1/admin/shipping-zones')
export class ShippingAdminController {
  constructor(
    private readonly query: SettingsQuery,
    private readonly shipping: ShippingService,
  ) {}

  /** All zones. */
  @Get()
  @Staff('settings.read')
  @ApiOperation({ operationId: 'listShippingZones', summary: 'Shipping zones with their methods' })
  @ListEnvelope(ShippingZoneResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: ShippingZoneResponse[]; page: Page }> {
    const { rows, page } = await this.query.zones(query);
    return { data: rows.map((row) => ShippingZoneResponse.from(row)), page };
  }

  /** A new zone. */
  @Post()
  @Staff('settings.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createShippingZone',
    summary: 'Add a shipping zone',
    description: 'A country belongs to one zone. The same request again answers the zone that is there.',
  })
  @ApiCreatedResponse({ type: ShippingZoneResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, ZonesOverlap)
  async create(
    @Body() body: CreateShippingZoneRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingZoneResponse> {
    const zone = await this.shipping.createZone(body);
    reply.header('Location', `/v1/admin/shipping-zones/${encodeId('shippingZone', zone.id)}`);
    return answerZone(reply, zone);
  }

  /** One zone. */
  @Get(':id')
  @Staff('settings.read')
  @ApiOperation({ operationId: 'getShippingZone', summary: 'One shipping zone with its methods' })
  @ApiOkResponse({ type: ShippingZoneResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingZoneResponse> {
    return answerZone(reply, await this.query.zone(id));
  }

  /** Changes a zone. */
  @Patch(':id')
  @Staff('settings.write')
  @ApiOperation({ operationId: 'updateShippingZone', summary: 'Rename a shipping zone or change its countries' })
  @ApiBody({
    type: UpdateShippingZoneRequest,
    examples: { name: { summary: 'Rename it', value: { name: 'United States' } } },
  })
  @ApiOkResponse({ type: ShippingZoneResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, ZonesOverlap)
  async update(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateShippingZoneRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingZoneResponse> {
    return answerZone(reply, await this.shipping.updateZone(id, body, version));
  }

  /** Deletes a zone. */
  @Delete(':id')
  @HttpCode(204)
  @Staff('settings.write')
  @ApiOperation({ operationId: 'deleteShippingZone', summary: 'Delete a shipping zone and its methods' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  delete(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.shipping.deleteZone(id, version);
  }

  /** A new method. */
  @Post(':id/methods')
  @Staff('settings.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createShippingMethod',
    summary: 'Add a way to ship to a zone',
    description:
      'At a flat price, or by weight, pieces or subtotal; free above an amount; not for goods, places and weights that `restrictions` name. ' +
      'A cart with goods of several profiles is offered it when it has a rate for each, and pays the sum.',
  })
  @ApiCreatedResponse({ type: ShippingMethodResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, NotFound)
  async createMethod(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @Body() body: CreateShippingMethodRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingMethodResponse> {
    const method = await this.shipping.createMethod(id, body);
    const ids = [encodeId('shippingZone', id), encodeId('shippingMethod', method.id)] as const;
    reply.header('Location', `/v1/admin/shipping-zones/${ids[0]}/methods/${ids[1]}`);
    return answerMethod(reply, method);
  }

  /** One method. */
  @Get(':id/methods/:methodId')
  @Staff('settings.read')
  @ApiOperation({ operationId: 'getShippingMethod', summary: 'One shipping method' })
  @ApiOkResponse({ type: ShippingMethodResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async getMethod(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @IdParam('shippingMethod', 'methodId', METHOD) methodId: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingMethodResponse> {
    return answerMethod(reply, await this.query.method(id, methodId));
  }

  /** Changes a method. */
  @Patch(':id/methods/:methodId')
  @Staff('settings.write')
  @ApiOperation({
    operationId: 'updateShippingMethod',
    summary: 'Change a shipping method, or hide it',
    description: 'Carts get the new price at once; orders keep the price of their day.',
  })
  @ApiBody({
    type: UpdateShippingMethodRequest,
    examples: {
      price: { summary: 'Another price', value: { price: { amount: 1490, currency: 'USD' } } },
      weight: {
        summary: 'By weight, up to 30 kg',
        value: {
          calculation: 'weight',
          bands: [
            { from: 0, amount: 1490 },
            { from: 2000, amount: 1990, plus: 300, every: 1000 },
          ],
          restrictions: { maxWeight: 30_000 },
        },
      },
    },
  })
  @ApiOkResponse({ type: ShippingMethodResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  async updateMethod(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @IdParam('shippingMethod', 'methodId', METHOD) methodId: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateShippingMethodRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingMethodResponse> {
    return answerMethod(reply, await this.shipping.updateMethod(id, methodId, body, version));
  }

  /** Deletes a method. */
  @Delete(':id/methods/:methodId')
  @HttpCode(204)
  @Staff('settings.write')
  @ApiOperation({ operationId: 'deleteShippingMethod', summary: 'Delete a shipping method' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  deleteMethod(
    @IdParam('shippingZone', 'id', ZONE) id: string,
    @IdParam('shippingMethod', 'methodId', METHOD) methodId: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.shipping.deleteMethod(id, methodId, version);
  }
}

function answerZone(reply: Reply, zone: ShippingZone): ShippingZoneResponse {
  reply.header('ETag', etagOf(zone.version));
  return ShippingZoneResponse.from(zone);
}

function answerMethod(reply: Reply, method: ShippingMethod): ShippingMethodResponse {
  reply.header('ETag', etagOf(method.version));
  return ShippingMethodResponse.from(method);
}
