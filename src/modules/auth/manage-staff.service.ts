import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { Forbidden, InvalidState, NotFound, ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { StaffInvited } from './account.events.js';
import { AccountLinks } from './account-links.repository.js';
import { announceAccess } from './announce-access.js';
import { EmailTaken, InvalidLink, LastOwner, RoleNotFound } from './auth.errors.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import { passwordProblem } from './password-policy.js';
import { type Permission, ROLE_PERMISSIONS, type Role } from './permissions.js';
import { ResetPassword } from './reset-password.service.js';
import { assertMayGrant, Roles } from './roles.service.js';
import { Sessions } from './sessions.service.js';
import type { StaffIdentity } from './staff-identity.js';
import { permissionsOf } from './staff-permissions.js';
import { StaffQuery } from './staff.query.js';
import { TwoFactor } from './two-factor.service.js';
import { NO_PASSWORD, type StaffMember, StaffService } from './staff.service.js';

interface WantedRole {
  role?: Role;
  /** uuid */
  customRoleId?: string;
}

/**
 * Brings people into the shop, gives them other roles, and keeps them out. Everything works at once, since each request of
 * staff is checked against what stands here; and there is always an owner who can sign in.
 */
@Injectable()
export class ManageStaff {
  constructor(
    private readonly db: Db,
    private readonly staff: StaffService,
    private readonly query: StaffQuery,
    private readonly roles: Roles,
    private readonly links: AccountLinks,
    private readonly passwords: PasswordHasher,
    private readonly sessions: Sessions,
    private readonly twoFactor: TwoFactor,
    private readonly resets: ResetPassword,
    private readonly throttle: LoginThrottle,
  ) {}

  /**
   * Makes an account without a password and sends a mail with which its owner chooses one. The same again sends another mail.
   * @throws email_taken, role_not_found, permission_not_yours, validation_failed without a role
   */
  async invite(asker: StaffIdentity, request: { email: string; name: string } & WantedRole): Promise<StaffMember> {
    const email = request.email.trim();
    const wanted = await this.wantedRole(request);
    if (!wanted)
      throw ValidationFailed({
        errors: [{ pointer: '/role', code: 'required', detail: 'or customRoleId is required' }],
      });
    assertMayGrant(asker, wanted.permissions);
    return this.db
      .transaction(async (tx) => {
        const [invited] = await tx.query<{ id: string }>(
          `SELECT id FROM users WHERE lower(email) = lower($1) AND password_hash = '${NO_PASSWORD}' AND suspended_at IS NULL
             AND name = $2 AND role = $3 AND custom_role_id IS NOT DISTINCT FROM $4 FOR UPDATE`,
          [email, request.name, wanted.role, wanted.customRoleId],
        );
        const member = invited
          ? await this.query.get(invited.id, tx)
          : await this.staff.insert(
              tx,
              { email, name: request.name, role: wanted.role },
              NO_PASSWORD,
              wanted.customRoleId,
            );
        if (!invited) announceAccess(tx, { what: 'staff', userId: member.id }, asker.id);
        const linkId = await this.links.create(tx, { purpose: 'invite', email, userId: member.id });
        const userId = encodeId('user', member.id);
        announce(tx, {
          definition: StaffInvited,
          key: `${StaffInvited.topic}:${linkId}`,
          aggregateType: 'user',
          aggregateId: member.id,
          payload: { linkId, userId },
        });
        tx.afterCommit(() => log.info('staff.invited', { userId, by: encodeId('user', asker.id) }));
        return member;
      })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error, 'users_email')) throw error;
        throw EmailTaken({
          cause: error,
          errors: [{ pointer: '/email', code: 'email_taken', detail: 'is used by another account' }],
        });
      });
  }

  /**
   * Sets the password of somebody who was invited; what others guessed before counts no more.
   * @param address where they come from
   * @throws invalid_link, validation_failed
   */
  async accept(token: string, password: string, address: string): Promise<void> {
    const link = await this.links.find(this.db, token, ['invite']);
    if (!link?.userId) throw InvalidLink();
    const member = await this.query.get(link.userId);
    const problem = passwordProblem(password, member);
    if (problem) throw ValidationFailed({ errors: [{ pointer: '/password', ...problem }] });
    const hash = await this.passwords.hash(password);
    await this.db.transaction(async (tx) => {
      const locked = await this.links.find(tx, token, ['invite'], true);
      if (!locked) throw InvalidLink();
      await this.links.use(tx, locked);
      const done = await tx.query(
        `UPDATE users SET password_hash = $2, version = version + 1, updated_at = now()
         WHERE id = $1 AND password_hash = '${NO_PASSWORD}' AND suspended_at IS NULL RETURNING 1`,
        [link.userId, hash],
      );
      if (done.length === 0) throw InvalidLink();
    });
    await this.throttle.ownerCame(member.email, address);
    log.info('staff.joined', { userId: encodeId('user', link.userId) });
  }

  /** Another name or role. @throws not_found, version_mismatch, role_not_found, permission_not_yours, last_owner */
  async update(
    asker: StaffIdentity,
    id: string,
    expectedVersion: number | undefined,
    request: { name?: string } & WantedRole,
  ): Promise<StaffMember> {
    const wanted = await this.wantedRole(request);
    return this.change(asker, id, expectedVersion, async (tx, before) => {
      if (wanted) {
        assertMayGrant(asker, wanted.permissions);
        if (wanted.role !== 'owner') await this.assertNotLastOwner(tx, before);
      }
      await tx.query(
        `UPDATE users SET name = coalesce($2, name), role = coalesce($3, role),
           custom_role_id = CASE WHEN $3::text IS NULL THEN custom_role_id ELSE $4::uuid END,
           version = version + 1, updated_at = now() WHERE id = $1`,
        [id, request.name?.trim(), wanted?.role ?? null, wanted?.customRoleId ?? null],
      );
      if (wanted) announceAccess(tx, { what: 'role', userId: id }, asker.id);
    });
  }

  /** Keeps somebody out: sessions, access tokens and API keys of theirs end at once. @throws not_found, permission_not_yours, last_owner */
  suspend(asker: StaffIdentity, id: string): Promise<StaffMember> {
    return this.change(asker, id, undefined, async (tx, before) => {
      await this.assertNotLastOwner(tx, before);
      await tx.query(
        `UPDATE users SET suspended_at = now(), token_version = token_version + 1, version = version + 1, updated_at = now()
         WHERE id = $1 AND suspended_at IS NULL`,
        [id],
      );
      await this.sessions.endAll('staff', id, undefined, tx);
    });
  }

  /** Lets somebody in again; they sign in anew. @throws not_found, permission_not_yours */
  reactivate(asker: StaffIdentity, id: string): Promise<StaffMember> {
    return this.change(asker, id, undefined, async (tx) => {
      await tx.query(
        `UPDATE users SET suspended_at = NULL, version = version + 1, updated_at = now()
         WHERE id = $1 AND suspended_at IS NOT NULL`,
        [id],
      );
    });
  }

  /** Signs somebody out everywhere. @throws not_found, permission_not_yours */
  async endSessions(asker: StaffIdentity, id: string): Promise<void> {
    await this.change(asker, id, undefined, async (tx) => {
      await tx.query(`UPDATE users SET token_version = token_version + 1 WHERE id = $1`, [id]);
      await this.sessions.endAll('staff', id, undefined, tx);
    });
  }

  /**
   * Sends a mail with which somebody chooses another password. `isForced` makes the present one void at once and signs them out.
   * @throws not_found, permission_not_yours; invalid_state for who is suspended or has yet to accept an invitation; last_owner
   */
  async sendPasswordReset(asker: StaffIdentity, id: string, isForced: boolean): Promise<void> {
    await this.change(asker, id, undefined, async (tx, member) => {
      if (member.suspendedAt !== null) throw InvalidState({ detail: 'They are suspended; let them in again first.' });
      if (member.isInvited) throw InvalidState({ detail: 'They have yet to choose a password; invite them again.' });
      if (isForced) await this.assertNotLastOwner(tx, member);
      this.resets.mail(tx, await this.resets.send(tx, 'staff', member, { isForced }));
      const [userId, by] = [member.id, asker.id].map((one) => encodeId('user', one));
      tx.afterCommit(() => log.info('staff.password_reset_sent', { userId, by, isForced }));
    });
  }

  /**
   * For a colleague whose telephone is gone. One's own goes with password and code: whoever has a session of somebody does not
   * have these.
   * @throws forbidden for oneself; not_found, permission_not_yours, two_factor_not_enabled
   */
  async resetTwoFactor(asker: StaffIdentity, id: string): Promise<void> {
    if (id === asker.id) throw Forbidden({ detail: 'Your own goes with POST /v1/admin/me/two-factor/disable.' });
    await this.change(asker, id, undefined, (tx) => this.twoFactor.reset(tx, 'staff', id));
  }

  private change(
    asker: StaffIdentity,
    id: string,
    expectedVersion: number | undefined,
    work: (tx: Tx, before: StaffMember) => Promise<void>,
  ): Promise<StaffMember> {
    return this.db.transaction(async (tx) => {
      // Owners first and in one order, so that two who demote each other at the same time do not both succeed.
      await tx.query(`SELECT FROM users WHERE role = 'owner' OR id = $1 ORDER BY id FOR UPDATE`, [id]);
      const before = await this.query.get(id, tx);
      assertVersion(expectedVersion, before.version);
      assertMayGrant(asker, permissionsOf(before));
      await work(tx, before);
      return this.query.get(id, tx);
    });
  }

  private async assertNotLastOwner(tx: Tx, member: StaffMember): Promise<void> {
    if (member.role !== 'owner' || member.suspendedAt !== null || member.isInvited) return;
    const others = await tx.query(
      `SELECT FROM users WHERE role = 'owner' AND suspended_at IS NULL AND password_hash NOT LIKE '!%' AND id <> $1`,
      [member.id],
    );
    if (others.length === 0) throw LastOwner();
  }

  /** The role that is asked for, with what it allows; a custom one stands on the least of the built-in ones. */
  private async wantedRole(
    request: WantedRole,
  ): Promise<{ role: Role; customRoleId: string | null; permissions: readonly Permission[] } | null> {
    if (request.customRoleId !== undefined) {
      const role = await this.roles.get(request.customRoleId).catch((error: unknown) => {
        if (!NotFound.is(error)) throw error;
        throw RoleNotFound({
          errors: [{ pointer: '/customRoleId', code: 'role_not_found', detail: 'is not a role of this shop' }],
        });
      });
      return { role: 'viewer', customRoleId: request.customRoleId, permissions: role.permissions };
    }
    return request.role === undefined
      ? null
      : { role: request.role, customRoleId: null, permissions: ROLE_PERMISSIONS[request.role] };
  }
}
