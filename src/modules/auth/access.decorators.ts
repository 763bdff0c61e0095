import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader } from '@nestjs/swagger';
import { Forbidden, Unauthenticated } from '#libs/errors';
import { type Request, Throws } from '#libs/http';
import { cartTokenOf } from './cart-token.js';
import type { Permission } from './permissions.js';
import type { StaffIdentity } from './staff-identity.js';

/** Who may enter a route. */
export type AccessRule = { kind: 'public' } | { kind: 'shopper' } | { kind: 'staff'; permission?: Permission };

const ACCESS = Symbol('emporium:access');

/** The rules that a route was given; the boot insists on exactly one. */
export function accessRulesOf(handler: object): readonly AccessRule[] {
  return (Reflect.getMetadata(ACCESS, handler) as AccessRule[] | undefined) ?? [];
}

function access(rule: AccessRule, ...documentation: MethodDecorator[]): MethodDecorator {
  return (target, key, descriptor) => {
    const handler = descriptor.value as object;
    Reflect.defineMetadata(ACCESS, [...accessRulesOf(handler), rule], handler);
    for (const decorate of documentation) decorate(target, key, descriptor);
  };
}

const cartTokenHeader = (description: string) =>
  ApiHeader({ name: 'X-Cart-Token', required: false, description, schema: { type: 'string' } });

/** Everybody may enter. */
export function Public(): MethodDecorator {
  return access({ kind: 'public' });
}

/**
 * Shoppers enter, with the token of their cart in X-Cart-Token. Whether that token opens this cart or this order is
 * decided where they are loaded: a foreign one is not found.
 */
export function Shopper(): MethodDecorator {
  return access({ kind: 'shopper' }, cartTokenHeader('the `token` that POST /v1/carts answered'));
}

/** Signed-in staff whose role has the permission enter; without one, all signed-in staff. */
export function Staff(permission?: Permission): MethodDecorator {
  return access(
    { kind: 'staff', permission },
    ApiBearerAuth(),
    Throws(...(permission ? [Unauthenticated, Forbidden] : [Unauthenticated])),
  );
}

/** Parameter: the member of staff who asks (`StaffIdentity`); only on `@Staff` routes. */
export const CurrentStaff = createParamDecorator((_data: unknown, context: ExecutionContext): StaffIdentity => {
  const { staff } = context.switchToHttp().getRequest<Request>();
  if (!staff) throw new Error('@CurrentStaff() stands on a route without @Staff()');
  return staff;
});

/** Parameter: the guest's secret from X-Cart-Token, or undefined when none (or none of the right form) was sent. */
export const CartToken = createParamDecorator((_data: unknown, context: ExecutionContext): string | undefined =>
  cartTokenOf(context.switchToHttp().getRequest<Request>()),
);
