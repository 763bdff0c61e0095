import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { CustomersModule } from '../customers/index.js';
import { BeginSignIn } from './begin-sign-in.service.js';
import { FinishSignIn } from './finish-sign-in.service.js';
import { IdentitiesController } from './identities.controller.js';
import { OidcAttempts } from './oidc-attempts.repository.js';
import { OidcClients } from './oidc-clients.js';
import { OidcController } from './oidc.controller.js';
import { ReceiveCallback } from './receive-callback.service.js';
import { Unlink } from './unlink.service.js';

/** Signing in at providers of identities (OpenID Connect): customers, and staff who are staff already. */
@Module({
  imports: [AuthModule, CustomersModule],
  controllers: [OidcController, IdentitiesController],
  providers: [OidcClients, OidcAttempts, BeginSignIn, ReceiveCallback, FinishSignIn, Unlink],
})
export class OidcModule {}
