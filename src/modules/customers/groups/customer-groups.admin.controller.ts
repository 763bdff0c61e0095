import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query, Res } from '@nestjs/common';
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
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { Staff } from '../../auth/index.js';
import { CustomerGroupExists, CustomerGroupInUse } from '../customers.errors.js';
import type { CustomerGroup } from '../entities/index.js';
import { ETAG_HEADER } from '../etag-header.js';
import {
  CreateCustomerGroupRequest,
  CustomerGroupMemberResponse,
  CustomerGroupResponse,
  UpdateCustomerGroupRequest,
} from './customer-group.dto.js';
import { CustomerGroupsQuery } from './customer-groups.query.js';
import { CustomerGroups } from './customer-groups.service.js';

/** Customers who have prices or promotions of their own. */
@ApiTags('Customers')
@Controller('v1/admin/customer-groups')
export class CustomerGroupsAdminController {
  constructor(
    private readonly query: CustomerGroupsQuery,
    private readonly groups: CustomerGroups,
  ) {}

  @Get()
  @Staff('customers.read')
  @ApiOperation({ operationId: 'listCustomerGroups', summary: 'Customer groups' })
  @ListEnvelope(CustomerGroupResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: CustomerGroupResponse[]; page: Page }> {
    const { rows, page } = await this.query.page(query);
    return { data: rows.map((row) => CustomerGroupResponse.from(row)), page };
  }

  @Post()
  @Staff('customers.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'createCustomerGroup',
    summary: 'Add a customer group',
    description:
      'Price lists and promotions can be for its members only. The same request again answers the group that is there.',
  })
  @ApiCreatedResponse({ type: CustomerGroupResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, CustomerGroupExists)
  async create(
    @Body() body: CreateCustomerGroupRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerGroupResponse> {
    const group = await this.groups.create(body);
    reply.header('Location', `/v1/admin/customer-groups/${encodeId('customerGroup', group.id)}`);
    return answer(reply, group);
  }

  @Get(':id')
  @Staff('customers.read')
  @ApiOperation({ operationId: 'getCustomerGroup', summary: 'One customer group' })
  @ApiOkResponse({ type: CustomerGroupResponse, headers: ETAG_HEADER })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('customerGroup', 'id', WELL_KNOWN.customerGroupId) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerGroupResponse> {
    return answer(reply, await this.query.get(id));
  }

  @Patch(':id')
  @Staff('customers.write')
  @ApiOperation({ operationId: 'updateCustomerGroup', summary: 'Rename a customer group' })
  @ApiBody({ type: UpdateCustomerGroupRequest, examples: { name: { summary: 'Rename it', value: { name: 'Trade' } } } })
  @ApiOkResponse({ type: CustomerGroupResponse, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, CustomerGroupExists)
  async update(
    @IdParam('customerGroup', 'id', WELL_KNOWN.customerGroupId) id: string,
    @IfMatch('required') version: number | undefined,
    @Body() body: UpdateCustomerGroupRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CustomerGroupResponse> {
    return answer(reply, await this.groups.update(id, body, version));
  }

  @Delete(':id')
  @HttpCode(204)
  @Staff('customers.write')
  @ApiOperation({
    operationId: 'deleteCustomerGroup',
    summary: 'Delete a customer group that nothing uses',
    description: 'Its members stay customers. Price lists that are for it have to go first.',
  })
  @ApiNoContentResponse({ description: 'It is gone' })
  @Throws(InvalidId, InvalidHeader, NotFound, IfMatchRequired, VersionMismatch, CustomerGroupInUse)
  delete(
    @IdParam('customerGroup', 'id', WELL_KNOWN.customerGroupId) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.groups.delete(id, version);
  }

  @Get(':id/members')
  @Staff('customers.read')
  @ApiOperation({ operationId: 'listCustomerGroupMembers', summary: 'Customers of a group' })
  @ListEnvelope(CustomerGroupMemberResponse)
  @Throws(InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter)
  async members(
    @IdParam('customerGroup', 'id', WELL_KNOWN.customerGroupId) id: string,
    @Query() query: ListQuery,
  ): Promise<{ data: CustomerGroupMemberResponse[]; page: Page }> {
    const { rows, page } = await this.query.members(id, query);
    return { data: rows.map((row) => CustomerGroupMemberResponse.from(row)), page };
  }

  @Put(':id/members/:customerId')
  @HttpCode(204)
  @Staff('customers.write')
  @ApiOperation({
    operationId: 'putCustomerGroupMember',
    summary: 'Put a customer into a group',
    description: 'Their carts have the prices of the group at once. The same again changes nothing.',
  })
  @ApiNoContentResponse({ description: 'They are in it' })
  @Throws(InvalidId, NotFound)
  put(
    @IdParam('customerGroup', 'id', WELL_KNOWN.customerGroupId) id: string,
    @IdParam('customer', 'customerId') customerId: string,
  ): Promise<void> {
    return this.groups.put(id, customerId);
  }

  @Delete(':id/members/:customerId')
  @HttpCode(204)
  @Staff('customers.write')
  @ApiOperation({ operationId: 'removeCustomerGroupMember', summary: 'Take a customer out of a group' })
  @ApiNoContentResponse({ description: 'They are out of it' })
  @Throws(InvalidId, NotFound)
  remove(
    @IdParam('customerGroup', 'id', WELL_KNOWN.customerGroupId) id: string,
    @IdParam('customer', 'customerId') customerId: string,
  ): Promise<void> {
    return this.groups.remove(id, customerId);
  }
}

function answer(reply: Reply, group: CustomerGroup): CustomerGroupResponse {
  reply.header('ETag', etagOf(group.version));
  return CustomerGroupResponse.from(group);
}
