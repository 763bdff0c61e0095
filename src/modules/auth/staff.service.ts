import { Inject, Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { Db, isUniqueViolation, type Queryable, type Tx } from '#libs/database';
import { type FieldError, ValidationFailed } from '#libs/errors';
import { newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { APP_CONFIG, type Config, ConfigError } from '../../config/index.js';
import { announceAccess } from './announce-access.js';
import { EmailTaken } from './auth.errors.js';
import { LoginFailures } from './login-failures.repository.js';
import { PasswordHasher } from './password-hasher.js';
import { passwordProblem } from './password-policy.js';
import type { Role } from './permissions.js';
import type { StaffOwner } from './sessions.service.js';
import { readablePassword } from './readable-password.js';

/** A new member of staff. */
export interface NewStaff {
  email: string;
  name: string;
  password: string;
  role: Role;
}

/** A member of staff as others see them. */
export interface StaffMember {
  /** uuid */
  id: string;
  email: string;
  name: string;
  role: Role;
  /** uuid and name of the role of the shop's own making that takes the place of `role` */
  customRoleId: string | null;
  customRoleName: string | null;
  /** of that role */
  permissions: string[] | null;
  /** whether they have not chosen a password yet */
  isInvited: boolean;
  hasTwoFactor: boolean;
  suspendedAt: Date | null;
  version: number;
  createdAt: Date;
}

/** What stands in the place of a password that is not chosen yet. */
export const NO_PASSWORD = '!';
/** What stands in the place of a password that others have made void: another one must be chosen. */
export const VOID_PASSWORD = '!void';

/** The first owner's way in, to be shown once. */
export interface FirstOwner {
  email: string;
  password: string;
  /** False when the password comes from the settings and need not be shown. */
  generated: boolean;
}

const FIRST_OWNER_LOCK = 7_306_411;
export const STAFF_COLUMNS = `u.id, u.email, u.name, u.role, u.custom_role_id AS "customRoleId", r.name AS "customRoleName", r.permissions,
  u.password_hash = '${NO_PASSWORD}' AS "isInvited", u.suspended_at AS "suspendedAt",
  EXISTS (SELECT FROM two_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS "hasTwoFactor", u.version, u.created_at AS "createdAt"`;
export const STAFF_TABLES = `users u LEFT JOIN roles r ON r.id = u.custom_role_id`;

/** Opens accounts of staff, and finds them. */
@Injectable()
export class StaffService {
  constructor(
    private readonly db: Db,
    private readonly passwords: PasswordHasher,
    private readonly failures: LoginFailures,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** Who may begin a session, found by id or e-mail address and locked against a change of the password. */
  async lockForSession(
    tx: Tx,
    by: { id: string } | { email: string },
  ): Promise<(StaffOwner & { passwordHash: string }) | null> {
    const [condition, value] = 'id' in by ? ['id = $1', by.id] : ['lower(email) = lower($1)', by.email];
    const [row] = await tx.query<Omit<StaffOwner, 'kind'> & { passwordHash: string }>(
      `SELECT id, email, name, role, token_version AS "tokenVersion", password_hash AS "passwordHash"
       FROM users WHERE ${condition} AND suspended_at IS NULL FOR NO KEY UPDATE`,
      [value],
    );
    return row ? { kind: 'staff', ...row } : null;
  }

  /**
   * Opens an account. The same request again gets the account that it opened, since a repetition after a lost answer
   * cannot be told by an idempotency key here: its fingerprint would be a fast hash of the password. Only for some minutes,
   * and until its owner has come: later it would tell anybody who asks whether a password is right.
   * @param byUserId uuid of who opens it; none at the command line
   * @throws validation_failed when the e-mail address or the password will not do; email_taken
   */
  async create(staff: NewStaff, byUserId?: string): Promise<StaffMember> {
    const errors: FieldError[] = [];
    if (!isEmail(staff.email, { allow_utf8_local_part: true }))
      errors.push({ pointer: '/email', code: 'invalid_email', detail: 'must be an e-mail address' });
    const problem = passwordProblem(staff.password, staff);
    if (problem) errors.push({ pointer: '/password', ...problem });
    if (errors.length > 0) throw ValidationFailed({ errors });
    try {
      const hash = await this.passwords.hash(staff.password);
      const member = await this.db.transaction(async (tx) => {
        const made = await this.insert(tx, staff, hash);
        if (byUserId !== undefined) announceAccess(tx, { what: 'staff', userId: made.id }, byUserId);
        return made;
      });
      log.info('staff.created', { userId: member.id, role: member.role });
      return member;
    } catch (error) {
      if (!isUniqueViolation(error, 'users_email')) throw error;
      const repeated = await this.findRepeated(staff);
      if (repeated) return repeated;
      throw EmailTaken({
        cause: error,
        errors: [{ pointer: '/email', code: 'email_taken', detail: 'is used by another account' }],
      });
    }
  }

  /**
   * Where there is no staff yet, makes the owner that the settings name, with their password or, outside production, a
   * generated one. Of several processes that start at once, one makes it.
   * @returns the way in, or null when there is staff already
   * @throws ConfigError when the password of the settings is missing (in production) or too easy to guess
   */
  async ensureFirstOwner(): Promise<FirstOwner | null> {
    if (await this.hasStaff(this.db)) return null;
    const { email, password: given } = this.config.admin;
    const owner = { email, name: 'Owner', role: 'owner' as const };
    if (given === null && this.config.production)
      throw new ConfigError(['ADMIN_PASSWORD is missing: there is no staff yet, and the first owner needs one']);
    const problem = given === null ? null : passwordProblem(given, owner);
    if (problem) throw new ConfigError([`ADMIN_PASSWORD ${problem.detail}`]);
    const password = given ?? readablePassword();
    const passwordHash = await this.passwords.hash(password);
    const made = await this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock($1)`, [FIRST_OWNER_LOCK]);
      return (await this.hasStaff(tx)) ? null : this.insert(tx, owner, passwordHash);
    });
    if (!made) return null;
    log.info('staff.first_owner_created', { userId: made.id });
    return { email, password, generated: given === null };
  }

  private async hasStaff(db: Queryable): Promise<boolean> {
    return (await db.query(`SELECT 1 FROM users LIMIT 1`)).length > 0;
  }

  /** Writes an account of staff. What strangers have guessed before keeps nobody out. @throws a violation of `users_email` */
  async insert(
    tx: Tx,
    staff: Omit<NewStaff, 'password'>,
    passwordHash: string,
    customRoleId: string | null = null,
  ): Promise<StaffMember> {
    const id = newUuid();
    this.failures.forgetGuesses(tx, staff.email);
    await tx.query(
      `INSERT INTO users (id, email, name, role, custom_role_id, password_hash) VALUES ($1, $2, $3, $4, $5, $6)`,
      [id, staff.email, staff.name, staff.role, customRoleId, passwordHash],
    );
    const [member] = await tx.query<StaffMember>(`SELECT ${STAFF_COLUMNS} FROM ${STAFF_TABLES} WHERE u.id = $1`, [id]);
    return member!;
  }

  private async findRepeated(staff: NewStaff): Promise<StaffMember | null> {
    const [found] = await this.db.query<StaffMember & { passwordHash: string }>(
      `SELECT ${STAFF_COLUMNS}, u.password_hash AS "passwordHash" FROM ${STAFF_TABLES}
       WHERE lower(u.email) = lower($1) AND u.name = $2 AND u.role = $3 AND u.custom_role_id IS NULL
         AND u.suspended_at IS NULL AND u.created_at > now() - interval '10 minutes'
         AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.user_id = u.id)`,
      [staff.email, staff.name, staff.role],
    );
    if (!found) return null;
    const { passwordHash, ...member } = found;
    return (await this.passwords.verify(passwordHash, staff.password)) ? member : null;
  }
}
