import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import {
  type AccountLink,
  AccountLinks,
  type Caller,
  type Challenge,
  InvalidCredentials,
  InvalidLink,
  LoginChallenges,
  LoginFailures,
  LoginThrottle,
  PasswordHasher,
  type SessionOwner,
} from '../auth/index.js';
import { CustomerAccounts } from './customer-accounts.js';

type CustomerOwner = SessionOwner & { kind: 'customer' };

/** A session that begins, or the question for a code where the account has a second factor. */
export type Verified = { owner: CustomerOwner; signIn: { sessionId: string; refreshToken: string } | Challenge };

interface Owner {
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  tokenVersion: number;
}

const OWNER_COLUMNS = `id, email, first_name AS "firstName", last_name AS "lastName", token_version AS "tokenVersion"`;

/**
 * Opens an account, or moves it to another e-mail address, once its owner has shown both the link that was sent there and
 * the password. The link alone would let anybody register the address of another in the hope that they click, and then
 * read their orders.
 */
@Injectable()
export class VerifyEmail {
  constructor(
    private readonly db: Db,
    private readonly throttle: LoginThrottle,
    private readonly loginFailures: LoginFailures,
    private readonly passwords: PasswordHasher,
    private readonly links: AccountLinks,
    private readonly challenges: LoginChallenges,
    private readonly accounts: CustomerAccounts,
  ) {}

  /** @throws invalid_link, invalid_credentials, rate_limited */
  async execute(request: { token: string; password: string }, caller: Caller): Promise<Verified> {
    const link = await this.links.find(this.db, request.token, ['register', 'change_email']);
    if (!link) throw InvalidLink();
    const account = await this.accountOf(link);
    if (!account) throw InvalidLink();
    // By what was guessed for an address before, nobody is kept from it who reads its mailbox.
    const attempt = await this.throttle.admit(account.email, caller.address, link.purpose !== 'register');
    const { passwordHash } = account;
    let fits: boolean;
    try {
      fits = await this.passwords.verify(passwordHash, request.password);
    } catch (error) {
      await attempt.notTried();
      throw error;
    }
    if (!fits || passwordHash === null) throw InvalidCredentials();
    const begun = await this.db
      .transaction((tx) => this.open(tx, request.token, passwordHash, caller))
      .catch(takenMeanwhile);
    // The account may have given up the address that the try was counted for.
    await attempt.notTried();
    await this.throttle.ownerCame(begun.owner.email, caller.address);
    log.info('customer.email_verified', { customerId: encodeId('customer', begun.owner.id), purpose: link.purpose });
    return begun;
  }

  /** Whose password is asked for, by the address that they have so far: wrong ones are counted there. */
  private async accountOf(link: AccountLink): Promise<Pick<AccountLink, 'email' | 'passwordHash'> | null> {
    if (link.purpose === 'register') return link;
    const [customer] = await this.db.query<Pick<AccountLink, 'email' | 'passwordHash'>>(
      `SELECT email, password_hash AS "passwordHash" FROM customers WHERE id = $1 AND deleted_at IS NULL`,
      [link.customerId],
    );
    return customer ?? null;
  }

  private async open(tx: Tx, token: string, passwordHash: string, caller: Caller): Promise<Verified> {
    const link = await this.links.find(tx, token, ['register', 'change_email'], true);
    if (!link) throw InvalidLink();
    const owner = link.purpose === 'register' ? await this.register(tx, link) : await this.changeEmail(tx, link);
    await this.links.use(tx, link);
    const account = { kind: 'customer' as const, ...owner };
    const signIn = await this.challenges.begin(account, passwordHash, caller.userAgent, tx);
    if (!signIn) throw InvalidLink();
    return { signIn, owner: account };
  }

  private async register(tx: Tx, link: AccountLink): Promise<Owner> {
    const { passwordHash, email } = link;
    const profile = link.profile as { firstName: string; lastName: string; acceptsMarketing: boolean };
    const customer = { ...profile, email, passwordHash };
    const invited = await this.accounts.openInvited(tx, customer);
    const { passwordHash: _kept, ...owner } = invited ?? (await this.accounts.open(tx, customer));
    return owner;
  }

  private async changeEmail(tx: Tx, link: AccountLink): Promise<Owner> {
    const [before] = await tx.query<{ email: string }>(
      `SELECT email FROM customers WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`,
      [link.customerId],
    );
    // Whoever has the old address next shall not get an account that old mails still open.
    if (before) {
      await this.links.endResets(tx, before.email);
      this.loginFailures.forget(tx, before.email);
    }
    const [owner] = await tx.query<Owner>(
      `UPDATE customers SET email = $2, version = version + 1, updated_at = now()
       WHERE id = $1 AND deleted_at IS NULL RETURNING ${OWNER_COLUMNS}`,
      [link.customerId, link.email],
    );
    if (!owner) throw InvalidLink();
    return owner;
  }
}

/** Somebody else has the address now: the link came to nothing. */
function takenMeanwhile(error: unknown): never {
  if (isUniqueViolation(error, 'customers_email')) throw InvalidLink({ cause: error });
  throw error;
}
