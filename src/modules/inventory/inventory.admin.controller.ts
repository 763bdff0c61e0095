import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidParameter, NotFound, UnknownParameter, ValidationFailed } from '#libs/errors';
import { IdempotencyRef, type IdempotencyReference, Idempotent, ListEnvelope, type Page, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { AdjustStock } from './adjust-stock.service.js';
import {
  StockAdjustmentRequest,
  StockLevelQuery,
  StockLevelResponse,
  StockMovementQuery,
  StockMovementResponse,
} from './dto/stock.dto.js';
import { StockNotTracked, StockPromised } from './inventory.errors.js';
import { InventoryQuery } from './inventory.query.js';

@ApiTags('Inventory')
@Controller('v1/admin')
export class InventoryAdminController {
  constructor(
    private readonly query: InventoryQuery,
    private readonly adjustStock: AdjustStock,
  ) {}

  @Get('stock-levels')
  @Staff('inventory.read')
  @ApiOperation({ operationId: 'listStockLevels', summary: 'Stock of variants at locations' })
  @ListEnvelope(StockLevelResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  levels(@Query() query: StockLevelQuery): Promise<{ data: StockLevelResponse[]; page: Page }> {
    return this.query.levels(query);
  }

  @Post('stock-adjustments')
  @Staff('inventory.write')
  @Idempotent()
  @ApiOperation({ operationId: 'adjustStock', summary: 'Correct on-hand stock, with a reason' })
  @ApiCreatedResponse({ type: StockLevelResponse, description: 'The new level' })
  @Throws(ValidationFailed, NotFound, StockNotTracked, StockPromised)
  adjust(
    @Body() body: StockAdjustmentRequest,
    @CurrentStaff() staff: StaffIdentity,
    @IdempotencyRef() idempotency: IdempotencyReference | undefined,
  ): Promise<StockLevelResponse> {
    return this.adjustStock.execute(body, `staff:${encodeId('user', staff.id)}`, idempotency);
  }

  @Get('stock-movements')
  @Staff('inventory.read')
  @ApiOperation({ operationId: 'listStockMovements', summary: 'The ledger of stock: every change, newest first' })
  @ListEnvelope(StockMovementResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  movements(@Query() query: StockMovementQuery): Promise<{ data: StockMovementResponse[]; page: Page }> {
    return this.query.movements(query);
  }
}
