import { Body, Controller, Get, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RateLimited, ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { CurrentCustomer, Customer } from './access.decorators.js';
import { InvalidCode, TwoFactorEnabled, TwoFactorLocked, TwoFactorNotEnabled, WrongPassword } from './auth.errors.js';
import type { CustomerIdentity } from './customer-identity.js';
import {
  ConfirmTwoFactorRequest,
  EnrollTwoFactorRequest,
  RecoveryCodesResponse,
  TwoFactorProofRequest,
  TwoFactorResponse,
  TwoFactorSecretResponse,
} from './dto/two-factor.dto.js';
import { customerAsOwner, TwoFactor } from './two-factor.service.js';

/** The second factor of a customer. */
@ApiTags('Account')
@Controller('v1/me/two-factor')
export class TwoFactorController {
  constructor(private readonly twoFactor: TwoFactor) {}

  @Get()
  @Customer()
  @ApiOperation({ operationId: 'getMyTwoFactor', summary: 'How my sign-in is secured' })
  @ApiOkResponse({ type: TwoFactorResponse })
  async get(@CurrentCustomer() customer: CustomerIdentity): Promise<TwoFactorResponse> {
    return TwoFactorResponse.from(await this.twoFactor.state(customerAsOwner(customer)));
  }

  @Post()
  @Customer()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'enrollMyTwoFactor',
    summary: 'Set up codes of an authenticator app',
    description:
      'Show `qrCode` to be photographed, or `secret` to be typed. Nothing changes until the first code is confirmed; the same again gives another secret.',
  })
  @ApiOkResponse({ type: TwoFactorSecretResponse })
  @Throws(ValidationFailed, WrongPassword, TwoFactorEnabled, RateLimited)
  enroll(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: EnrollTwoFactorRequest,
    @Ip() address: string,
  ): Promise<TwoFactorSecretResponse> {
    return this.twoFactor.enroll(customerAsOwner(customer), body.password, address);
  }

  @Post('confirm')
  @Customer()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'confirmMyTwoFactor',
    summary: 'Confirm the app with its first code',
    description:
      'From now on the sign-in asks for a code. All other sessions end, since they were begun without one. Keep the recovery codes: they are shown this once.',
  })
  @ApiOkResponse({ type: RecoveryCodesResponse })
  @Throws(ValidationFailed, InvalidCode, TwoFactorEnabled, TwoFactorNotEnabled, RateLimited)
  async confirm(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: ConfirmTwoFactorRequest,
    @Ip() address: string,
  ): Promise<RecoveryCodesResponse> {
    return { recoveryCodes: await this.twoFactor.confirm(customerAsOwner(customer), body.code, address) };
  }

  @Post('recovery-codes')
  @Customer()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'renewMyRecoveryCodes',
    summary: 'Make new recovery codes',
    description: 'The old ones are void.',
  })
  @ApiOkResponse({ type: RecoveryCodesResponse })
  @Throws(ValidationFailed, WrongPassword, InvalidCode, TwoFactorLocked, TwoFactorNotEnabled, RateLimited)
  async renewCodes(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: TwoFactorProofRequest,
    @Ip() address: string,
  ): Promise<RecoveryCodesResponse> {
    return { recoveryCodes: await this.twoFactor.renewCodes(customerAsOwner(customer), body, address) };
  }

  @Post('disable')
  @Customer()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'disableMyTwoFactor',
    summary: 'Sign in with the password alone again',
    description: 'Needs the password and a code. All other sessions end, and a mail tells of it.',
  })
  @ApiNoContentResponse({ description: 'No code is asked for any more' })
  @Throws(ValidationFailed, WrongPassword, InvalidCode, TwoFactorLocked, TwoFactorNotEnabled, RateLimited)
  disable(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: TwoFactorProofRequest,
    @Ip() address: string,
  ): Promise<void> {
    return this.twoFactor.disable(customerAsOwner(customer), body, address);
  }
}
