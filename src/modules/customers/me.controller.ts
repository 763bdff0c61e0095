import { Body, Controller, Get, Patch, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ValidationFailed, VersionMismatch } from '#libs/errors';
import { etagOf, IfMatch, type Reply, Throws } from '#libs/http';
import { CurrentCustomer, Customer, type CustomerIdentity } from '../auth/index.js';
import { type CustomerRow, CustomersQuery } from './customers.query.js';
import { UpdateMeRequest } from './dto/account.request.js';
import { MeCustomerResponse } from './dto/customer.response.js';
import { EditProfile } from './edit-profile.service.js';

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
}
