export { AuthModule } from './auth.module.js';
export {
  CartToken,
  CurrentCustomer,
  CurrentShopper,
  CurrentStaff,
  Customer,
  Public,
  Shopper,
  Staff,
} from './access.decorators.js';
export { auditSettings, noteActingPerson } from './acting-person.js';
export { AccessTokens } from './access-token.js';
export { type AccountLink, AccountLinks, type LinkPurpose, LINK_HOURS } from './account-links.repository.js';
export type { CustomerIdentity, ShopperIdentity } from './customer-identity.js';
export { CartChangeResponse, SessionResponse, SignInCartResponse } from './dto/session.dto.js';
export { announceIdentity, type ExternalIdentity, Identities, type IdentityRow } from './identities.repository.js';
export { LinkTokens } from './link-tokens.js';
export { type Challenge, LoginChallenges } from './login-challenges.js';
export type { Caller, SignIn } from './login.service.js';
export { LoginFailures } from './login-failures.repository.js';
export { LoginThrottle } from './login-throttle.js';
export { PasswordHasher } from './password-hasher.js';
export { OwnPassword, wrongPassword } from './own-password.js';
export { CUSTOMER_PASSWORD_MIN, PASSWORD_MAX, passwordProblem } from './password-policy.js';
export { controllersOf, faultsOf, type FoundRoute, routesOf } from './route-rules.js';
export { OAUTH_TOKEN } from './oauth.controller.js';
export { SecondFactors } from './second-factors.js';
export { TwoFactor } from './two-factor.service.js';
export { TwoFactorChallengeResponse } from './dto/two-factor.dto.js';
export { type Session, type SessionOwner, Sessions, type SessionView } from './sessions.service.js';
export { SessionAnswer, type SessionCarrier } from './session-answer.js';
export { type GuestCart, SignInHooks } from './sign-in-hooks.js';
export { announcePasswordChanged, ResetPassword } from './reset-password.service.js';
export { MailSentResponse, SendPasswordResetRequest } from './dto/password.dto.js';
export {
  EmailTaken,
  IdentityTaken,
  InvalidCredentials,
  InvalidLink,
  TwoFactorNotEnabled,
  WrongPassword,
} from './auth.errors.js';
export { mayDo, PERMISSIONS, ROLE_PERMISSIONS, ROLES, type Permission, type Role } from './permissions.js';
export type { StaffIdentity } from './staff-identity.js';
export { StaffPasses } from './staff-passes.js';
export { StaffService, type FirstOwner, type NewStaff, type StaffMember } from './staff.service.js';
export { StorefrontKeys } from './storefront-keys.js';
export { readablePassword } from './readable-password.js';
