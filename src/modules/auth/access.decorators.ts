import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiSecurity } from '@nestjs/swagger';
import { Forbidden, Unauthenticated } from '#libs/errors';
import { type Request, Throws } from '#libs/http';
import { TwoFactorRequired } from './auth.errors.js';
import { cartTokenOf } from './cart-token.js';
import type { CustomerIdentity, ShopperIdentity } from './customer-identity.js';
import type { Permission } from './permissions.js';
import type { StaffIdentity } from './staff-identity.js';

/** Who may enter a route. */
export type AccessRule =
  | { kind: 'public' }
  | { kind: 'shopper' }
  | { kind: 'customer' }
  | { kind: 'staff'; permission?: Permission; beforeTwoFactor?: boolean };

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
 * Shoppers enter: guests with the token of their cart in X-Cart-Token, customers with their access token. Whether that
 * opens this cart or this order is decided where they are loaded: a foreign one is not found.
 */
export function Shopper(): MethodDecorator {
  return access(
    { kind: 'shopper' },
    cartTokenHeader('the `token` that POST /v1/carts answered'),
    ApiBearerAuth(),
    Throws(Unauthenticated),
  );
}

/** Signed-in customers enter. */
export function Customer(): MethodDecorator {
  return access({ kind: 'customer' }, ApiBearerAuth(), Throws(Unauthenticated, Forbidden));
}

/** People show an access token; programs their key, or a token that they got for it. */
const staffSecurity = (permission?: Permission) => [
  ApiSecurity('oauth', permission ? [permission] : []),
  ApiSecurity('apiKey'),
  ApiBearerAuth(),
];

/** Signed-in staff whose role has the permission enter. */
export function Staff(permission: Permission): MethodDecorator {
  return access(
    { kind: 'staff', permission },
    ...staffSecurity(permission),
    Throws(Unauthenticated, Forbidden, TwoFactorRequired),
  );
}

/** All signed-in staff enter, also those who have yet to set up the second factor that the shop asks for. */
export function AnyStaff(): MethodDecorator {
  return access({ kind: 'staff', beforeTwoFactor: true }, ...staffSecurity(), Throws(Unauthenticated, Forbidden));
}

/** Parameter: the member of staff who asks (`StaffIdentity`); only on `@Staff` routes. */
export const CurrentStaff = createParamDecorator((_data: unknown, context: ExecutionContext): StaffIdentity => {
  const { staff } = context.switchToHttp().getRequest<Request>();
  if (!staff) throw new Error('@CurrentStaff() stands on a route without @Staff()');
  return staff;
});

/** Parameter: the customer who asks (`CustomerIdentity`); only on `@Customer` routes. */
export const CurrentCustomer = createParamDecorator((_data: unknown, context: ExecutionContext): CustomerIdentity => {
  const { customer } = context.switchToHttp().getRequest<Request>();
  if (!customer) throw new Error('@CurrentCustomer() stands on a route without @Customer()');
  return customer;
});

/** Parameter: what the shopper has shown (`ShopperIdentity`); only on `@Shopper` routes. */
export const CurrentShopper = createParamDecorator((_data: unknown, context: ExecutionContext): ShopperIdentity => {
  const request = context.switchToHttp().getRequest<Request>();
  return { cartToken: cartTokenOf(request), customer: request.customer };
});

/** Parameter: the guest's secret from X-Cart-Token, or undefined when none (or none of the right form) was sent. */
export const CartToken = createParamDecorator((_data: unknown, context: ExecutionContext): string | undefined =>
  cartTokenOf(context.switchToHttp().getRequest<Request>()),
);
