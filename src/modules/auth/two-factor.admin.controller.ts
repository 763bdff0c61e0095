import { Body, Controller, Get, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyStaff, CurrentStaff } from './access.decorators.js';
import {
  ConfirmTwoFactorRequest,
  EnrollTwoFactorRequest,
  RecoveryCodesResponse,
  TwoFactorProofRequest,
  TwoFactorResponse,
  TwoFactorSecretResponse,
} from './dto/two-factor.dto.js';
import type { StaffIdentity } from './staff-identity.js';
import { TwoFactorDocs } from './two-factor.docs.js';
import { staffAsOwner, TwoFactor } from './two-factor.service.js';

/** The second factor of the member of staff who asks. */
@ApiTags('Staff')
@Controller('v1/admin/me/two-factor')
export class TwoFactorAdminController {
  constructor(private readonly twoFactor: TwoFactor) {}

  @Get()
  @AnyStaff()
  @TwoFactorDocs.get('getTwoFactor')
  async get(@CurrentStaff() staff: StaffIdentity): Promise<TwoFactorResponse> {
    return TwoFactorResponse.from(await this.twoFactor.state(staffAsOwner(staff)));
  }

  @Post()
  @AnyStaff()
  @HttpCode(200)
  @TwoFactorDocs.enroll('enrollTwoFactor')
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
  @TwoFactorDocs.confirm('confirmTwoFactor')
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
  @TwoFactorDocs.renewCodes('renewRecoveryCodes')
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
  @TwoFactorDocs.disable('disableTwoFactor')
  disable(
    @CurrentStaff() staff: StaffIdentity,
    @Body() body: TwoFactorProofRequest,
    @Ip() address: string,
  ): Promise<void> {
    return this.twoFactor.disable(staffAsOwner(staff), body, address);
  }
}
