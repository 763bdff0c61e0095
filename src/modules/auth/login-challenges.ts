import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { log } from '#libs/log';
import type { SubjectKind } from './access-token.js';
import { ACCOUNTS, OWNER_JSON } from './account-tables.js';
import { IdentityTaken, InvalidChallenge } from './auth.errors.js';
import { type ExternalIdentity, Identities } from './identities.repository.js';
import { LoginThrottle } from './login-throttle.js';
import { SecondFactors } from './second-factors.js';
import { type Session, type SessionOwner, Sessions } from './sessions.service.js';
import { announceTwoFactor, invalidCode } from './two-factor.service.js';

const LIFETIME_SECONDS = 300;
const MAX_ATTEMPTS = 5;

const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** What somebody gets who has shown the password of an account that asks for a code, too. */
export interface Challenge {
  challenge: string;
  /** seconds */
  expiresIn: number;
}

interface ChallengeRow {
  id: string;
  tokenVersion: number;
  /** null for a customer who signs in elsewhere only */
  passwordHash: string | null;
  owner: SessionOwner;
  /** with which the account is to be linked */
  identity: ExternalIdentity | null;
}

/** The second step of a sign-in: the password was shown, or a provider vouches for somebody, and a code is asked for. */
@Injectable()
export class LoginChallenges {
  constructor(
    private readonly db: Db,
    private readonly factors: SecondFactors,
    private readonly sessions: Sessions,
    private readonly throttle: LoginThrottle,
    private readonly identities: Identities,
  ) {}

  /**
   * Begins a session where the password is enough, else asks for a code; null as `Sessions.begin`. A challenge is over when the
   * password changes, with the tokens of the account, or after five tries. An `identity` that is not linked yet
   * waits with the challenge, and is linked with the right code; where a session begins at once, the caller links it.
   */
  async begin(
    owner: { kind: SubjectKind; id: string; tokenVersion: number },
    passwordHash: string | null,
    userAgent: string | undefined,
    db: Queryable = this.db,
    identity: ExternalIdentity | null = null,
  ): Promise<Session | Challenge | null> {
    const isAsked = async () => (await this.factors.find(db, owner.kind, owner.id))?.confirmedAt != null;
    if (!(await isAsked())) {
      const session = await this.sessions.begin(owner, passwordHash, userAgent, db);
      // Whoever sets a factor up at this moment ends the sessions that there are, and this one may come after that.
      if (!session || !(await isAsked())) return session;
      await this.sessions.endOne(owner.kind, owner.id, session.sessionId, db);
    }
    const { column, table, mayEnter } = ACCOUNTS[owner.kind];
    const challenge = randomBytes(32).toString('base64url');
    const made = await db.query(
      `INSERT INTO login_challenges (id, token_hash, ${column}, token_version, password_mark, identity, expires_at)
       SELECT $1, $2, id, token_version, $3, $7, now() + make_interval(secs => ${LIFETIME_SECONDS})
       FROM ${table} WHERE id = $4 AND token_version = $5 AND password_hash IS NOT DISTINCT FROM $6 AND ${mayEnter} RETURNING 1`,
      [
        newUuid(),
        hashOf(challenge),
        hashOf(passwordHash ?? ''),
        owner.id,
        owner.tokenVersion,
        passwordHash,
        identity && JSON.stringify(identity),
      ],
    );
    return made.length > 0 ? { challenge, expiresIn: LIFETIME_SECONDS } : null;
  }

  /**
   * Begins the session that a code completes.
   * @throws invalid_challenge for one that is over; invalid_code, two_factor_locked, rate_limited
   */
  async answer(
    request: { challenge: string; code: string },
    caller: { address: string; userAgent: string | undefined },
  ): Promise<Session & { owner: SessionOwner }> {
    const waiting = await this.find(this.db, request.challenge);
    if (!waiting) throw InvalidChallenge();
    const { kind, id: accountId, email } = waiting.owner;
    const attempt = await this.throttle.admitCode(accountId, caller.address);
    const outcome = await this.db
      .transaction((tx) => this.complete(tx, request, caller.userAgent))
      .catch(async (error: unknown) => {
        await attempt.notTried();
        // Another account was linked at the same moment.
        throw IdentityTaken.is(error) ? InvalidChallenge({ cause: error }) : error;
      });
    if (outcome === 'wrong') {
      log.warn('auth.two_factor_failed', { kind, accountId });
      throw invalidCode();
    }
    if (outcome === 'over') {
      await attempt.notTried();
      throw InvalidChallenge();
    }
    await attempt.succeeded();
    await this.throttle.ownerCame(email, caller.address);
    log.info('auth.login_succeeded', { kind, accountId, session: outcome.sessionId, twoFactor: true });
    return outcome;
  }

  /** Returns what went wrong instead of throwing it: the try must be counted. */
  private async complete(
    tx: Tx,
    { challenge, code }: { challenge: string; code: string },
    userAgent: string | undefined,
  ): Promise<(Session & { owner: SessionOwner }) | 'wrong' | 'over'> {
    const waiting = await this.find(tx, challenge, true);
    if (!waiting) return 'over';
    const { owner, identity } = waiting;
    const used = await this.factors.use(tx, owner.kind, owner.id, code);
    if (used === 'none') return 'over';
    if (used === 'wrong') {
      await tx.query(`UPDATE login_challenges SET attempts = attempts + 1 WHERE id = $1`, [waiting.id]);
      return 'wrong';
    }
    await tx.query(`UPDATE login_challenges SET used_at = now(), identity = NULL WHERE id = $1`, [waiting.id]);
    const opens = identity && (await this.identities.use(tx, owner.kind, identity));
    if (opens !== null && opens !== owner.id) return 'over';
    const session = await this.sessions.begin(
      { ...owner, tokenVersion: waiting.tokenVersion },
      waiting.passwordHash,
      userAgent,
      tx,
    );
    if (!session) return 'over';
    if (identity && opens === null) await this.identities.link(tx, owner.kind, owner.id, identity);
    if (used === 'recovery') announceTwoFactor(tx, owner.kind, owner.id, 'recovery_code_used');
    return { ...session, owner };
  }

  private async find(db: Queryable, challenge: string, lock = false): Promise<ChallengeRow | null> {
    const [row] = await db.query<ChallengeRow>(
      `SELECT h.id, h.token_version AS "tokenVersion", coalesce(u.password_hash, c.password_hash) AS "passwordHash", h.identity,
         ${OWNER_JSON} AS owner
       FROM login_challenges h LEFT JOIN users u ON u.id = h.user_id LEFT JOIN customers c ON c.id = h.customer_id
       WHERE h.token_hash = $1 AND h.used_at IS NULL AND h.expires_at > now() AND h.attempts < ${MAX_ATTEMPTS}
         AND h.token_version = coalesce(u.token_version, c.token_version)
         AND h.password_mark = sha256(convert_to(coalesce(u.password_hash, c.password_hash, ''), 'UTF8'))
       ${lock ? 'FOR UPDATE OF h' : ''}`,
      [hashOf(challenge)],
    );
    return row ?? null;
  }
}
