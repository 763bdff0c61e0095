import { ApiProperty } from '@nestjs/swagger';
import { Email, Flag, OneOf, Opt, Text } from '#libs/http';
import type { SubjectKind } from '../access-token.js';
import { CUSTOMER_PASSWORD_MIN, PASSWORD_MAX, PASSWORD_MIN } from '../password-policy.js';

/** Who forgot a password. */
export class ForgotPasswordRequest {
  @Email({ example: 'ada@example.com' })
  email: string;
  @OneOf(
    ['staff', 'customer'],
    Opt({ description: 'which account, where one address has both; the one of staff when left out' }),
  )
  as?: SubjectKind;
}

/** The link of the mail, and the password from now on. */
export class ResetPasswordRequest {
  @Text(100, { description: 'what follows `token=` in the link of the mail', example: 'the token of the mail' })
  token: string;
  @Text(PASSWORD_MAX, {
    description: `at least ${CUSTOMER_PASSWORD_MIN} characters, for staff ${PASSWORD_MIN}`,
    example: 'violet harbor 42 pelicans',
  })
  password: string;
}

/** How a password is to be chosen anew. */
export class SendPasswordResetRequest {
  @Flag(Opt({ description: 'whether the present one is void from now on, with all sessions', example: false }))
  force?: boolean;
}

/** A mail is on its way. The same answer whether the address is known or not. */
export class MailSentResponse {
  @ApiProperty({ enum: ['mail_sent'] })
  status: 'mail_sent';
}
