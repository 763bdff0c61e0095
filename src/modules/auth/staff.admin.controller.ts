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
  InvalidId,
  InvalidParameter,
  InvalidState,
  NotFound,
  RateLimited,
  UnknownParameter,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { etagOf, IdParam, IfMatch, ListEnvelope, ListQuery, type Page, type Reply, Throws } from '#libs/http';
import { AnyStaff, CurrentStaff, Staff } from './access.decorators.js';
import { EmailTaken, LastOwner, PermissionNotYours, RoleNotFound, TwoFactorNotEnabled } from './auth.errors.js';
import { MailSentResponse, SendPasswordResetRequest } from './dto/password.dto.js';
import {
  CreateStaffRequest,
  InviteStaffRequest,
  MeResponse,
  StaffResponse,
  UpdateStaffRequest,
} from './dto/staff.dto.js';
import { ManageStaff } from './manage-staff.service.js';
import { ROLE_PERMISSIONS } from './permissions.js';
import { assertMayGrant } from './roles.service.js';
import type { StaffIdentity } from './staff-identity.js';
import { StaffQuery } from './staff.query.js';
import { type StaffMember, StaffService } from './staff.service.js';

function send(reply: Reply, member: StaffMember): StaffResponse {
  reply.header('ETag', etagOf(member.version));
  return StaffResponse.from(member);
}

/** The people of the shop. */
@ApiTags('Staff')
@Controller('v1/admin')
export class StaffAdminController {
  constructor(
    private readonly query: StaffQuery,
    private readonly staff: StaffService,
    private readonly manage: ManageStaff,
  ) {}

  /** Who asks. */
  @Get('me')
  @AnyStaff()
  @ApiOperation({ operationId: 'getMe', summary: 'Who am I, and what may I do' })
  @ApiOkResponse({ type: MeResponse })
  async me(@CurrentStaff() staff: StaffIdentity): Promise<MeResponse> {
    return MeResponse.of(await this.query.get(staff.id), staff.permissions);
  }

  /** All members of staff. */
  @Get('users')
  @Staff('staff.read')
  @ApiOperation({ operationId: 'listUsers', summary: 'Members of staff' })
  @ListEnvelope(StaffResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: StaffResponse[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => StaffResponse.from(row)), page };
  }

  /** A new member of staff. */
  @Post('users')
  @Staff('staff.write')
  @ApiOperation({
    operationId: 'createUser',
    summary: 'Open an account for a member of staff',
    description: 'The same request again answers the account that it opened.',
  })
  @ApiCreatedResponse({ type: StaffResponse })
  @Throws(ValidationFailed, EmailTaken, PermissionNotYours, RateLimited)
  async create(@Body() body: CreateStaffRequest, @CurrentStaff() staff: StaffIdentity): Promise<StaffResponse> {
    assertMayGrant(staff, ROLE_PERMISSIONS[body.role]);
    return StaffResponse.from(await this.staff.create(body, staff.id));
  }

  /** Somebody who shall work here. */
  @Post('users/invitations')
  @Staff('staff.write')
  @ApiOperation({
    operationId: 'inviteUser',
    summary: 'Invite somebody to work here',
    description: 'They get a mail with which they choose their password. The same request again sends another mail.',
  })
  @ApiCreatedResponse({ type: StaffResponse })
  @Throws(ValidationFailed, EmailTaken, RoleNotFound, PermissionNotYours)
  async invite(@Body() body: InviteStaffRequest, @CurrentStaff() staff: StaffIdentity): Promise<StaffResponse> {
    return StaffResponse.from(await this.manage.invite(staff, body));
  }

  /** One of them. */
  @Get('users/:id')
  @Staff('staff.read')
  @ApiOperation({ operationId: 'getUser', summary: 'Read a member of staff' })
  @ApiOkResponse({ type: StaffResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('user') id: string, @Res({ passthrough: true }) reply: Reply): Promise<StaffResponse> {
    return send(reply, await this.query.get(id));
  }

  /** Another name or role. */
  @Patch('users/:id')
  @Staff('staff.write')
  @ApiOperation({
    operationId: 'updateUser',
    summary: 'Change the name or the role of a member of staff',
    description: 'Another role works at once, for access tokens and API keys that are out too.',
  })
  @ApiOkResponse({ type: StaffResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    IfMatchRequired,
    VersionMismatch,
    RoleNotFound,
    PermissionNotYours,
    LastOwner,
  )
  async update(
    @IdParam('user') id: string,
    @IfMatch('required') expectedVersion: number | undefined,
    @Body() body: UpdateStaffRequest,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StaffResponse> {
    return send(reply, await this.manage.update(staff, id, expectedVersion, body));
  }

  /** Out. */
  @Post('users/:id/suspend')
  @Staff('staff.write')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'suspendUser',
    summary: 'Keep a member of staff out',
    description: 'Their sessions, access tokens and API keys end at once.',
  })
  @ApiOkResponse({ type: StaffResponse })
  @Throws(InvalidId, NotFound, PermissionNotYours, LastOwner)
  async suspend(
    @IdParam('user') id: string,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StaffResponse> {
    return send(reply, await this.manage.suspend(staff, id));
  }

  /** In again. */
  @Post('users/:id/reactivate')
  @Staff('staff.write')
  @HttpCode(200)
  @ApiOperation({ operationId: 'reactivateUser', summary: 'Let a member of staff in again' })
  @ApiOkResponse({ type: StaffResponse })
  @Throws(InvalidId, NotFound, PermissionNotYours)
  async reactivate(
    @IdParam('user') id: string,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StaffResponse> {
    return send(reply, await this.manage.reactivate(staff, id));
  }

  /** Signed out. */
  @Delete('users/:id/sessions')
  @Staff('staff.write')
  @HttpCode(204)
  @ApiOperation({ operationId: 'endUserSessions', summary: 'Sign a member of staff out everywhere' })
  @ApiNoContentResponse({ description: 'All sessions are over, with their access tokens' })
  @Throws(InvalidId, NotFound, PermissionNotYours)
  endSessions(@IdParam('user') id: string, @CurrentStaff() staff: StaffIdentity): Promise<void> {
    return this.manage.endSessions(staff, id);
  }

  /** Without a telephone. */
  @Delete('users/:id/two-factor')
  @Staff('staff.write')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'resetUserTwoFactor',
    summary: 'Take the second factor of a member of staff away',
    description:
      'For somebody whose telephone and recovery codes are gone. Their sessions end, a mail tells them, and they sign in with the password alone until they set up another.',
  })
  @ApiNoContentResponse({ description: 'No code is asked for any more' })
  @Throws(InvalidId, NotFound, PermissionNotYours, TwoFactorNotEnabled)
  resetTwoFactor(@IdParam('user') id: string, @CurrentStaff() staff: StaffIdentity): Promise<void> {
    return this.manage.resetTwoFactor(staff, id);
  }

  /** Another password. */
  @Post('users/:id/password-reset')
  @Staff('staff.write')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'sendUserPasswordReset',
    summary: 'Send a member of staff a mail with which to choose another password',
    description:
      'The link works for a day. `force` makes the present password void at once, ends their sessions and takes away accounts at providers, for when it may be known to others.',
  })
  @ApiAcceptedResponse({ type: MailSentResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, InvalidState, PermissionNotYours, LastOwner)
  async sendPasswordReset(
    @IdParam('user') id: string,
    @Body() body: SendPasswordResetRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<MailSentResponse> {
    await this.manage.sendPasswordReset(staff, id, body.force ?? false);
    return { status: 'mail_sent' };
  }
}
