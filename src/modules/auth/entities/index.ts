import { Identity } from './identity.entity.js';
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
  Identity,
  PublishableKey,
];
export { Identity, LoginChallenge, PublishableKey, RecoveryCode, RefreshToken, TwoFactorEntity, User };
