import { ApiProperty } from '@nestjs/swagger';
import { Text } from '#libs/http';
import type { Challenge } from '../login-challenges.js';
import { PASSWORD_MAX } from '../password-policy.js';
import type { TwoFactorState } from '../two-factor.service.js';
import { SignInOptions } from './session.dto.js';

const CODE = {
  description: 'the six digits that the app shows, or one of the recovery codes',
  example: '123456',
};

/** The answer to a password that is right, where the account asks for a code, too. */
export class TwoFactorChallengeResponse {
  @ApiProperty({ enum: [true], description: 'there is no session yet' })
  twoFactorRequired: true;
  @ApiProperty({ description: 'for POST /v1/auth/two-factor, once' })
  challenge: string;
  @ApiProperty({ type: 'integer', description: 'seconds that the challenge is good for', example: 300 })
  expiresIn: number;

  static from({ challenge, expiresIn }: Challenge): TwoFactorChallengeResponse {
    return { twoFactorRequired: true, challenge, expiresIn };
  }
}

/** The second step of a sign-in. */
export class TwoFactorLoginRequest extends SignInOptions {
  @Text(100, { description: 'of the answer to the password', example: 'the challenge of the answer to login' })
  challenge: string;
  @Text(40, CODE)
  code: string;
}

/** What setting up a second factor needs. */
export class EnrollTwoFactorRequest {
  @Text(PASSWORD_MAX, { description: 'of the account', example: 'violet harbor 42 pelicans' })
  password: string;
}

/** The first code of the app. */
export class ConfirmTwoFactorRequest {
  @Text(40, { description: 'the six digits that the app shows', example: '123456' })
  code: string;
}

/** What changing a second factor needs. */
export class TwoFactorProofRequest {
  @Text(PASSWORD_MAX, { description: 'of the account', example: 'violet harbor 42 pelicans' })
  password: string;
  @Text(40, CODE)
  code: string;
}

/** How the account is secured. */
export class TwoFactorResponse {
  @ApiProperty({ description: 'whether a code is asked for at the sign-in' })
  isEnabled: boolean;
  @ApiProperty({ description: 'whether the shop asks all its staff for one' })
  isRequired: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  enabledAt: string | null;
  @ApiProperty({ type: 'integer', description: 'recovery codes that were not used yet', example: 10 })
  recoveryCodesLeft: number;

  static from(state: TwoFactorState): TwoFactorResponse {
    return {
      isEnabled: state.enabledAt !== null,
      isRequired: state.isRequired,
      enabledAt: state.enabledAt?.toISOString() ?? null,
      recoveryCodesLeft: state.enabledAt === null ? 0 : state.recoveryCodesLeft,
    };
  }
}

/** What an authenticator app is told; shown this once. */
export class TwoFactorSecretResponse {
  @ApiProperty({ description: 'base32, to be typed where no picture can be taken' })
  secret: string;
  @ApiProperty({ description: 'the same as a link that opens the app on a telephone', example: 'otpauth://totp/…' })
  uri: string;
  @ApiProperty({ description: 'the link as a QR code: the `src` of an image', example: 'data:image/svg+xml;base64,…' })
  qrCode: string;
}

/** Codes for the day that the telephone is gone: each works once. */
export class RecoveryCodesResponse {
  @ApiProperty({ type: [String], description: 'shown this once', example: ['abcd-efgh-jkmn'] })
  recoveryCodes: string[];
}
