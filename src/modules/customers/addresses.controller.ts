import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound, ValidationFailed, VersionMismatch } from '#libs/errors';
import { etagOf, Idempotent, IdParam, IfMatch, ListEnvelope, type Reply, Throws } from '#libs/http';
import { CurrentCustomer, Customer, type CustomerIdentity } from '../auth/index.js';
import { type AddressRow, Addresses } from './addresses.service.js';
import { TooManyAddresses } from './customers.errors.js';
import { CreateAddressRequest, CustomerAddressResponse, UpdateAddressRequest } from './dto/address.dto.js';

function send(reply: Reply, row: AddressRow): CustomerAddressResponse {
  reply.header('ETag', etagOf(row.version));
  return CustomerAddressResponse.from(row);
}

/** The addresses that a customer keeps. */
@ApiTags('Account')
@Controller('v1/me/addresses')
export class AddressesController {
  constructor(private readonly addresses: Addresses) {}

  @Get()
  @Customer()
  @ApiOperation({ operationId: 'listMyAddresses', summary: 'My addresses' })
  @ListEnvelope(CustomerAddressResponse, { paged: false })
  async list(@CurrentCustomer() customer: CustomerIdentity): Promise<{ data: CustomerAddressResponse[] }> {
    return { data: (await this.addresses.list(customer.id)).map((row) => CustomerAddressResponse.from(row)) };
  }

  @Post()
  @Customer()
  @Idempotent('optional')
  @ApiOperation({ operationId: 'createMyAddress', summary: 'Keep an address' })
  @ApiCreatedResponse({ type: CustomerAddressResponse })
  @Throws(ValidationFailed, TooManyAddresses)
  async create(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: CreateAddressRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerAddressResponse> {
    const answer = send(reply, await this.addresses.create(customer.id, body));
    reply.header('Location', `/v1/me/addresses/${answer.id}`);
    return answer;
  }

  @Get(':id')
  @Customer()
  @ApiOperation({ operationId: 'getMyAddress', summary: 'One of my addresses' })
  @ApiOkResponse({ type: CustomerAddressResponse })
  @Throws(InvalidId, NotFound)
  async get(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('address') id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerAddressResponse> {
    return send(reply, await this.addresses.get(customer.id, id));
  }

  @Patch(':id')
  @Customer()
  @ApiOperation({ operationId: 'updateMyAddress', summary: 'Change an address, or what it is proposed for' })
  @ApiOkResponse({ type: CustomerAddressResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, VersionMismatch)
  async update(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('address') id: string,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: UpdateAddressRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerAddressResponse> {
    return send(reply, await this.addresses.update(customer.id, id, expectedVersion, body));
  }

  @Delete(':id')
  @Customer()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteMyAddress', summary: 'Forget an address' })
  @ApiNoContentResponse({ description: 'Gone' })
  @Throws(InvalidId, NotFound, VersionMismatch)
  delete(
    @CurrentCustomer() customer: CustomerIdentity,
    @IdParam('address') id: string,
    @IfMatch('optional') expectedVersion: number | undefined,
  ): Promise<void> {
    return this.addresses.delete(customer.id, id, expectedVersion);
  }
}
