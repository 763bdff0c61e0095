import { Injectable } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { log } from '#libs/log';
import { OidcAttempts } from './oidc-attempts.repository.js';
import { type ExternalPerson, OidcClients } from './oidc-clients.js';
import { SignInNotFinished } from './oidc.errors.js';

/** Takes people back from a provider of identities and sends them on to the page that they came from. */
@Injectable()
export class ReceiveCallback {
  constructor(
    private readonly clients: OidcClients,
    private readonly attempts: OidcAttempts,
  ) {}

  /**
   * Nothing happens to any account yet: the page that began the sign-in finishes it, with the one-time code that is all the
   * address carries.
   * @returns where to send the browser: the page with `code`, or with `error`
   * @throws sign_in_not_finished when it is not known which page that is
   */
  async execute(providerName: string, query: URLSearchParams): Promise<string> {
    const provider = this.clients.get(providerName);
    const attempt = await this.attempts.comeBack(provider.name, query.get('state') ?? '');
    if (!attempt) throw SignInNotFinished();
    const back = new URL(attempt.returnUrl);
    let person: ExternalPerson;
    try {
      person = await this.clients.personOf(provider, query, attempt.proofs);
    } catch (error) {
      const reason = reasonOf(error, query);
      log.warn('oidc.sign_in_failed', { provider: provider.name, reason, cause: describe(error) });
      back.searchParams.set('error', reason);
      return back.href;
    }
    back.searchParams.set('code', await this.attempts.keep(attempt.id, person));
    return back.href;
  }
}

/** One of our codes, whatever the provider calls it. */
function reasonOf(error: unknown, query: URLSearchParams): string {
  if (error instanceof AppError) return error.code;
  return query.get('error') === 'access_denied' ? 'access_denied' : 'sign_in_not_finished';
}

/** For the log: the library's own words, without anything of the person or of a token. */
function describe(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  return [name, code].filter(Boolean).join(' ');
}
