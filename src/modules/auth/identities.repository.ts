import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Queryable, type Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { SUBJECT_IDS, type SubjectKind } from './access-token.js';
import { IdentityChanged } from './account.events.js';
import { ACCOUNTS } from './account-tables.js';
import { IdentityTaken } from './auth.errors.js';

/** Who somebody is at a provider of identities. */
export interface ExternalIdentity {
  /** as the settings name it */
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
}

/** An identity as the owner of the account sees it. */
export interface IdentityRow {
  /** uuid */
  id: string;
  provider: string;
  email: string | null;
  createdAt: Date;
  lastUsedAt: Date;
}

/** Announces that there is another way into an account, or one less; its owner gets a mail. */
export function announceIdentity(
  tx: Tx,
  kind: SubjectKind,
  accountId: string,
  change: 'linked' | 'unlinked',
  provider: string,
): void {
  announce(tx, {
    definition: IdentityChanged,
    key: `${IdentityChanged.topic}:${newUuid()}`,
    aggregateType: kind === 'staff' ? 'user' : 'customer',
    aggregateId: accountId,
    payload: { account: encodeId(SUBJECT_IDS[kind], accountId), kind, change, provider },
  });
  tx.afterCommit(() => log.info('auth.identity_changed', { kind, accountId, change, provider }));
}

/** Which accounts elsewhere belong to which accounts here: one there opens at most one of each kind here. */
@Injectable()
export class Identities {
  constructor(private readonly db: Db) {}

  /** uuid of the account that an identity opens, and notes that it was used. */
  async use(tx: Tx, kind: SubjectKind, identity: ExternalIdentity): Promise<string | null> {
    const [row] = await tx.query<{ account: string }>(
      `UPDATE identities SET last_used_at = now() WHERE issuer = $1 AND subject = $2 AND ${ACCOUNTS[kind].column} IS NOT NULL
       RETURNING ${ACCOUNTS[kind].column} AS account`,
      [identity.issuer, identity.subject],
    );
    return row?.account ?? null;
  }

  /** Gives an account another way in. @returns uuid @throws identity_taken when it opens an account already */
  async add(tx: Tx, kind: SubjectKind, accountId: string, identity: ExternalIdentity): Promise<string> {
    const id = newUuid();
    try {
      await tx.query(
        `INSERT INTO identities (id, provider, issuer, subject, email, ${ACCOUNTS[kind].column}) VALUES ($1, $2, $3, $4, $5, $6)`,
        [id, identity.provider, identity.issuer, identity.subject, identity.email, accountId],
      );
    } catch (error) {
      if (isUniqueViolation(error, kind === 'staff' ? 'identities_user_subject' : 'identities_customer_subject'))
        throw IdentityTaken({ cause: error });
      throw error;
    }
    return id;
  }

  /** Gives an account another way in, of which its owner is told by mail. @returns uuid @throws identity_taken */
  async link(tx: Tx, kind: SubjectKind, accountId: string, identity: ExternalIdentity): Promise<string> {
    const id = await this.add(tx, kind, accountId, identity);
    announceIdentity(tx, kind, accountId, 'linked', identity.provider);
    return id;
  }

  /** The oldest first. */
  list(kind: SubjectKind, accountId: string, db: Queryable = this.db): Promise<IdentityRow[]> {
    return db.query<IdentityRow>(
      `SELECT id, provider, email, created_at AS "createdAt", last_used_at AS "lastUsedAt"
       FROM identities WHERE ${ACCOUNTS[kind].column} = $1 ORDER BY id LIMIT 100`,
      [accountId],
    );
  }

  /** Takes a way in from an account. @returns of which provider; null when it has no such identity */
  async remove(tx: Queryable, kind: SubjectKind, accountId: string, id: string): Promise<string | null> {
    const [gone] = await tx.query<{ provider: string }>(
      `DELETE FROM identities WHERE id = $2 AND ${ACCOUNTS[kind].column} = $1 RETURNING provider`,
      [accountId, id],
    );
    return gone?.provider ?? null;
  }

  /** Takes all of them from an account. @returns of which providers */
  async removeAll(tx: Tx, kind: SubjectKind, accountId: string): Promise<string[]> {
    const gone = await tx.query<{ provider: string }>(
      `DELETE FROM identities WHERE ${ACCOUNTS[kind].column} = $1 RETURNING provider`,
      [accountId],
    );
    return gone.map(({ provider }) => provider);
  }

  /** Takes all of them from an account that somebody else may have had, of which its owner is told by mail. */
  async unlinkAll(tx: Tx, kind: SubjectKind, accountId: string): Promise<void> {
    for (const provider of await this.removeAll(tx, kind, accountId))
      announceIdentity(tx, kind, accountId, 'unlinked', provider);
  }
}
