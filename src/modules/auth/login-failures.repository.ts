import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { derivedKey } from '#libs/sealing';
import { APP_CONFIG, type Config } from '../../config/index.js';

/**
 * Wrong passwords in a row from all places that an account was not signed in from, and as many from those that it was: a
 * hundred together (NIST SP 800-63B, 3.2.2). Also a constraint of the table.
 */
export const FAILURES_IN_A_ROW = 50;

const KNOWN_PLACE_DAYS = 20;
const ACCOUNT = `sha256(convert_to(lower($1), 'UTF8'))`;
/** Whether an account of either kind has the address. */
const IS_HAD = `(EXISTS (SELECT FROM users WHERE lower(email) = lower($1)) OR EXISTS (SELECT FROM customers WHERE lower(email) = lower($1)))`;

/** Where a try comes from, as far as it matters to the account. */
export interface Place {
  /** Whether the account was signed in from there lately. */
  isKnown: boolean;
  /** Whether there were too many wrong passwords from such places. */
  isOver: boolean;
}

/**
 * Counts wrong passwords where no restart forgets them. An address that nobody has is counted as any other is, and for as long,
 * so that neither the answer nor its time tells which there are, today or next year.
 */
@Injectable()
export class LoginFailures {
  private readonly placeKey: Buffer;

  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) config: Config,
  ) {
    this.placeKey = derivedKey(config.encryptionKey, 'emporium known places');
  }

  /** Looks without counting: who is refused anyway writes nothing. */
  async look(account: string, network: string): Promise<Place> {
    const [place] = await this.db.query<Place>(
      `SELECT p.account IS NOT NULL AS "isKnown",
         coalesce(CASE WHEN p.account IS NULL THEN f.strangers ELSE f.known END, 0) >= ${FAILURES_IN_A_ROW} AS "isOver"
       FROM (SELECT ${ACCOUNT} AS account) a LEFT JOIN login_failures f ON f.account = a.account
         LEFT JOIN login_places p ON p.account = a.account AND p.place = $2 AND p.known_until > now()`,
      [account, this.placeOf(account, network)],
    );
    return place!;
  }

  /** Counts a try as wrong before it is looked at. @returns false when there were too many, also at the same moment */
  async count(account: string, isKnown: boolean): Promise<boolean> {
    const column = columnOf(isKnown);
    const counted = await this.db.query(
      `INSERT INTO login_failures AS f (account, ${column}) VALUES (${ACCOUNT}, 1)
       ON CONFLICT (account) DO UPDATE SET ${column} = f.${column} + 1, failed_at = now()
         WHERE f.${column} < ${FAILURES_IN_A_ROW} RETURNING 1`,
      [account],
    );
    return counted.length > 0;
  }

  /** Takes back a try that was not looked at. */
  async uncount(account: string, isKnown: boolean): Promise<void> {
    const column = columnOf(isKnown);
    await this.db.query(
      `UPDATE login_failures SET ${column} = ${column} - 1 WHERE account = ${ACCOUNT} AND ${column} > 0`,
      [account],
    );
  }

  /** The owner has shown themselves: nothing is counted any more, and the place is known from now on. */
  async ownerCame(account: string, network: string): Promise<void> {
    await this.db.query(
      `WITH forgotten AS (DELETE FROM login_failures WHERE account = ${ACCOUNT})
       INSERT INTO login_places (account, place, known_until)
       VALUES (${ACCOUNT}, $2, now() + make_interval(days => ${KNOWN_PLACE_DAYS}))
       ON CONFLICT (account, place) DO UPDATE SET known_until = excluded.known_until`,
      [account, this.placeOf(account, network)],
    );
  }

  /**
   * Forgets what was guessed for an address that an account has from now on. Where its owner comes from stays: an account of
   * another kind may have the address, too. Nobody waits for it before the end: what is counted while the transaction is still
   * at work is forgotten, too.
   */
  forgetGuesses(tx: Tx, account: string): void {
    tx.beforeCommit(`DELETE FROM login_failures WHERE account = ${ACCOUNT}`, [account]);
  }

  /** Forgets an address that an account has no more, at the end, too; nothing of one that another account still has. */
  forget(tx: Tx, account: string): void {
    // In the order of `ownerCame`.
    for (const table of ['login_places', 'login_failures'])
      tx.beforeCommit(`DELETE FROM ${table} WHERE account = ${ACCOUNT} AND NOT ${IS_HAD}`, [account]);
  }

  private placeOf(account: string, network: string): Buffer {
    return createHmac('sha256', this.placeKey)
      .update(`${asPostgres(account)}\n${network}`)
      .digest();
  }
}

/** In lower case as Postgres writes it, sign by sign: as a whole, JavaScript makes another letter of a sigma at the end. */
export const asPostgres = (account: string): string => [...account].map((sign) => sign.toLowerCase()).join('');

const columnOf = (isKnown: boolean) => (isKnown ? 'known' : 'strangers');
