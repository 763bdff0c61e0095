import { Body, Controller, Header, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RateLimited, ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { Public } from './access.decorators.js';
import { InvalidLink } from './auth.errors.js';
import { AcceptInvitationRequest } from './dto/staff.dto.js';
import { ForgotPasswordRequest, MailSentResponse, ResetPasswordRequest } from './dto/password.dto.js';
import { ManageStaff } from './manage-staff.service.js';
import { ResetPassword } from './reset-password.service.js';

/** What helps when a password is forgotten. */
@ApiTags('Authentication')
@Controller('v1/auth')
export class PasswordController {
  constructor(
    private readonly reset: ResetPassword,
    private readonly staff: ManageStaff,
  ) {}

  @Post('forgot-password')
  @HttpCode(202)
  @Public()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'forgotPassword',
    summary: 'Ask for a mail with which to choose another password',
    description: 'For staff and customers. The answer is the same for an address that nobody has.',
  })
  @ApiAcceptedResponse({ type: MailSentResponse })
  @Throws(ValidationFailed, RateLimited)
  async forgot(@Body() body: ForgotPasswordRequest, @Ip() address: string): Promise<MailSentResponse> {
    await this.reset.request(body.email, body.as, address);
    return { status: 'mail_sent' };
  }

  @Post('reset-password')
  @HttpCode(204)
  @Public()
  @ApiOperation({
    operationId: 'resetPassword',
    summary: 'Choose another password with the link of the mail',
    description:
      'Ends every session of the account, and takes every account at a provider from it: signing in there links it again by its verified e-mail address; one with another address has to be linked anew (POST /v1/me/identities/{provider}/start), or it opens an account of its own. The link works once, within an hour.',
  })
  @ApiNoContentResponse({ description: 'Sign in with the new password' })
  @Throws(ValidationFailed, InvalidLink, RateLimited)
  execute(@Body() body: ResetPasswordRequest, @Ip() address: string): Promise<void> {
    return this.reset.execute(body.token, body.password, address);
  }

  @Post('accept-invitation')
  @HttpCode(204)
  @Public()
  @ApiOperation({
    operationId: 'acceptInvitation',
    summary: 'Choose a password with the link of an invitation to work here',
  })
  @ApiNoContentResponse({ description: 'Sign in with it' })
  @Throws(ValidationFailed, InvalidLink, RateLimited)
  accept(@Body() body: AcceptInvitationRequest, @Ip() address: string): Promise<void> {
    return this.staff.accept(body.token, body.password, address);
  }
}
