import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type AccessRule, accessRulesOf } from './access.decorators.js';

/** A route of the running shop, and who may enter. */
export interface DeclaredRoute {
  /** `OrdersController.get` */
  name: string;
  method: string;
  /** `/v1/orders/:id` */
  path: string;
  rule: AccessRule;
}

/** The routes of staff that ask for no permission: who they are, what they may do, and how they sign in. */
const OPEN_TO_ALL_STAFF = /^\/v1\/admin\/me(\/|$)/;

/**
 * Refuses to boot when a route does not say who may enter, or says it twice, or lets in others than those whose part of the
 * shop it is in: nothing is open by oversight.
 */
@Injectable()
export class RouteAudit implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws an Error that names every such route */
  onModuleInit(): void {
    const handlers = this.handlers();
    const wrong = handlers.filter(({ rules }) => rules.length !== 1).map(({ name }) => name);
    if (wrong.length > 0) {
      throw new Error(
        `each route needs exactly one of @Public(), @Shopper(), @Customer(), @Staff(): ${wrong.join(', ')}`,
      );
    }
    const misplaced = this.routes().flatMap((route) => problemOf(route) ?? []);
    if (misplaced.length > 0) throw new Error(misplaced.join('; '));
  }

  /** Every route with its rule. */
  routes(): DeclaredRoute[] {
    return this.handlers().map(({ name, method, path, rules }) => ({ name, method, path, rule: rules[0]! }));
  }

  private handlers(): { name: string; method: string; path: string; rules: readonly AccessRule[] }[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, object>;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((name) => Reflect.hasMetadata(METHOD_METADATA, prototype[name]!))
        .map((name) => {
          const handler = prototype[name]!;
          const parts = [metatype, handler].map((at) => String(Reflect.getMetadata(PATH_METADATA, at) ?? ''));
          return {
            name: `${metatype.name}.${name}`,
            method: RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!,
            path: `/${parts.flatMap((part) => part.split('/').filter(Boolean)).join('/')}`,
            rules: accessRulesOf(handler),
          };
        });
    });
  }
}

/** What is wrong with who may enter a route, or null. */
function problemOf({ name, path, rule }: DeclaredRoute): string | null {
  if (/^\/v1\/admin(\/|$)/.test(path)) {
    if (rule.kind !== 'staff') return `${name} is at ${path} and not for @Staff()`;
    if (rule.permission === undefined && !OPEN_TO_ALL_STAFF.test(path))
      return `${name} is for staff and names no permission`;
  }
  if (/^\/v1\/me(\/|$)/.test(path) && rule.kind !== 'customer') return `${name} is at ${path} and not for @Customer()`;
  return null;
}
