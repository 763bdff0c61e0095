import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { SUBJECT_IDS, type SubjectKind } from './access-token.js';
import { PasswordChanged, PasswordResetRequested } from './account.events.js';
import { ACCOUNTS } from './account-tables.js';
import { type AccountLink, AccountLinks } from './account-links.repository.js';
import { InvalidLink } from './auth.errors.js';
import { Identities } from './identities.repository.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import { CUSTOMER_PASSWORD_MIN, PASSWORD_MIN, passwordProblem } from './password-policy.js';
import { SecondFactors } from './second-factors.js';
import { Sessions } from './sessions.service.js';
import { VOID_PASSWORD } from './staff.service.js';

interface Account {
  kind: SubjectKind;
  id: string;
  email: string;
  name: string;
  /** Not yet, where staff have opened the account. */
  isEntered: boolean;
}

/** How long a link works that staff have sent. */
const STAFF_LINK_HOURS = 24;

/** Announces that an account has another password; its owner gets a mail. */
export function announcePasswordChanged(tx: Tx, kind: SubjectKind, accountId: string): void {
  announce(tx, {
    definition: PasswordChanged,
    key: `${PasswordChanged.topic}:${newUuid()}`,
    aggregateType: kind === 'staff' ? 'user' : 'customer',
    aggregateId: accountId,
    payload: { account: encodeId(SUBJECT_IDS[kind], accountId), kind },
  });
}

/** Lets staff and customers who can read their mailbox choose another password. */
@Injectable()
export class ResetPassword {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly passwords: PasswordHasher,
    private readonly links: AccountLinks,
    private readonly sessions: Sessions,
    private readonly factors: SecondFactors,
    private readonly identities: Identities,
  ) {}

  /**
   * Takes down that a password was forgotten. The same happens whether the address is known or not: the mail's job looks.
   * @throws rate_limited
   */
  async request(email: string, as: SubjectKind | undefined, address: string): Promise<void> {
    await this.throttle.admitMail(`reset_password ${as ?? ''}`, email, address);
    await this.db.transaction(async (tx) => {
      this.mail(tx, await this.links.create(tx, { purpose: 'reset_password', email: email.trim(), profile: { as } }));
    });
  }

  /**
   * Sends a link on behalf of staff, good for longer than one that was asked for. `isForced` makes the present password void,
   * ends every session, takes away every account at a provider and waits for nobody. Called in a transaction.
   */
  async send(
    tx: Tx,
    kind: SubjectKind,
    account: { id: string; email: string },
    { isForced = false, hours = STAFF_LINK_HOURS }: { isForced?: boolean; hours?: number } = {},
  ): Promise<string> {
    if (isForced) {
      await tx.query(
        `UPDATE ${ACCOUNTS[kind].table} SET password_hash = '${VOID_PASSWORD}', token_version = token_version + 1, updated_at = now()
         WHERE id = $1`,
        [account.id],
      );
      await this.sessions.endAll(kind, account.id, undefined, tx);
      await this.identities.unlinkAll(tx, kind, account.id);
    }
    return this.links.create(tx, { purpose: 'reset_password', email: account.email, hours, profile: { as: kind } });
  }

  /** Sends the mail with a link that `send` made. */
  mail(tx: Tx, linkId: string): void {
    announce(tx, {
      definition: PasswordResetRequested,
      aggregateType: 'account_link',
      aggregateId: linkId,
      payload: { linkId },
    });
  }

  /**
   * Sets the password, ends every session and takes away every account at a provider, since any may be somebody else's.
   * Who did it may sign in at once, however often others guessed.
   * @throws invalid_link; validation_failed for a password that will not do
   */
  async execute(token: string, password: string, address: string): Promise<void> {
    const found = await this.links.find(this.db, token, ['reset_password']);
    const account = found && (await this.accountOf(found));
    if (!found || !account) throw InvalidLink();
    const min = account.kind === 'staff' ? PASSWORD_MIN : CUSTOMER_PASSWORD_MIN;
    const problem = passwordProblem(password, account, min);
    if (problem) throw ValidationFailed({ errors: [{ pointer: '/password', ...problem }] });
    const hash = await this.passwords.hash(password);
    await this.db.transaction(async (tx) => {
      const link = await this.links.find(tx, token, ['reset_password'], true);
      if (!link) throw InvalidLink();
      await this.links.use(tx, link);
      await tx.query(
        `UPDATE ${ACCOUNTS[account.kind].table}
         SET password_hash = $2, token_version = token_version + 1, updated_at = now() WHERE id = $1`,
        [account.id, hash],
      );
      await this.sessions.endAll(account.kind, account.id, undefined, tx);
      await this.identities.unlinkAll(tx, account.kind, account.id);
      await this.factors.forgetFailures(tx, account.kind, account.id);
      if (account.isEntered) announcePasswordChanged(tx, account.kind, account.id);
    });
    await this.throttle.ownerCame(account.email, address);
    log.info('auth.password_reset', { kind: account.kind, accountId: account.id });
  }

  /** As at the sign-in, the account of staff comes first where one address has both. */
  private async accountOf(link: AccountLink): Promise<Account | null> {
    const [account] = await this.db.query<Account>(
      `SELECT 'staff' AS kind, id, email, name, true AS "isEntered", 1 AS position FROM users
         WHERE lower(email) = lower($1) AND suspended_at IS NULL AND $2::text IS DISTINCT FROM 'customer'
       UNION ALL
       SELECT 'customer', id, email, first_name || ' ' || last_name, 
           password_hash IS NOT NULL OR EXISTS (SELECT FROM identities i WHERE i.customer_id = customers.id), 2 FROM customers
         WHERE lower(email) = lower($1) AND $2::text IS DISTINCT FROM 'staff'
       ORDER BY position LIMIT 1`,
      [link.email, (link.profile.as as string | undefined) ?? null],
    );
    return account ?? null;
  }
}
