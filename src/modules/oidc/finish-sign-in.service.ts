import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { log } from '#libs/log';
import {
  announceIdentity,
  type Challenge,
  Identities,
  IdentityTaken,
  LoginChallenges,
  type Session,
  type SessionOwner,
  type SignIn,
  StaffService,
} from '../auth/index.js';
import { type CustomerAccount, CustomerAccounts } from '../customers/index.js';
import { OidcAttempts } from './oidc-attempts.repository.js';
import type { ExternalPerson } from './oidc-clients.js';
import { EmailNotVerified, NotOurStaff, SignInNotFinished } from './oidc.errors.js';

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

  /** Gives the account of a customer another way in. @throws sign_in_not_finished, identity_taken */
  async link(customerId: string, request: { code: string; codeVerifier: string }): Promise<string> {
    const id = await this.db.transaction(async (tx) => {
      const attempt = await this.attempts.redeem(tx, request.code, request.codeVerifier, ['link']);
      if (!attempt || attempt.customerId !== customerId || !(await this.customers.lock(tx, customerId))) return null;
      const person = { ...attempt.person, provider: attempt.provider };
      const owner = await this.identities.use(tx, 'customer', person);
      if (owner === customerId) return this.idOf(tx, customerId, person);
      const added = await this.identities.add(tx, 'customer', customerId, person);
      announceIdentity(tx, 'customer', customerId, 'linked', person.provider);
      return added;
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
    const account = known === null ? await this.accountFor(tx, person) : await this.customers.lock(tx, known);
    if (!account) return known === null ? EmailNotVerified : SignInNotFinished;
    const { passwordHash, ...owner } = account;
    const customer = { kind: 'customer' as const, ...owner };
    return outcomeOf(customer, await this.challenges.begin(customer, passwordHash, userAgent, tx));
  }

  private async accountFor(tx: Tx, person: ExternalPerson & { provider: string }): Promise<CustomerAccount | null> {
    const { email, isEmailVerified, firstName, lastName } = person;
    if (email === null || !isEmailVerified) return null;
    const known = await this.customers.withEmail(tx, email);
    const account =
      known ??
      (await this.customers.open(tx, { email, firstName, lastName, passwordHash: null, acceptsMarketing: false }));
    await this.identities.add(tx, 'customer', account.id, person);
    if (known) announceIdentity(tx, 'customer', known.id, 'linked', person.provider);
    return account;
  }

  private async admitStaff(
    tx: Tx,
    person: ExternalPerson & { provider: string },
    userAgent: string | undefined,
  ): Promise<Outcome> {
    const known = await this.identities.use(tx, 'staff', person);
    if (known === null && (person.email === null || !person.isEmailVerified)) return EmailNotVerified;
    const member = await this.staff.lockForSession(tx, known === null ? { email: person.email! } : { id: known });
    if (!member) return NotOurStaff;
    const { passwordHash, ...owner } = member;
    if (known === null) {
      await this.identities.add(tx, 'staff', owner.id, person);
      announceIdentity(tx, 'staff', owner.id, 'linked', person.provider);
    }
    return outcomeOf(owner, await this.challenges.begin(owner, passwordHash, userAgent, tx));
  }

  private async idOf(tx: Tx, customerId: string, person: ExternalPerson): Promise<string | null> {
    const [row] = await tx.query<{ id: string }>(
      `SELECT id FROM identities WHERE customer_id = $1 AND issuer = $2 AND subject = $3`,
      [customerId, person.issuer, person.subject],
    );
    return row?.id ?? null;
  }
}

function outcomeOf(owner: SessionOwner, begun: Session | Challenge | null): Outcome {
  if (!begun) return SignInNotFinished;
  return 'challenge' in begun ? begun : { ...begun, owner };
}
