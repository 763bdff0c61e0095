import { Identity } from './identity.entity.js';
import { RefreshToken } from './refresh-token.entity.js';
import { LoginChallenge, RecoveryCode, TwoFactorEntity } from './two-factor.entity.js';
import { User } from './user.entity.js';

export const authEntities = [User, RefreshToken, TwoFactorEntity, RecoveryCode, LoginChallenge, Identity];
export { Identity, LoginChallenge, RecoveryCode, RefreshToken, TwoFactorEntity, User };
