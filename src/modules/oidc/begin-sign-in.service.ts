import { Inject, Injectable } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';
import { APP_CONFIG, type Config, mayReturnTo } from '../../config/index.js';
import { type CustomerIdentity, OwnPassword } from '../auth/index.js';
import { type AttemptPurpose, OidcAttempts } from './oidc-attempts.repository.js';
import { OidcClients } from './oidc-clients.js';
import { ProviderNotFound } from './oidc.errors.js';

/** Sends somebody to a provider of identities, to sign in there. */
@Injectable()
export class BeginSignIn {
  constructor(
    private readonly clients: OidcClients,
    private readonly attempts: OidcAttempts,
    private readonly ownPassword: OwnPassword,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * @returns the address to open in the browser
   * @throws provider_not_found, provider_unavailable; validation_failed for an address that is not of the storefront
   */
  async execute(
    providerName: string,
    request: { returnUrl: string; codeChallenge: string },
    purpose: AttemptPurpose,
    customerId: string | null = null,
  ): Promise<string> {
    const provider = this.clients.get(providerName);
    if (!provider.audiences.includes(purpose === 'staff' ? 'staff' : 'customers')) throw ProviderNotFound();
    this.assertMayReturn(request.returnUrl);
    const challenge = Buffer.from(request.codeChallenge, 'base64url');
    const { returnUrl } = request;
    const proofs = await this.attempts.begin({ provider: provider.name, purpose, customerId, returnUrl, challenge });
    return this.clients.authorizationUrl(provider, proofs);
  }

  /**
   * Sends a customer there to get another way into their account, which a thief of their session must not.
   * @throws as execute; wrong_password, rate_limited
   */
  async link(
    providerName: string,
    request: { returnUrl: string; codeChallenge: string; password?: string },
    customer: CustomerIdentity,
    address: string,
  ): Promise<string> {
    await this.ownPassword.confirmIfAny('customer', customer, request.password, address);
    return this.execute(providerName, request, 'link', customer.id);
  }

  /** Where a browser ends its session at the provider; null when it has no such place. */
  async endSessionUrl(providerName: string, returnUrl: string): Promise<string | null> {
    const provider = this.clients.get(providerName);
    this.assertMayReturn(returnUrl);
    return this.clients.endSessionUrl(provider, returnUrl);
  }

  private assertMayReturn(url: string): void {
    if (mayReturnTo(url, this.config)) return;
    const detail = 'is not an address of the storefront: STOREFRONT_URL and CORS_ORIGINS say which are';
    throw ValidationFailed({ errors: [{ pointer: '/returnUrl', code: 'not_allowed', detail }] });
  }
}
