import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { AccessGuard } from './access.guard.js';
import { AccessTokens } from './access-token.js';
import { JwtGuard } from './jwt.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { KeySet } from './key-set.js';
import { RouteAudit } from './route-audit.js';

/** Who asks, and whether they may. */
@Module({
  imports: [DiscoveryModule, JwtModule.register({})],
  providers: [KeySet, AccessTokens, JwtStrategy, JwtGuard, RouteAudit, { provide: APP_GUARD, useClass: AccessGuard }],
})
export class AuthModule {}
