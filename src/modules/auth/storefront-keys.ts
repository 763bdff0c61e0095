import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import type { Request } from '#libs/http';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { InvalidPublishableKey, OriginNotAllowed, PublishableKeyMissing } from './auth.errors.js';
import { hashOfKey } from './hash-of-key.js';

/** What a request may still do with its key. */
export interface ShownKey {
  /** uuid */
  id: string;
  requestsPerMin: number | null;
}

interface KeyRow extends ShownKey {
  currency: string | null;
  country: string | null;
  origins: string[];
  is_stale: boolean;
}

const HEADER = 'x-publishable-key';
const FORM = /^emp_pk_[0-9a-z]{32}$/;
/** What storefronts call. */
const STOREFRONT = /^\/v1\/(?!admin(?:\/|$)|webhooks\/)/;
/** Staff sign in by the same door, and who follows a link of a provider shows no key. */
const WITHOUT_KEY = /^\/v1\/auth\//;

/** Knows storefronts by the key that their requests show. Keys are read anew each time, so that one that is revoked is over at once. */
@Injectable()
export class StorefrontKeys {
  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** Whether there is anything to look at: most requests show no key, and need none. */
  concerns(request: Request): boolean {
    const { url, method } = request.raw;
    if (method === 'OPTIONS' || !STOREFRONT.test(url!)) return false;
    return request.headers[HEADER] !== undefined || (this.config.requirePublishableKey && !WITHOUT_KEY.test(url!));
  }

  /**
   * Looks at the key of a request. Its currency and country count where the request names none.
   * @throws publishable_key_missing, invalid_publishable_key; origin_not_allowed for a page that is not on its list
   */
  async admit(request: Request): Promise<ShownKey> {
    const { [HEADER]: key, origin } = request.headers;
    if (key === undefined) throw PublishableKeyMissing();
    const row = typeof key === 'string' && FORM.test(key) ? await this.find(key) : undefined;
    if (!row) throw InvalidPublishableKey();
    if (origin !== undefined && row.origins.length > 0 && !row.origins.includes(origin)) throw OriginNotAllowed();
    if (row.currency !== null) request.headers['x-currency'] ??= row.currency;
    if (row.country !== null) request.headers['x-country'] ??= row.country;
    if (row.is_stale) this.noteUse(row.id);
    return row;
  }

  private async find(key: string): Promise<KeyRow | undefined> {
    const [row] = await this.db.query<KeyRow>(
      `SELECT k.id, k.currency, k.country, k.origins, k.requests_per_min AS "requestsPerMin",
         NOT EXISTS (SELECT FROM publishable_key_uses l
                     WHERE l.publishable_key_id = k.id AND l.last_used_at > now() - interval '1 minute') AS is_stale
       FROM publishable_keys k
       WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`,
      [hashOfKey(key)],
    );
    return row;
  }

  /** Nobody waits for it: it is for people who wonder whether a key is still in use. */
  private noteUse(keyId: string): void {
    this.db
      .query(
        `INSERT INTO publishable_key_uses (publishable_key_id, last_used_at) VALUES ($1, now())
         ON CONFLICT (publishable_key_id) DO UPDATE SET last_used_at = excluded.last_used_at`,
        [keyId],
      )
      .catch((error: unknown) => log.warn('publishable_key.use_not_noted', { error }));
  }
}
