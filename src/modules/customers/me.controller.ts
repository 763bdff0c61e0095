import { Body, Controller, Delete, Get, Header, HttpCode, Ip, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  InvalidCursor,
  InvalidId,
  InvalidParameter,
  NotFound,
  RateLimited,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { etagOf, IdParam, IfMatch, ListEnvelope, ListQuery, type Page, type Reply, Throws } from '#libs/http';
import {
  CurrentCustomer,
  Customer,
  type CustomerIdentity,
  MailSentResponse,
  Sessions,
  WrongPassword,
} from '../auth/index.js';
import { CreditLeft } from '../credits/index.js';
import { OrdersQuery } from '../orders/index.js';
import { ChangeCredentials } from './change-credentials.service.js';
import { OpenOrders } from './customers.errors.js';
import { type CustomerRow, CustomersQuery } from './customers.query.js';
import { DeleteCustomer } from './delete-customer.service.js';
import { ChangeEmailRequest, ChangePasswordRequest, DeleteMeRequest, UpdateMeRequest } from './dto/account.request.js';
import { MeCustomerResponse, MyDataResponse, MyOrderResponse, MySessionResponse } from './dto/customer.response.js';
import { EditProfile } from './edit-profile.service.js';
import { ExportMyData } from './export-my-data.service.js';

function send(reply: Reply, row: CustomerRow): MeCustomerResponse {
  reply.header('ETag', etagOf(row.version));
  return MeCustomerResponse.from(row);
}

/** The customer's own account. */
@ApiTags('Account')
@Controller('v1/me')
export class MeController {
  constructor(
    private readonly query: CustomersQuery,
    private readonly editProfile: EditProfile,
    private readonly credentials: ChangeCredentials,
    private readonly deleteCustomer: DeleteCustomer,
    private readonly exportMyData: ExportMyData,
    private readonly orders: OrdersQuery,
    private readonly sessions: Sessions,
  ) {}

  @Get()
  @Customer()
  @ApiOperation({ operationId: 'getMyAccount', summary: 'Who am I' })
  @ApiOkResponse({ type: MeCustomerResponse })
  async get(
    @CurrentCustomer() customer: CustomerIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MeCustomerResponse> {
    return send(reply, await this.query.get(customer.id));
  }

  @Patch()
  @Customer()
  @ApiOperation({ operationId: 'updateMyAccount', summary: 'Change name, telephone number or consent' })
  @ApiOkResponse({ type: MeCustomerResponse })
  @Throws(ValidationFailed, VersionMismatch)
  async update(
    @CurrentCustomer() customer: CustomerIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: UpdateMeRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MeCustomerResponse> {
    return send(reply, await this.editProfile.execute(customer.id, expectedVersion, body));
  }

  @Delete()
  @Customer()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteMyAccount',
    summary: 'Delete my account',
    description:
      'At once and for good. Past orders stay without the person, for the books; orders under way have to be completed or canceled first. Store credit is spent or paid out before, or given up with `forfeitCredit: true`.',
  })
  @ApiNoContentResponse({ description: 'Gone, with all sessions' })
  @Throws(ValidationFailed, WrongPassword, OpenOrders, CreditLeft, RateLimited)
  delete(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: DeleteMeRequest,
    @Ip() address: string,
  ): Promise<void> {
    return this.deleteCustomer.execute(customer, body, address);
  }

  @Post('password')
  @Customer()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'changeMyPassword',
    summary: 'Change my password',
    description:
      'Ends all sessions but this one. A mail tells of it, and names the accounts at providers that still open this one: ' +
      'they stay unless `unlinkIdentities` is set (GET /v1/me/identities lists them).',
  })
  @ApiNoContentResponse({ description: 'Changed' })
  @Throws(ValidationFailed, WrongPassword, RateLimited)
  changePassword(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: ChangePasswordRequest,
    @Ip() address: string,
  ): Promise<void> {
    return this.credentials.password(customer, body, address);
  }

  @Post('email')
  @Customer()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'changeMyEmail',
    summary: 'Change my e-mail address',
    description:
      'It changes when the link of the mail to the new address is opened (POST /v1/auth/verify-email). The old address is told.',
  })
  @ApiAcceptedResponse({ type: MailSentResponse })
  @Throws(ValidationFailed, WrongPassword, RateLimited)
  async changeEmail(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: ChangeEmailRequest,
    @Ip() address: string,
  ): Promise<MailSentResponse> {
    await this.credentials.email(customer, body, address);
    return { status: 'mail_sent' };
  }

  @Get('orders')
  @Customer()
  @ApiOperation({
    operationId: 'listMyOrders',
    summary: 'My orders, newest first',
    description: 'Those too that were placed as a guest with the e-mail address of the account.',
  })
  @ListEnvelope(MyOrderResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async listOrders(
    @CurrentCustomer() customer: CustomerIdentity,
    @Query() query: ListQuery,
  ): Promise<{ data: MyOrderResponse[]; page: Page }> {
    const { data, page } = await this.orders.listOf(customer.id, query);
    return { data: data.map((order) => MyOrderResponse.from(order)), page };
  }

  @Get('export')
  @Customer()
  @Header('Content-Disposition', 'attachment; filename="my-data.json"')
  @ApiOperation({ operationId: 'exportMyData', summary: 'Everything that the shop knows of me' })
  @ApiOkResponse({ type: MyDataResponse })
  export(@CurrentCustomer() customer: CustomerIdentity): Promise<MyDataResponse> {
    return this.exportMyData.execute(customer);
  }

  @Get('sessions')
  @Customer()
  @ApiOperation({ operationId: 'listMySessions', summary: 'Where I am signed in, last used first' })
  @ListEnvelope(MySessionResponse, { paged: false })
  async listSessions(@CurrentCustomer() customer: CustomerIdentity): Promise<{ data: MySessionResponse[] }> {
    const rows = await this.sessions.list('customer', customer.id);
    return { data: rows.map((row) => MySessionResponse.from(row, customer.sessionId)) };
  }

  @Delete('sessions')
  @Customer()
  @HttpCode(204)
  @ApiOperation({ operationId: 'endMySessions', summary: 'Sign out everywhere, here too' })
  @ApiNoContentResponse({ description: 'All are over, with their access tokens' })
  endSessions(@CurrentCustomer() customer: CustomerIdentity): Promise<void> {
    return this.sessions.endAll('customer', customer.id);
  }

  @Delete('sessions/:id')
  @Customer()
  @HttpCode(204)
  @ApiOperation({ operationId: 'endMySession', summary: 'Sign out somewhere' })
  @ApiNoContentResponse({ description: 'It is over, with its access tokens' })
  @Throws(InvalidId, NotFound)
  async endSession(@CurrentCustomer() customer: CustomerIdentity, @IdParam('session') id: string): Promise<void> {
    if (!(await this.sessions.endOne('customer', customer.id, id)))
      throw NotFound({ detail: 'You have no such session.' });
  }
}
