import { Identity } from './identity.entity.js';
import { LoginFailureCount, LoginPlace } from './login-failures.entity.js';
import { PublishableKey } from './publishable-key.entity.js';
import { RefreshToken } from './refresh-token.entity.js';
import { LoginChallenge, RecoveryCode, TwoFactorEntity } from './two-factor.entity.js';
import { User } from './user.entity.js';

export const authEntities = [
  User,
  RefreshToken,
  TwoFactorEntity,
  RecoveryCode,
  LoginChallenge,
  LoginFailureCount,
  LoginPlace,
  Identity,
  PublishableKey,
];
export {
  Identity,
  LoginChallenge,
  LoginFailureCount,
  LoginPlace,
  PublishableKey,
  RecoveryCode,
  RefreshToken,
  TwoFactorEntity,
  User,
};
