import { Body, Controller, Get, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentCustomer, Customer } from './access.decorators.js';
import type { CustomerIdentity } from './customer-identity.js';
import {
  ConfirmTwoFactorRequest,
  EnrollTwoFactorRequest,
  RecoveryCodesResponse,
  TwoFactorProofRequest,
  TwoFactorResponse,
  TwoFactorSecretResponse,
} from './dto/two-factor.dto.js';
import { TwoFactorDocs } from './two-factor.docs.js';
import { customerAsOwner, TwoFactor } from './two-factor.service.js';

/** The second factor of a customer. */
@ApiTags('Account')
@Controller('v1/me/two-factor')
export class TwoFactorController {
  constructor(private readonly twoFactor: TwoFactor) {}

  @Get()
  @Customer()
  @TwoFactorDocs.get('getMyTwoFactor')
  async get(@CurrentCustomer() customer: CustomerIdentity): Promise<TwoFactorResponse> {
    return TwoFactorResponse.from(await this.twoFactor.state(customerAsOwner(customer)));
  }

  @Post()
  @Customer()
  @HttpCode(200)
  @TwoFactorDocs.enroll('enrollMyTwoFactor')
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
  @TwoFactorDocs.confirm('confirmMyTwoFactor')
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
  @TwoFactorDocs.renewCodes('renewMyRecoveryCodes')
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
  @TwoFactorDocs.disable('disableMyTwoFactor')
  disable(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: TwoFactorProofRequest,
    @Ip() address: string,
  ): Promise<void> {
    return this.twoFactor.disable(customerAsOwner(customer), body, address);
  }
}
