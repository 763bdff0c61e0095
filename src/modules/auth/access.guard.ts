import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { Forbidden, Unauthenticated } from '#libs/errors';
import { type Reply, type Request, setPrincipal } from '#libs/http';
import { type AccessRule, accessRulesOf } from './access.decorators.js';
import { cartTokenOf, guestPrincipal } from './cart-token.js';
import { JwtGuard } from './jwt.guard.js';
import { mayDo } from './permissions.js';
import type { StaffIdentity } from './staff-identity.js';

/**
 * Stands before every route and lets in whom its rule allows. Staff are read anew each time, so that a suspension, another
 * role, a sign-out or a new token version works at once, whatever the token says.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly rules = new WeakMap<object, AccessRule>();

  constructor(
    private readonly jwt: JwtGuard,
    private readonly db: Db,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.ruleOf(context.getHandler());
    // What is answered to one person is for nobody's cache.
    if (rule.kind !== 'public')
      context.switchToHttp().getResponse<Reply>().header('Cache-Control', 'private, no-store');
    if (rule.kind === 'staff') return this.admitStaff(context, rule);
    const request = context.switchToHttp().getRequest<Request>();
    const cartToken = cartTokenOf(request);
    setPrincipal(request, cartToken === undefined ? 'anonymous' : guestPrincipal(cartToken));
    return true;
  }

  private ruleOf(handler: object): AccessRule {
    const known = this.rules.get(handler);
    if (known) return known;
    const [rule] = accessRulesOf(handler);
    // The boot has looked at every route; should one have slipped past it, it stays closed.
    if (!rule) throw Forbidden();
    this.rules.set(handler, rule);
    return rule;
  }

  private async admitStaff(context: ExecutionContext, rule: AccessRule & { kind: 'staff' }): Promise<boolean> {
    const token = await this.jwt.verify(context);
    const [staff] = await this.db.query<StaffIdentity>(
      `SELECT id, email, role FROM users
       WHERE id = $1 AND token_version = $2 AND suspended_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE family_id = $3 AND revoked_at IS NOT NULL)`,
      [token.userId, token.tokenVersion, token.sessionId],
    );
    if (!staff) throw Unauthenticated();
    const request = context.switchToHttp().getRequest<Request>();
    request.staff = staff;
    setPrincipal(request, `staff:${staff.id}`);
    if (rule.permission && !mayDo(staff.role, rule.permission)) {
      throw Forbidden({ detail: `This needs the permission ${rule.permission}.` });
    }
    return true;
  }
}
