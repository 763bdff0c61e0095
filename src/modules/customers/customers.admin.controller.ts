import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
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
import {
  CurrentStaff,
  EmailTaken,
  MailSentResponse,
  SendPasswordResetRequest,
  Staff,
  type StaffIdentity,
  TwoFactorNotEnabled,
} from '../auth/index.js';
import { CreditLeft } from '../credits/index.js';
import { OrdersQuery, OrderSummaryResponse } from '../orders/index.js';
import { type CustomerDetails, CustomersAdminQuery } from './customers.admin.query.js';
import { OpenOrders } from './customers.errors.js';
import {
  CreateCustomerRequest,
  CustomerListQuery,
  CustomerResponse,
  CustomerSummaryResponse,
  DeleteCustomerQuery,
  UpdateCustomerRequest,
} from './dto/customer-admin.dto.js';
import { ManageCustomers } from './manage-customers.service.js';

function send(reply: Reply, customer: CustomerDetails): CustomerResponse {
  reply.header('ETag', etagOf(customer.version));
  return CustomerResponse.from(customer);
}

/** The customers of the shop. */
@ApiTags('Customers')
@Controller('v1/admin/customers')
export class CustomersAdminController {
  constructor(
    private readonly query: CustomersAdminQuery,
    private readonly orders: OrdersQuery,
    private readonly manage: ManageCustomers,
  ) {}

  @Get()
  @Staff('customers.read')
  @ApiOperation({ operationId: 'listCustomers', summary: 'Customers, newest first' })
  @ListEnvelope(CustomerSummaryResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: CustomerListQuery): Promise<{ data: CustomerSummaryResponse[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => CustomerSummaryResponse.from(row)), page };
  }

  @Post()
  @Staff('customers.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createCustomer',
    summary: 'Open an account for a customer',
    description:
      'They get a mail with which they choose a password. Until then nobody enters the account; whoever registers with the address, and reads its mailbox, gets it.',
  })
  @ApiCreatedResponse({ type: CustomerResponse })
  @Throws(ValidationFailed, EmailTaken)
  async create(
    @Body() body: CreateCustomerRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerResponse> {
    const answer = send(reply, await this.manage.create(body));
    reply.header('Location', `/v1/admin/customers/${answer.id}`);
    return answer;
  }

  @Get(':id')
  @Staff('customers.read')
  @ApiOperation({
    operationId: 'getCustomer',
    summary: 'A customer with addresses, orders counted and money spent',
    description: 'Whoever was deleted is not found.',
  })
  @ApiOkResponse({ type: CustomerResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('customer') id: string, @Res({ passthrough: true }) reply: Reply): Promise<CustomerResponse> {
    return send(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('customers.write')
  @ApiOperation({
    operationId: 'updateCustomer',
    summary: 'Change name, telephone number, note or tags of a customer',
    description: 'The e-mail address is theirs to change, since it is what they sign in with.',
  })
  @ApiOkResponse({ type: CustomerResponse })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch)
  async update(
    @IdParam('customer') id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Body() body: UpdateCustomerRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerResponse> {
    return send(reply, await this.manage.update(id, expectedVersion, body));
  }

  @Delete(':id')
  @Staff('customers.write')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'anonymizeCustomer',
    summary: 'Delete a customer at their wish',
    description:
      'At once and for good: the person is taken out of the account, its orders and everything else. What was bought for how much stays, for the books. ' +
      'Orders under way have to be completed or canceled first, and store credit spent, taken or given up (`forfeitCredit`).',
  })
  @ApiNoContentResponse({ description: 'The person is gone' })
  @Throws(
    InvalidId,
    InvalidHeader,
    InvalidParameter,
    UnknownParameter,
    NotFound,
    IfMatchRequired,
    VersionMismatch,
    OpenOrders,
    CreditLeft,
  )
  anonymize(
    @IdParam('customer') id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Query() { forfeitCredit }: DeleteCustomerQuery,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<void> {
    const actor = `staff:${encodeId('user', staff.id)}`;
    return this.manage.anonymize(id, { expectedVersion, forfeitCredit: forfeitCredit === 'true', actor });
  }

  @Get(':id/orders')
  @Staff('orders.read')
  @ApiOperation({ operationId: 'listCustomerOrders', summary: 'Orders of a customer, newest first' })
  @ListEnvelope(OrderSummaryResponse)
  @Throws(InvalidId, NotFound, InvalidCursor, InvalidParameter, UnknownParameter)
  async listOrders(
    @IdParam('customer') id: string,
    @Query() query: ListQuery,
  ): Promise<{ data: OrderSummaryResponse[]; page: Page }> {
    await this.query.get(id);
    return this.orders.listOf(id, query);
  }

  @Post(':id/password-reset')
  @Staff('customers.write')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'sendCustomerPasswordReset',
    summary: 'Send a customer a mail with which to choose a password',
    description:
      'Another one, or the first where staff have opened the account. `force` makes the present password void at once, ends all sessions and takes away accounts at providers, for when it may be known to others.',
  })
  @ApiAcceptedResponse({ type: MailSentResponse })
  @Throws(ValidationFailed, InvalidId, NotFound)
  async sendPasswordReset(
    @IdParam('customer') id: string,
    @Body() body: SendPasswordResetRequest,
  ): Promise<MailSentResponse> {
    await this.manage.sendPasswordReset(id, body.force ?? false);
    return { status: 'mail_sent' };
  }

  @Delete(':id/sessions')
  @Staff('customers.write')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endCustomerSessions', summary: 'Sign a customer out everywhere' })
  @ApiNoContentResponse({ description: 'All sessions are over, with their access tokens' })
  @Throws(InvalidId, NotFound)
  endSessions(@IdParam('customer') id: string): Promise<void> {
    return this.manage.endSessions(id);
  }

  @Delete(':id/two-factor')
  @Staff('customers.write')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'resetCustomerTwoFactor',
    summary: 'Take the second factor of a customer away',
    description:
      'For somebody whose telephone and recovery codes are gone: make sure that it is them. Their sessions end, and a mail tells them.',
  })
  @ApiNoContentResponse({ description: 'No code is asked for any more' })
  @Throws(InvalidId, NotFound, TwoFactorNotEnabled)
  resetTwoFactor(@IdParam('customer') id: string): Promise<void> {
    return this.manage.resetTwoFactor(id);
  }
}
