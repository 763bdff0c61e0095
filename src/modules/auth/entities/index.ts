import { RefreshToken } from './refresh-token.entity.js';
import { User } from './user.entity.js';

export const authEntities = [User, RefreshToken];
export { RefreshToken, User };
