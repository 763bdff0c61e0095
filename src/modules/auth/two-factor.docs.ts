import { applyDecorators } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { RateLimited, ValidationFailed } from '#libs/errors';
import { Throws } from '#libs/http';
import { InvalidCode, TwoFactorEnabled, TwoFactorLocked, TwoFactorNotEnabled, WrongPassword } from './auth.errors.js';
import { RecoveryCodesResponse, TwoFactorResponse, TwoFactorSecretResponse } from './dto/two-factor.dto.js';

/** What the doors of customers and of staff to their second factor say of themselves: they do the same. */
export const TwoFactorDocs = {
  get: (operationId: string) =>
    applyDecorators(
      ApiOperation({ operationId, summary: 'How my sign-in is secured' }),
      ApiOkResponse({ type: TwoFactorResponse }),
    ),
  enroll: (operationId: string) =>
    applyDecorators(
      ApiOperation({
        operationId,
        summary: 'Set up codes of an authenticator app',
        description:
          'Show `qrCode` to be photographed, or `secret` to be typed. Nothing changes until the first code is confirmed; the same again gives another secret.',
      }),
      ApiOkResponse({ type: TwoFactorSecretResponse }),
      Throws(ValidationFailed, WrongPassword, TwoFactorEnabled, RateLimited),
    ),
  confirm: (operationId: string) =>
    applyDecorators(
      ApiOperation({
        operationId,
        summary: 'Confirm the app with its first code',
        description:
          'From now on the sign-in asks for a code. All other sessions end, since they were begun without one. Keep the recovery codes: they are shown this once.',
      }),
      ApiOkResponse({ type: RecoveryCodesResponse }),
      Throws(ValidationFailed, InvalidCode, TwoFactorEnabled, TwoFactorNotEnabled, RateLimited),
    ),
  renewCodes: (operationId: string) =>
    applyDecorators(
      ApiOperation({ operationId, summary: 'Make new recovery codes', description: 'The old ones are void.' }),
      ApiOkResponse({ type: RecoveryCodesResponse }),
      Throws(ValidationFailed, WrongPassword, InvalidCode, TwoFactorLocked, TwoFactorNotEnabled, RateLimited),
    ),
  disable: (operationId: string) =>
    applyDecorators(
      ApiOperation({
        operationId,
        summary: 'Sign in with the password alone again',
        description: 'Needs the password and a code. All other sessions end, and a mail tells of it.',
      }),
      ApiNoContentResponse({ description: 'No code is asked for any more' }),
      Throws(ValidationFailed, WrongPassword, InvalidCode, TwoFactorLocked, TwoFactorNotEnabled, RateLimited),
    ),
};
