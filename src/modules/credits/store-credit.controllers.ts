import { Body, Controller, Get, Header, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Db } from '#libs/database';
import { InvalidId, NotFound, ValidationFailed } from '#libs/errors';
import { Idempotent, IdParam, Throws } from '#libs/http';
import {
  CurrentCustomer,
  CurrentStaff,
  Customer,
  type CustomerIdentity,
  Staff,
  type StaffIdentity,
} from '../auth/index.js';
import { CreditTooSmall } from './credits.errors.js';
import { CreditsQuery } from './credits.query.js';
import {
  AdjustStoreCreditRequest,
  CreditTransactionResponse,
  StoreCreditResponse,
  StoreCreditsDetailResponse,
  StoreCreditsResponse,
} from './dto/credits.dto.js';
import { actorOf } from './gift-cards.admin.controller.js';
import { ManageCredits } from './manage-credits.service.js';
import { StoreCredit } from './store-credit.service.js';

/** Store credit of customers, for staff. */
@ApiTags('Customers')
@Controller('v1/admin/customers/:id/store-credit')
export class StoreCreditAdminController {
  constructor(
    private readonly db: Db,
    private readonly query: CreditsQuery,
    private readonly storeCredit: StoreCredit,
    private readonly manage: ManageCredits,
  ) {}

  @Get()
  @Staff('credits.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getStoreCredit', summary: 'Store credit of a customer with what happened to it' })
  @ApiOkResponse({ type: StoreCreditsDetailResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('customer') id: string): Promise<StoreCreditsDetailResponse> {
    await this.query.assertCustomer(id);
    return this.details(id);
  }

  @Post()
  @Staff('credits.write')
  @Idempotent()
  @ApiOperation({
    operationId: 'adjustStoreCredit',
    summary: 'Give store credit to a customer, or take it, with the reason',
  })
  @ApiCreatedResponse({ type: StoreCreditsDetailResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, CreditTooSmall)
  async adjust(
    @IdParam('customer') id: string,
    @Body() body: AdjustStoreCreditRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<StoreCreditsDetailResponse> {
    await this.manage.adjustStoreCredit(id, body, actorOf(staff));
    return this.details(id);
  }

  private async details(id: string): Promise<StoreCreditsDetailResponse> {
    const [accounts, transactions] = await Promise.all([this.storeCredit.of(this.db, id), this.query.ofCustomer(id)]);
    return {
      data: accounts.map((row) => StoreCreditResponse.from(row)),
      transactions: transactions.map((row) => CreditTransactionResponse.from(row)),
    };
  }
}

/** Store credit of the customer who is signed in. */
@ApiTags('Account')
@Controller('v1/me/store-credit')
export class MyStoreCreditController {
  constructor(
    private readonly db: Db,
    private readonly storeCredit: StoreCredit,
  ) {}

  @Get()
  @Customer()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getMyStoreCredit', summary: 'What I have with the shop, by currency' })
  @ApiOkResponse({ type: StoreCreditsResponse })
  async get(@CurrentCustomer() customer: CustomerIdentity): Promise<StoreCreditsResponse> {
    const accounts = await this.storeCredit.of(this.db, customer.id);
    return { data: accounts.map((row) => StoreCreditResponse.from(row)) };
  }
}
