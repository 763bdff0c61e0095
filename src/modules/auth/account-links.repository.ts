import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { LinkTokens } from './link-tokens.js';

/** What opening a link does. */
export type LinkPurpose = 'register' | 'change_email' | 'reset_password' | 'invite' | 'find_order';

/** How long each kind of link works, in hours. */
export const LINK_HOURS: Readonly<Record<LinkPurpose, number>> = {
  register: 48,
  change_email: 24,
  reset_password: 1,
  invite: 168,
  find_order: 24,
};

/** A link that somebody opened, locked in the transaction. */
export interface AccountLink {
  /** uuid */
  id: string;
  purpose: LinkPurpose;
  email: string;
  customerId: string | null;
  userId: string | null;
  passwordHash: string | null;
  profile: Record<string, unknown>;
}

/** What a new link carries. */
export interface NewLink {
  purpose: LinkPurpose;
  email: string;
  customerId?: string;
  userId?: string;
  /** the address that the account has so far; kept when the link is used, since its notice may come after that */
  oldEmail?: string;
  passwordHash?: string;
  /** how long it works, where that is not as long as links of its kind do */
  hours?: number;
  profile?: Record<string, unknown>;
}

/** Links in mails: written before the mail is, used once; those to orders as often as one likes. */
@Injectable()
export class AccountLinks {
  constructor(private readonly tokens: LinkTokens) {}

  /** Writes a link. @returns its id, from which the mail derives the secret */
  async create(db: Queryable, link: NewLink): Promise<string> {
    const id = newUuid();
    await db.query(
      `INSERT INTO account_links (id, purpose, email, token_hash, customer_id, user_id, password_hash, profile, expires_at, old_email)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(hours => $9), $10)`,
      [
        id,
        link.purpose,
        link.email,
        LinkTokens.hash(this.tokens.tokenOf(id)),
        link.customerId ?? null,
        link.userId ?? null,
        link.passwordHash ?? null,
        JSON.stringify(link.profile ?? {}),
        link.hours ?? LINK_HOURS[link.purpose],
        link.oldEmail ?? null,
      ],
    );
    return id;
  }

  /** The link behind a secret, unless it was used or its time is over; `lock` keeps others from using it meanwhile. */
  async find(
    db: Queryable,
    token: string,
    purposes: readonly LinkPurpose[],
    lock = false,
  ): Promise<AccountLink | null> {
    const [link] = await db.query<AccountLink>(
      `SELECT id, purpose, email, customer_id AS "customerId", user_id AS "userId", password_hash AS "passwordHash", profile
       FROM account_links
       WHERE token_hash = $1 AND purpose = ANY($2) AND used_at IS NULL AND expires_at > now() ${lock ? 'FOR UPDATE' : ''}`,
      [LinkTokens.hash(token), purposes],
    );
    return link ?? null;
  }

  /** Ends the links with which the password of a customer could be chosen anew; those of staff with the same address stay. */
  async endResets(tx: Tx, customerEmail: string): Promise<void> {
    await tx.query(
      `UPDATE account_links SET used_at = now(), profile = '{}'
       WHERE used_at IS NULL AND purpose = 'reset_password' AND lower(email) = lower($1)
         AND (profile ->> 'as' = 'customer'
           OR (profile ->> 'as' IS NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE lower(u.email) = lower($1) AND u.suspended_at IS NULL)))`,
      [customerEmail],
    );
  }

  /** Ends the links that would give a customer another e-mail address. */
  async endEmailChanges(tx: Tx, customerId: string): Promise<void> {
    await tx.query(
      `UPDATE account_links SET used_at = now() WHERE used_at IS NULL AND purpose = 'change_email' AND customer_id = $1`,
      [customerId],
    );
  }

  /** Uses a link up, and with it every other one of its kind for the same address, so that old mails do nothing. */
  async use(tx: Tx, link: AccountLink): Promise<void> {
    await tx.query(
      `UPDATE account_links SET used_at = now(), password_hash = NULL, profile = '{}'
       WHERE used_at IS NULL AND (id = $1 OR (lower(email) = lower($2) AND purpose = $3))`,
      [link.id, link.email, link.purpose],
    );
  }
}
