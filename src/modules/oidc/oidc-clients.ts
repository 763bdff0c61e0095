import { Inject, Injectable } from '@nestjs/common';
import * as oidc from 'openid-client';
import { assertNoTransaction } from '#libs/database';
import { isAmbiguousEmail } from '#libs/http';
import { log } from '#libs/log';
import { APP_CONFIG, type Config, type OidcProvider } from '../../config/index.js';
import { ProviderNotFound, ProviderUnavailable } from './oidc.errors.js';

/** Of each call to a provider. */
const DEADLINE_SECONDS = 5;
/** Endpoints and keys of a provider are read again after this. */
const KEPT_MS = 3_600_000;

/** What a sign-in carries to the provider and back. */
export interface Proofs {
  state: string;
  nonce: string;
  verifier: string;
}

/** Who somebody is, as a provider says. */
export interface ExternalPerson {
  issuer: string;
  subject: string;
  email: string | null;
  isEmailVerified: boolean;
  firstName: string;
  lastName: string;
}

/** The only place that speaks to providers of identities: with a deadline, and never inside a transaction. */
@Injectable()
export class OidcClients {
  private readonly found = new Map<string, { until: number; configuration: Promise<oidc.Configuration> }>();

  constructor(@Inject(APP_CONFIG) private readonly config: Config) {}

  /** Every provider of the shop, in the order of the settings. */
  get providers(): readonly OidcProvider[] {
    return this.config.oidcProviders;
  }

  /** @throws provider_not_found */
  get(name: string): OidcProvider {
    const provider = this.config.oidcProviders.find((one) => one.name === name);
    if (!provider) throw ProviderNotFound();
    return provider;
  }

  /** Where a browser signs in. @throws provider_unavailable */
  async authorizationUrl(provider: OidcProvider, proofs: Proofs): Promise<string> {
    const configuration = await this.discover(provider);
    return oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri(provider),
      scope: provider.scopes,
      state: proofs.state,
      nonce: proofs.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(proofs.verifier),
      code_challenge_method: 'S256',
    }).href;
  }

  /**
   * Changes the code of a callback into who came. Signature, issuer, audience, times and nonce of the ID token are checked.
   * @throws provider_unavailable; an error of the library for an answer that does not fit
   */
  async personOf(provider: OidcProvider, query: URLSearchParams, proofs: Proofs): Promise<ExternalPerson> {
    const configuration = await this.discover(provider);
    const url = new URL(this.redirectUri(provider));
    url.search = query.toString();
    return this.ask(provider, isOutage, async () => {
      const tokens = await oidc.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: proofs.verifier,
        expectedState: proofs.state,
        expectedNonce: proofs.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      let profile: Record<string, unknown> = claims;
      if (typeof claims.email !== 'string' && configuration.serverMetadata().userinfo_endpoint !== undefined)
        // Whether an address is verified counts only beside the address that it is said of.
        profile = {
          ...claims,
          email_verified: false,
          ...(await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)),
        };
      return personOf(claims, profile);
    });
  }

  /** Where a browser ends its session at the provider; null when it has no such place. @throws provider_unavailable */
  async endSessionUrl(provider: OidcProvider, returnUrl: string): Promise<string | null> {
    const configuration = await this.discover(provider);
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
    return oidc.buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnUrl }).href;
  }

  /** What has to be registered at the provider. */
  redirectUri(provider: OidcProvider): string {
    return `${this.config.publicUrl}/v1/auth/oidc/${provider.name}/callback`;
  }

  /** Endpoints and keys; callers at the same time share one look, and one that failed is not kept. */
  private discover(provider: OidcProvider): Promise<oidc.Configuration> {
    const known = this.found.get(provider.name);
    if (known && known.until > Date.now()) return known.configuration;
    // Whatever is wrong with what it says of itself, nobody can sign in there.
    const configuration = this.ask(
      provider,
      () => true,
      () =>
        oidc.discovery(new URL(provider.issuer), provider.clientId, provider.clientSecret, undefined, {
          timeout: DEADLINE_SECONDS,
          execute: [
            oidc.enableNonRepudiationChecks,
            // The settings let plain HTTP through outside of production only.
            ...(provider.issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
          ],
        }),
    );
    this.found.set(provider.name, { until: Date.now() + KEPT_MS, configuration });
    configuration.catch(() => this.found.delete(provider.name));
    return configuration;
  }

  private async ask<T>(
    provider: OidcProvider,
    isDown: (error: unknown) => boolean,
    call: () => Promise<T>,
  ): Promise<T> {
    assertNoTransaction('a call to a provider of identities');
    try {
      return await call();
    } catch (error) {
      if (!isDown(error)) throw error;
      log.warn('oidc.provider_unavailable', { provider: provider.name, error: (error as Error).message });
      throw ProviderUnavailable({ retryAfterSeconds: 5, data: { provider: provider.name } });
    }
  }
}

const OUTAGES = ['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR'];

/** Whether the provider did not answer, or only that it cannot: not that what we asked was wrong. */
function isOutage(error: unknown): boolean {
  let at = error as { name?: string; code?: string; message?: string; cause?: unknown } | undefined;
  for (let depth = 0; at && depth < 5; depth += 1) {
    if (at.name === 'TimeoutError' || at.name === 'AbortError' || OUTAGES.includes(at.code ?? '')) return true;
    if (at.name === 'TypeError' && at.message === 'fetch failed') return true;
    at = at.cause as typeof at;
  }
  return false;
}

const text = (value: unknown, max: number) =>
  typeof value === 'string' ? value.replaceAll('\0', '').trim().slice(0, max) : '';

function personOf(claims: { iss: string; sub: string }, profile: Record<string, unknown>): ExternalPerson {
  const email = text(profile.email, 255);
  // One that only looks like that of somebody else would open their account.
  const isEmail = /^[^@\s]+@[^@\s]+$/.test(email) && email.length <= 254 && !isAmbiguousEmail(email);
  const [first, ...rest] = text(profile.name, 200).split(/\s+/);
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: isEmail ? email : null,
    // Some send it as a text.
    isEmailVerified: isEmail && (profile.email_verified === true || profile.email_verified === 'true'),
    firstName: (text(profile.given_name, 100) || first || '').slice(0, 100),
    lastName: (text(profile.family_name, 100) || rest.join(' ')).slice(0, 100),
  };
}
