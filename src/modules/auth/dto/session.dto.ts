import { ApiProperty } from '@nestjs/swagger';
import { Email, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { ACCESS_TOKEN } from '../access-token.js';
import { PASSWORD_MAX } from '../password-policy.js';
import { ROLES, type Role } from '../permissions.js';
import type { Session, SessionOwner } from '../sessions.service.js';

/** Who wants to sign in. */
export class LoginRequest {
  @Email({ example: 'admin@emporium.example' })
  email: string;
  @Text(PASSWORD_MAX, { example: 'the password that npm start showed' })
  password: string;
}

/** Which session is to be renewed or ended. */
export class RefreshRequest {
  @Text(200, { description: 'the `refreshToken` of the latest answer' })
  refreshToken: string;
}

/** Who is signed in. */
export class SessionUserResponse {
  @ApiProperty({ example: 'usr_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'admin@emporium.example' })
  email: string;
  @ApiProperty({ example: 'Owner' })
  name: string;
  @ApiProperty({ enum: ROLES })
  role: Role;
}

/** A session: the access token opens routes for ten minutes, the refresh token gets the next pair once. */
export class SessionResponse {
  @ApiProperty({ description: 'for `Authorization: Bearer`' })
  accessToken: string;
  @ApiProperty({ enum: ['Bearer'] })
  tokenType: 'Bearer';
  @ApiProperty({ type: 'integer', description: 'seconds that the access token is good for', example: 600 })
  expiresIn: number;
  @ApiProperty({ description: 'for POST /v1/auth/refresh, once' })
  refreshToken: string;
  @ApiProperty({ type: () => SessionUserResponse })
  user: SessionUserResponse;

  static from(session: Session & { owner: SessionOwner }, accessToken: string): SessionResponse {
    const { id, email, name, role } = session.owner;
    return {
      accessToken,
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN.lifetimeSeconds,
      refreshToken: session.refreshToken,
      user: { id: encodeId('user', id), email, name, role },
    };
  }
}
