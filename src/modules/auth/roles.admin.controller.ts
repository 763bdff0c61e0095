import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatchRequired, InvalidId, NotFound, ValidationFailed, VersionMismatch } from '#libs/errors';
import { etagOf, IdParam, IfMatch, ListEnvelope, type Reply, Throws } from '#libs/http';
import { CurrentStaff, Staff } from './access.decorators.js';
import { PermissionNotYours, RoleInUse, RoleNameTaken } from './auth.errors.js';
import { CreateRoleRequest, RoleResponse, UpdateRoleRequest } from './dto/staff.dto.js';
import { type RoleRow, Roles } from './roles.service.js';
import type { StaffIdentity } from './staff-identity.js';

function send(reply: Reply, row: RoleRow): RoleResponse {
  reply.header('ETag', etagOf(row.version));
  return RoleResponse.from(row);
}

/** What people may do, by the name of what they are. */
@ApiTags('Staff')
@Controller('v1/admin/roles')
export class RolesAdminController {
  constructor(private readonly roles: Roles) {}

  @Get()
  @Staff('staff.read')
  @ApiOperation({ operationId: 'listRoles', summary: 'Roles: those of every shop, and those of this one' })
  @ListEnvelope(RoleResponse, { paged: false })
  async list(): Promise<{ data: RoleResponse[] }> {
    return { data: (await this.roles.list()).map((row) => RoleResponse.from(row)) };
  }

  @Get(':id')
  @Staff('staff.read')
  @ApiOperation({ operationId: 'getRole', summary: 'Read a role of the shop’s own making' })
  @ApiOkResponse({ type: RoleResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('role') id: string, @Res({ passthrough: true }) reply: Reply): Promise<RoleResponse> {
    return send(reply, await this.roles.get(id));
  }

  @Post()
  @Staff('staff.write')
  @ApiOperation({
    operationId: 'createRole',
    summary: 'Make a role',
    description: 'Of nothing that you may not do. The same request again answers the role that is there.',
  })
  @ApiCreatedResponse({ type: RoleResponse })
  @Throws(ValidationFailed, PermissionNotYours, RoleNameTaken)
  async create(
    @Body() body: CreateRoleRequest,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<RoleResponse> {
    return send(reply, await this.roles.create(staff, body));
  }

  @Patch(':id')
  @Staff('staff.write')
  @ApiOperation({ operationId: 'updateRole', summary: 'Change a role; it works at once for all who have it' })
  @ApiOkResponse({ type: RoleResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, IfMatchRequired, VersionMismatch, PermissionNotYours, RoleNameTaken)
  async update(
    @IdParam('role') id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Body() body: UpdateRoleRequest,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<RoleResponse> {
    return send(reply, await this.roles.update(staff, id, expectedVersion, body));
  }

  @Delete(':id')
  @Staff('staff.write')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteRole', summary: 'Delete a role that nobody has' })
  @ApiNoContentResponse({ description: 'Gone' })
  @Throws(InvalidId, NotFound, IfMatchRequired, VersionMismatch, PermissionNotYours, RoleInUse)
  delete(
    @IdParam('role') id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<void> {
    return this.roles.delete(staff, id, expectedVersion);
  }
}
