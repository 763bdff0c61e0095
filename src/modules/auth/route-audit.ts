import { Injectable, type OnModuleInit } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { accessRulesOf } from './access.decorators.js';

/** Refuses to boot when a route does not say who may enter, or says it twice: nothing is open by oversight. */
@Injectable()
export class RouteAudit implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws an Error that names every such route */
  onModuleInit(): void {
    const wrong = this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, object>;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((name) => Reflect.hasMetadata(METHOD_METADATA, prototype[name]!))
        .filter((name) => accessRulesOf(prototype[name]!).length !== 1)
        .map((name) => `${metatype.name}.${name}`);
    });
    if (wrong.length > 0) {
      throw new Error(
        `each route needs exactly one of @Public(), @Shopper(), @Customer(), @Staff(): ${wrong.join(', ')}`,
      );
    }
  }
}
