import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { AccessRule } from './access.decorators.js';
import { faultsOf, type FoundRoute, routesOf } from './route-rules.js';

/** A route of the running shop, and who may enter. */
export interface DeclaredRoute extends Omit<FoundRoute, 'rules'> {
  rule: AccessRule;
}

/**
 * Refuses to boot when a route does not say who may enter, or says it twice, or lets in others than those whose part of the
 * shop it is in: nothing is open by oversight. The build has asked the same of the shop's own modules.
 */
@Injectable()
export class RouteAudit implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws an Error that names every such route */
  onModuleInit(): void {
    const faults = faultsOf(this.found());
    if (faults.length > 0) throw new Error(faults.join('; '));
  }

  /** Every route with its rule. */
  routes(): DeclaredRoute[] {
    return this.found().map(({ rules, ...route }) => ({ ...route, rule: rules[0]! }));
  }

  private found(): FoundRoute[] {
    const metatypes = this.discovery.getControllers().map(({ metatype }) => metatype);
    return routesOf(metatypes.filter((metatype): metatype is Type => typeof metatype === 'function'));
  }
}
