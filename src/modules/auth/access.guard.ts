import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { Forbidden, Unauthenticated } from '#libs/errors';
import { clientNetwork, type Reply, type Request, setPrincipal } from '#libs/http';
import { encodeId } from '#libs/ids';
import { type AccessRule, accessRulesOf } from './access.decorators.js';
import { noteActingPerson } from './acting-person.js';
import { ApiKeyCheck, apiKeyOf } from './api-key-check.js';
import { TwoFactorRequired } from './auth.errors.js';
import { cartTokenOf, guestPrincipal } from './cart-token.js';
import type { CustomerIdentity } from './customer-identity.js';
import { JwtGuard } from './jwt.guard.js';
import type { PersonToken } from './jwt.strategy.js';
import type { Permission } from './permissions.js';
import { StaffAccounts } from './staff-accounts.js';
import type { StaffIdentity } from './staff-identity.js';

/** What a key does not do even with the scope for it: the people and roles that it makes would outlive its end. */
const PEOPLE_ONLY: Permission = 'staff.write';

/**
 * Stands before every route and lets in whom its rule allows. Accounts are read anew each time, so that a suspension, another
 * role, a sign-out or a new token version works at once, whatever the token says.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly rules = new WeakMap<object, AccessRule>();

  constructor(
    private readonly jwt: JwtGuard,
    private readonly db: Db,
    private readonly apiKeys: ApiKeyCheck,
    private readonly staff: StaffAccounts,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.ruleOf(context.getHandler());
    // What is answered to one person is for nobody's cache.
    if (rule.kind !== 'public')
      context.switchToHttp().getResponse<Reply>().header('Cache-Control', 'private, no-store');
    if (rule.kind === 'staff') return this.admitStaff(context, rule);
    if (rule.kind === 'customer') return this.admitCustomer(context);
    if (rule.kind === 'shopper' && hasBearer(context)) return this.admitShopper(context);
    return this.admitGuest(context);
  }

  private admitGuest(context: ExecutionContext): boolean {
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
    const request = context.switchToHttp().getRequest<Request>();
    const key = apiKeyOf(request);
    const staff = key === null ? await this.staffOf(context) : await this.apiKeys.ownerOf(key);
    if (!staff) throw Unauthenticated();
    request.staff = staff;
    const person = `staff:${encodeId('user', staff.id)}`;
    if (staff.apiKeyId === undefined) setPrincipal(request, `staff:${staff.id}`);
    else setPrincipal(request, `key:${staff.apiKeyId}`);
    noteActingPerson({
      ...(staff.apiKeyId === undefined
        ? { actor: person }
        : { actor: `key:${encodeId('apiKey', staff.apiKeyId)}`, onBehalfOf: person }),
      requestId: request.id,
      address: clientNetwork(request.ip),
    });
    if (staff.lacksTwoFactor && !rule.beforeTwoFactor) throw TwoFactorRequired();
    if (rule.permission && !staff.permissions.includes(rule.permission)) {
      throw Forbidden({ detail: `This needs the permission ${rule.permission}.` });
    }
    if (rule.permission === PEOPLE_ONLY && staff.apiKeyId !== undefined) {
      throw Forbidden({ detail: 'Who works here is decided by people, not by keys.' });
    }
    return true;
  }

  private async staffOf(context: ExecutionContext): Promise<StaffIdentity | null> {
    const token = await this.jwt.verify(context);
    if (token.kind === 'client') return this.apiKeys.ownerOfToken(token);
    if (token.kind !== 'staff') throw Forbidden({ detail: 'This is for staff; your token is one of a customer.' });
    return this.staff.ownerOf(token);
  }

  private async admitCustomer(context: ExecutionContext): Promise<boolean> {
    const token = await this.jwt.verify(context);
    if (token.kind !== 'customer')
      throw Forbidden({ detail: 'This is for customers; your token is one of staff, who use /v1/admin.' });
    await this.noteCustomer(context, token);
    return true;
  }

  /** Staff who look at the shop with their token are guests there. */
  private async admitShopper(context: ExecutionContext): Promise<boolean> {
    const token = await this.jwt.verify(context);
    if (token.kind !== 'customer') return this.admitGuest(context);
    await this.noteCustomer(context, token);
    return true;
  }

  private async noteCustomer(context: ExecutionContext, token: PersonToken): Promise<void> {
    const [customer] = await this.db.query<{ id: string; email: string }>(
      `SELECT id, email FROM customers
       WHERE id = $1 AND token_version = $2 AND deleted_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE family_id = $3 AND revoked_at IS NOT NULL)`,
      [token.accountId, token.tokenVersion, token.sessionId],
    );
    if (!customer) throw Unauthenticated();
    const request = context.switchToHttp().getRequest<Request>();
    request.customer = { ...customer, sessionId: token.sessionId } satisfies CustomerIdentity;
    setPrincipal(request, `customer:${customer.id}`);
  }
}

function hasBearer(context: ExecutionContext): boolean {
  const { authorization } = context.switchToHttp().getRequest<Request>().headers;
  return authorization !== undefined && /^bearer\s/i.test(authorization);
}
