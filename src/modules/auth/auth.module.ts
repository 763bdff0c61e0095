import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { AccessGuard } from './access.guard.js';
import { AccessTokens } from './access-token.js';
import { AccountLinks } from './account-links.repository.js';
import { ApiKeyCheck } from './api-key-check.js';
import { ApiKeysAdminController } from './api-keys.admin.controller.js';
import { ApiKeys } from './api-keys.service.js';
import { AuthController } from './auth.controller.js';
import { Identities } from './identities.repository.js';
import { JwksController } from './jwks.controller.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { KeySet } from './key-set.js';
import { LinkTokens } from './link-tokens.js';
import { LoginChallenges } from './login-challenges.js';
import { LoginFailures } from './login-failures.repository.js';
import { LoginService } from './login.service.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import { ManageStaff } from './manage-staff.service.js';
import { OwnPassword } from './own-password.js';
import { ClientCredentialsGrant } from './client-credentials.service.js';
import { OAuthController } from './oauth.controller.js';
import { PasswordController } from './password.controller.js';
import { PublishableKeysAdminController } from './publishable-keys.admin.controller.js';
import { PublishableKeys } from './publishable-keys.service.js';
import { ResetPassword } from './reset-password.service.js';
import { RolesAdminController } from './roles.admin.controller.js';
import { Roles } from './roles.service.js';
import { RouteAudit } from './route-audit.js';
import { SecondFactors } from './second-factors.js';
import { SessionAnswer } from './session-answer.js';
import { Sessions } from './sessions.service.js';
import { SignInHooks } from './sign-in-hooks.js';
import { StaffAccounts } from './staff-accounts.js';
import { StaffAdminController } from './staff.admin.controller.js';
import { StaffPasses } from './staff-passes.js';
import { StaffQuery } from './staff.query.js';
import { StaffService } from './staff.service.js';
import { StorefrontKeys } from './storefront-keys.js';
import { TwoFactorAdminController } from './two-factor.admin.controller.js';
import { TwoFactorController } from './two-factor.controller.js';
import { TwoFactor } from './two-factor.service.js';

/** Who asks, and whether they may. */
@Module({
  imports: [DiscoveryModule, JwtModule.register({})],
  controllers: [
    AuthController,
    JwksController,
    OAuthController,
    PasswordController,
    TwoFactorController,
    TwoFactorAdminController,
    StaffAdminController,
    RolesAdminController,
    ApiKeysAdminController,
    PublishableKeysAdminController,
  ],
  providers: [
    KeySet,
    AccessTokens,
    JwtStrategy,
    JwtGuard,
    StaffAccounts,
    RouteAudit,
    PasswordHasher,
    LoginFailures,
    LoginThrottle,
    LoginService,
    StaffPasses,
    LoginChallenges,
    OwnPassword,
    SecondFactors,
    TwoFactor,
    Sessions,
    SignInHooks,
    SessionAnswer,
    LinkTokens,
    AccountLinks,
    Identities,
    ResetPassword,
    StaffQuery,
    Roles,
    ManageStaff,
    ApiKeyCheck,
    ApiKeys,
    PublishableKeys,
    StorefrontKeys,
    ClientCredentialsGrant,
    StaffService,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [
    StorefrontKeys,
    StaffService,
    StaffPasses,
    AccessTokens,
    PasswordHasher,
    LoginFailures,
    LoginThrottle,
    LoginChallenges,
    OwnPassword,
    SecondFactors,
    TwoFactor,
    Sessions,
    SignInHooks,
    SessionAnswer,
    LinkTokens,
    AccountLinks,
    ResetPassword,
    Identities,
  ],
})
export class AuthModule {}
