import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidParameter, RateLimited, UnknownParameter, ValidationFailed } from '#libs/errors';
import { ListEnvelope, ListQuery, type Page, Throws } from '#libs/http';
import { CurrentStaff, Staff } from './access.decorators.js';
import { EmailTaken } from './auth.errors.js';
import { CreateStaffRequest, MeResponse, StaffResponse } from './dto/staff.dto.js';
import type { StaffIdentity } from './staff-identity.js';
import { StaffQuery } from './staff.query.js';
import { StaffService } from './staff.service.js';

/** The people of the shop. */
@ApiTags('Staff')
@Controller('v1/admin')
export class StaffAdminController {
  constructor(
    private readonly query: StaffQuery,
    private readonly staff: StaffService,
  ) {}

  /** Who asks. */
  @Get('me')
  @Staff()
  @ApiOperation({ operationId: 'getMe', summary: 'Who am I, and what may I do' })
  @ApiOkResponse({ type: MeResponse })
  async me(@CurrentStaff() staff: StaffIdentity): Promise<MeResponse> {
    return MeResponse.from(await this.query.get(staff.id));
  }

  /** All members of staff. */
  @Get('users')
  @Staff('settings.write')
  @ApiOperation({ operationId: 'listUsers', summary: 'Members of staff' })
  @ListEnvelope(StaffResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: ListQuery): Promise<{ data: StaffResponse[]; page: Page }> {
    const { rows, page } = await this.query.list(query);
    return { data: rows.map((row) => StaffResponse.from(row)), page };
  }

  /** A new member of staff. */
  @Post('users')
  @Staff('settings.write')
  @ApiOperation({
    operationId: 'createUser',
    summary: 'Open an account for a member of staff',
    description: 'The same request again answers the account that it opened.',
  })
  @ApiCreatedResponse({ type: StaffResponse })
  @Throws(ValidationFailed, EmailTaken, RateLimited)
  async create(@Body() body: CreateStaffRequest): Promise<StaffResponse> {
    return StaffResponse.from(await this.staff.create(body));
  }
}
