import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Queryable, type Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import type { SubjectKind } from './access-token.js';
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

const OWNER: Readonly<Record<SubjectKind, string>> = { customer: 'customer_id', staff: 'user_id' };

/** Which accounts elsewhere belong to which accounts here: one there opens at most one of each kind here. */
@Injectable()
export class Identities {
  constructor(private readonly db: Db) {}

  /** uuid of the account that an identity opens, and notes that it was used. */
  async use(tx: Tx, kind: SubjectKind, identity: ExternalIdentity): Promise<string | null> {
    const [row] = await tx.query<{ account: string }>(
      `UPDATE identities SET last_used_at = now() WHERE issuer = $1 AND subject = $2 AND ${OWNER[kind]} IS NOT NULL
       RETURNING ${OWNER[kind]} AS account`,
      [identity.issuer, identity.subject],
    );
    return row?.account ?? null;
  }

  /** Gives an account another way in. @returns uuid @throws identity_taken when it opens an account already */
  async add(tx: Tx, kind: SubjectKind, accountId: string, identity: ExternalIdentity): Promise<string> {
    const id = newUuid();
    try {
      await tx.query(
        `INSERT INTO identities (id, provider, issuer, subject, email, ${OWNER[kind]}) VALUES ($1, $2, $3, $4, $5, $6)`,
        [id, identity.provider, identity.issuer, identity.subject, identity.email, accountId],
      );
    } catch (error) {
      if (isUniqueViolation(error, kind === 'staff' ? 'identities_user_subject' : 'identities_customer_subject'))
        throw IdentityTaken({ cause: error });
      throw error;
    }
    return id;
  }

  /** The oldest first. */
  list(kind: SubjectKind, accountId: string, db: Queryable = this.db): Promise<IdentityRow[]> {
    return db.query<IdentityRow>(
      `SELECT id, provider, email, created_at AS "createdAt", last_used_at AS "lastUsedAt"
       FROM identities WHERE ${OWNER[kind]} = $1 ORDER BY id LIMIT 100`,
      [accountId],
    );
  }

  /** Takes a way in from an account. @returns false when it has no such identity */
  async remove(tx: Queryable, kind: SubjectKind, accountId: string, id: string): Promise<boolean> {
    const gone = await tx.query(`DELETE FROM identities WHERE id = $2 AND ${OWNER[kind]} = $1 RETURNING 1`, [
      accountId,
      id,
    ]);
    return gone.length > 0;
  }

  /** Takes all of them from a customer. */
  async removeAll(tx: Tx, customerId: string): Promise<void> {
    await tx.query(`DELETE FROM identities WHERE customer_id = $1`, [customerId]);
  }
}
