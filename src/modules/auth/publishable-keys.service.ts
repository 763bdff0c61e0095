import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { Forbidden, InvalidState, NotFound, ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { hashOfKey } from './hash-of-key.js';
import type { StaffIdentity } from './staff-identity.js';

/** What a key says of its storefront. */
export interface StorefrontOfKey {
  name: string;
  currency: string | null;
  country: string | null;
  origins: string[];
  requestsPerMin: number | null;
}

/** A publishable key as staff see it. The key itself is not kept. */
export interface PublishableKeyRow extends StorefrontOfKey {
  /** uuid */
  id: string;
  hint: string;
  createdBy: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A key just made, with the only copy of it. */
export interface NewPublishableKey extends PublishableKeyRow {
  key: string;
}

const SELECT = `SELECT k.id, k.hint, k.name, k.currency, k.country, k.origins, k.requests_per_min AS "requestsPerMin",
  k.created_by AS "createdBy", k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt", l.last_used_at AS "lastUsedAt", k.version,
  k.created_at AS "createdAt", k.updated_at AS "updatedAt"
  FROM publishable_keys k LEFT JOIN publishable_key_uses l ON l.publishable_key_id = k.id`;

/** As API keys: a key that makes keys would outlive its own end. */
function assertPerson(asker: StaffIdentity): void {
  if (asker.apiKeyId !== undefined) throw Forbidden({ detail: 'Keys are made by people, not by keys.' });
}

/** Refuses what no browser would send as Origin: it would let nobody in. */
function assertOrigins(origins: readonly string[]): void {
  const errors = origins.flatMap((origin, index) =>
    isOrigin(origin)
      ? []
      : [{ pointer: `/origins/${index}`, code: 'invalid_origin', detail: 'must be like https://shop.example.com' }],
  );
  if (errors.length > 0) throw ValidationFailed({ errors });
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Keys that say which storefront asks, with what it shows by itself and how much it may ask. */
@Injectable()
export class PublishableKeys {
  constructor(private readonly db: Db) {}

  /** The newest first. */
  list(): Promise<PublishableKeyRow[]> {
    return this.db.query<PublishableKeyRow>(`${SELECT} ORDER BY k.id DESC LIMIT 500`);
  }

  /** @throws not_found */
  async get(id: string, db: Queryable = this.db): Promise<PublishableKeyRow> {
    const [row] = await db.query<PublishableKeyRow>(`${SELECT} WHERE k.id = $1`, [id]);
    if (!row) throw NotFound({ detail: 'There is no such publishable key.' });
    return row;
  }

  /** @throws forbidden when a key asks; validation_failed */
  create(asker: StaffIdentity, storefront: StorefrontOfKey): Promise<NewPublishableKey> {
    assertPerson(asker);
    assertOrigins(storefront.origins);
    return this.db.transaction((tx) => this.insert(tx, asker, storefront, null));
  }

  /** Works at once. @throws not_found, version_mismatch, validation_failed */
  async update(
    id: string,
    expectedVersion: number | undefined,
    change: Partial<StorefrontOfKey>,
  ): Promise<PublishableKeyRow> {
    assertOrigins(change.origins ?? []);
    return this.change(id, async (tx, before) => {
      assertVersion(expectedVersion, before.version);
      const { name, currency, country, origins, requestsPerMin } = { ...before, ...withoutUndefined(change) };
      await tx.query(
        `UPDATE publishable_keys SET name = $2, currency = $3, country = $4, origins = $5, requests_per_min = $6,
           version = version + 1, updated_at = now() WHERE id = $1`,
        [id, name.trim(), currency, country, origins, requestsPerMin],
      );
      return this.get(id, tx);
    });
  }

  /**
   * Makes a key in the place of another, which goes on for so many hours, so that pages that are open go on.
   * @throws forbidden when a key asks; not_found; invalid_state for one that is over
   */
  rotate(asker: StaffIdentity, id: string, overlapHours: number): Promise<NewPublishableKey> {
    assertPerson(asker);
    return this.change(id, async (tx, before) => {
      if (before.revokedAt !== null || (before.expiresAt !== null && before.expiresAt <= new Date()))
        throw InvalidState({ detail: 'This key is over; make a new one.' });
      const made = await this.insert(tx, asker, before, id);
      await tx.query(
        `UPDATE publishable_keys SET expires_at = least(expires_at, now() + make_interval(hours => $2)), version = version + 1,
           updated_at = now() WHERE id = $1`,
        [id, overlapHours],
      );
      return made;
    });
  }

  /** Ends a key at once. Ending it again does nothing. @throws not_found */
  revoke(id: string): Promise<void> {
    return this.change(id, async (tx) => {
      await tx.query(
        `UPDATE publishable_keys SET revoked_at = now(), version = version + 1, updated_at = now()
         WHERE id = $1 AND revoked_at IS NULL`,
        [id],
      );
      tx.afterCommit(() => log.info('publishable_key.revoked', { keyId: encodeId('publishableKey', id) }));
    });
  }

  private change<T>(id: string, work: (tx: Tx, before: PublishableKeyRow) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT FROM publishable_keys WHERE id = $1 FOR UPDATE`, [id]);
      return work(tx, await this.get(id, tx));
    });
  }

  private async insert(
    tx: Tx,
    asker: StaffIdentity,
    { name, currency, country, origins, requestsPerMin }: StorefrontOfKey,
    replaces: string | null,
  ): Promise<NewPublishableKey> {
    const id = newUuid();
    const key = `emp_pk_${randomBytes(16).toString('hex')}`;
    await tx.query(
      `INSERT INTO publishable_keys (id, key_hash, hint, name, currency, country, origins, requests_per_min, created_by, replaces)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [id, hashOfKey(key), key.slice(-4), name.trim(), currency, country, origins, requestsPerMin, asker.id, replaces],
    );
    tx.afterCommit(() => log.info('publishable_key.created', { keyId: encodeId('publishableKey', id) }));
    return { ...(await this.get(id, tx)), key };
  }
}

const withoutUndefined = <T extends object>(object: T): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
