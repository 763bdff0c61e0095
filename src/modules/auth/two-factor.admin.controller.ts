import { Body, Controller, Get, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RateLimited, ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { AnyStaff, CurrentStaff } from './access.decorators.js';
import { InvalidCode, TwoFactorEnabled, TwoFactorLocked, TwoFactorNotEnabled, WrongPassword } from './auth.errors.js';
import {
  ConfirmTwoFactorRequest,
  EnrollTwoFactorRequest,
  RecoveryCodesResponse,
  TwoFactorProofRequest,
  TwoFactorResponse,
  TwoFactorSecretResponse,
} from './dto/two-factor.dto.js';
import type { StaffIdentity } from './staff-identity.js';
import { staffAsOwner, TwoFactor } from './two-factor.service.js';

/** The second factor of the member of staff who asks. */
@ApiTags('Staff')
@Controller('v1/admin/me/two-factor')
export class TwoFactorAdminController {
  constructor(private readonly twoFactor: TwoFactor) {}

  @Get()
  @AnyStaff()
  @ApiOperation({ operationId: 'getTwoFactor', summary: 'How my sign-in is secured' })
  @ApiOkResponse({ type: TwoFactorResponse })
  async get(@CurrentStaff() staff: StaffIdentity): Promise<TwoFactorResponse> {
    return TwoFactorResponse.from(await this.twoFactor.state(staffAsOwner(staff)));
  }

  @Post()
  @AnyStaff()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'enrollTwoFactor',
    summary: 'Set up codes of an authenticator app',
    description:
      'Show `qrCode` to be photographed, or `secret` to be typed. Nothing changes until the first code is confirmed; the same again gives another secret.',
  })
  @ApiOkResponse({ type: TwoFactorSecretResponse })
  @Throws(ValidationFailed, WrongPassword, TwoFactorEnabled, RateLimited)
  enroll(
    @CurrentStaff() staff: StaffIdentity,
    @Body() body: EnrollTwoFactorRequest,
    @Ip() address: string,
  ): Promise<TwoFactorSecretResponse> {
    return this.twoFactor.enroll(staffAsOwner(staff), body.password, address);
  }

  @Post('confirm')
  @AnyStaff()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'confirmTwoFactor',
    summary: 'Confirm the app with its first code',
    description:
      'From now on the sign-in asks for a code. All other sessions end, since they were begun without one. Keep the recovery codes: they are shown this once.',
  })
  @ApiOkResponse({ type: RecoveryCodesResponse })
  @Throws(ValidationFailed, InvalidCode, TwoFactorEnabled, TwoFactorNotEnabled, RateLimited)
  async confirm(
    @CurrentStaff() staff: StaffIdentity,
    @Body() body: ConfirmTwoFactorRequest,
    @Ip() address: string,
  ): Promise<RecoveryCodesResponse> {
    return { recoveryCodes: await this.twoFactor.confirm(staffAsOwner(staff), body.code, address) };
  }

  @Post('recovery-codes')
  @AnyStaff()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'renewRecoveryCodes',
    summary: 'Make new recovery codes',
    description: 'The old ones are void.',
  })
  @ApiOkResponse({ type: RecoveryCodesResponse })
  @Throws(ValidationFailed, WrongPassword, InvalidCode, TwoFactorLocked, TwoFactorNotEnabled, RateLimited)
  async renewCodes(
    @CurrentStaff() staff: StaffIdentity,
    @Body() body: TwoFactorProofRequest,
    @Ip() address: string,
  ): Promise<RecoveryCodesResponse> {
    return { recoveryCodes: await this.twoFactor.renewCodes(staffAsOwner(staff), body, address) };
  }

  @Post('disable')
  @AnyStaff()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'disableTwoFactor',
    summary: 'Sign in with the password alone again',
    description: 'Needs the password and a code. All other sessions end, and a mail tells of it.',
  })
  @ApiNoContentResponse({ description: 'No code is asked for any more' })
  @Throws(ValidationFailed, WrongPassword, InvalidCode, TwoFactorLocked, TwoFactorNotEnabled, RateLimited)
  disable(
    @CurrentStaff() staff: StaffIdentity,
    @Body() body: TwoFactorProofRequest,
    @Ip() address: string,
  ): Promise<void> {
    return this.twoFactor.disable(staffAsOwner(staff), body, address);
  }
}
