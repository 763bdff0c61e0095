import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { log } from '#libs/log';
import {
  type CustomerIdentity,
  type ExternalIdentity,
  Identities,
  IdentityTaken,
  LoginChallenges,
  type SessionOwner,
  Sessions,
  type SignIn,
  StaffService,
} from '../auth/index.js';
import { type CustomerAccount, CustomerAccounts } from '../customers/index.js';
import { OidcAttempts } from './oidc-attempts.repository.js';
import type { ExternalPerson } from './oidc-clients.js';
import { EmailNotVerified, NotOurStaff, SignInNotFinished } from './oidc.errors.js';

type Person = ExternalPerson & { provider: string };
type Account = SessionOwner & { passwordHash: string | null };

/** Kept although it is refused: a code works once, whatever comes of it. */
type Outcome = SignIn | (() => Error);

/**
 * Lets in whom a provider of identities vouches for. Customers are found by the identity, then by an e-mail address that
 * the provider has verified, and get an account when there is none; staff are found in the same way and never made. Who has
 * a second factor here is asked for its code: what a provider asks for is not ours to know.
 */
@Injectable()
export class FinishSignIn {
  constructor(
    private readonly db: Db,
    private readonly attempts: OidcAttempts,
    private readonly identities: Identities,
    private readonly customers: CustomerAccounts,
    private readonly staff: StaffService,
    private readonly challenges: LoginChallenges,
    private readonly sessions: Sessions,
  ) {}

  /** Begins a session, or asks for a code. @throws sign_in_not_finished, email_not_verified, not_our_staff */
  async execute(request: { code: string; codeVerifier: string }, userAgent: string | undefined): Promise<SignIn> {
    const outcome = await this.db
      .transaction((tx) => this.finish(tx, request, userAgent))
      .catch((error: unknown) => {
        // Two first sign-ins of one person at once: the code is still good, and account and identity are there now.
        if (!isUniqueViolation(error, 'customers_email') && !IdentityTaken.is(error)) throw error;
        return this.db.transaction((tx) => this.finish(tx, request, userAgent));
      });
    if (typeof outcome === 'function') throw outcome();
    if ('challenge' in outcome) return outcome;
    const { kind, id: accountId } = outcome.owner;
    log.info('auth.login_succeeded', { kind, accountId, session: outcome.sessionId, by: 'oidc' });
    return outcome;
  }

  /**
   * Gives the account of a customer another way in. Not when the session that asks was ended meanwhile: a reset of the
   * password takes every such way from a thief, so none may come after it.
   * @throws sign_in_not_finished, identity_taken
   */
  async link(
    { id: customerId, sessionId }: CustomerIdentity,
    request: { code: string; codeVerifier: string },
  ): Promise<string> {
    const id = await this.db.transaction(async (tx) => {
      const attempt = await this.attempts.redeem(tx, request.code, request.codeVerifier, ['link']);
      if (!attempt || attempt.customerId !== customerId || !(await this.customers.lock(tx, customerId))) return null;
      // A statement of its own: it must see what was committed while this one waited for the row.
      if (await this.sessions.hasEnded(tx, sessionId)) return null;
      const person = { ...attempt.person, provider: attempt.provider };
      const owner = await this.identities.use(tx, 'customer', person);
      if (owner === customerId) return this.idOf(tx, customerId, person);
      return this.identities.link(tx, 'customer', customerId, person);
    });
    if (id === null) throw SignInNotFinished();
    return id;
  }

  private async finish(
    tx: Tx,
    request: { code: string; codeVerifier: string },
    userAgent: string | undefined,
  ): Promise<Outcome> {
    const attempt = await this.attempts.redeem(tx, request.code, request.codeVerifier, ['customer', 'staff']);
    if (!attempt) return SignInNotFinished;
    const person = { ...attempt.person, provider: attempt.provider };
    if (attempt.purpose === 'staff') return this.admitStaff(tx, person, userAgent);
    const known = await this.identities.use(tx, 'customer', person);
    if (known === null) return this.admitNew(tx, person, userAgent);
    const account = await this.customers.lock(tx, known);
    return account ? this.admit(tx, customerOf(account), null, userAgent) : SignInNotFinished;
  }

  private async admitNew(tx: Tx, person: Person, userAgent: string | undefined): Promise<Outcome> {
    const { email, isEmailVerified, firstName, lastName } = person;
    if (email === null || !isEmailVerified) return EmailNotVerified;
    const known = await this.customers.withEmail(tx, email);
    if (known) return this.admit(tx, customerOf(known), person, userAgent);
    const profile = { email, firstName, lastName, passwordHash: null, acceptsMarketing: false };
    const opened = await this.customers.open(tx, profile);
    await this.identities.add(tx, 'customer', opened.id, person);
    return this.admit(tx, customerOf(opened), null, userAgent);
  }

  private async admitStaff(tx: Tx, person: Person, userAgent: string | undefined): Promise<Outcome> {
    const known = await this.identities.use(tx, 'staff', person);
    if (known === null && (person.email === null || !person.isEmailVerified)) return EmailNotVerified;
    const member = await this.staff.lockForSession(tx, known === null ? { email: person.email! } : { id: known });
    return member ? this.admit(tx, member, known === null ? person : null, userAgent) : NotOurStaff;
  }

  /** The account is linked to whom it is not linked with yet: now, or with the code that it asks for. */
  private async admit(
    tx: Tx,
    { passwordHash, ...owner }: Account,
    unlinked: Person | null,
    userAgent: string | undefined,
  ): Promise<Outcome> {
    const identity = unlinked && identityOf(unlinked);
    const begun = await this.challenges.begin(owner, passwordHash, userAgent, tx, identity);
    if (!begun) return SignInNotFinished;
    if ('challenge' in begun) return begun;
    if (identity) await this.identities.link(tx, owner.kind, owner.id, identity);
    return { ...begun, owner };
  }

  private async idOf(tx: Tx, customerId: string, person: ExternalPerson): Promise<string | null> {
    const [row] = await tx.query<{ id: string }>(
      `SELECT id FROM identities WHERE customer_id = $1 AND issuer = $2 AND subject = $3`,
      [customerId, person.issuer, person.subject],
    );
    return row?.id ?? null;
  }
}

const customerOf = (account: CustomerAccount) => ({ kind: 'customer' as const, ...account });

const identityOf = ({ provider, issuer, subject, email }: Person): ExternalIdentity => ({
  provider,
  issuer,
  subject,
  email,
});
