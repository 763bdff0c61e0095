import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner } from '@nestjs/core';
import { type AccessRule, accessRulesOf } from './access.decorators.js';

/** A route as its controller declares it. */
export interface FoundRoute {
  /** `OrdersController.get` */
  name: string;
  method: string;
  /** `/v1/orders/:id` */
  path: string;
  /** Who may enter: exactly one, or something is wrong. */
  rules: readonly AccessRule[];
}

/** The routes of staff that ask for no permission: who they are, what they may do, and how they sign in. */
const OPEN_TO_ALL_STAFF = /^\/v1\/admin\/me(\/|$)/;

const scanner = new MetadataScanner();

/** The controllers of modules and of all that they import, read from their decorators: nothing is started. */
export async function controllersOf(modules: readonly unknown[]): Promise<Type[]> {
  const [seen, controllers] = [new Set<unknown>(), new Set<Type>()];
  const visit = async (given: unknown): Promise<void> => {
    const part = (await given) as { forwardRef?: () => unknown; module?: unknown; imports?: []; controllers?: [] };
    if (seen.has(part)) return;
    seen.add(part);
    if (part.forwardRef) return visit(part.forwardRef());
    const declared = (key: string) => (Reflect.getMetadata(key, part) as unknown[] | undefined) ?? [];
    const [imports, own] = part.module
      ? [[part.module, ...(part.imports ?? [])], part.controllers ?? []]
      : [declared(MODULE_METADATA.IMPORTS), declared(MODULE_METADATA.CONTROLLERS)];
    for (const controller of own) controllers.add(controller as Type);
    for (const imported of imports) await visit(imported);
  };
  for (const module of modules) await visit(module);
  return [...controllers];
}

/** Every route of controllers; one that has several paths is several. */
export function routesOf(controllers: readonly Type[]): FoundRoute[] {
  return controllers.flatMap((controller) => {
    const prototype = controller.prototype as Record<string, object>;
    return scanner
      .getAllMethodNames(prototype)
      .filter((name) => Reflect.hasMetadata(METHOD_METADATA, prototype[name]!))
      .flatMap((name) => {
        const handler = prototype[name]!;
        const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!;
        const rules = accessRulesOf(handler);
        return pathsOf(controller).flatMap((parent) =>
          pathsOf(handler).map((child) => {
            const path = `/${[parent, child].flatMap((part) => part.split('/').filter(Boolean)).join('/')}`;
            return { name: `${controller.name}.${name}`, method, path, rules };
          }),
        );
      });
  });
}

const pathsOf = (at: object): string[] => [Reflect.getMetadata(PATH_METADATA, at) ?? ''].flat() as string[];

/** What is wrong with who may enter, in a sentence for each such route that names it; empty when all is well. */
export function faultsOf(routes: readonly FoundRoute[]): string[] {
  return routes.flatMap(({ name, method, path, rules }) => {
    const route = `${method} ${path} (${name})`;
    const [rule] = rules;
    if (!rule || rules.length > 1)
      return `${route} needs exactly one of @Public(), @Shopper(), @Customer(), @Staff('permission')`;
    if (rule.kind === 'staff' && !rule.permission && !OPEN_TO_ALL_STAFF.test(path))
      return `${route} is for staff and names no permission: @Staff('permission')`;
    if (/^\/v1\/admin(\/|$)/.test(path) && rule.kind !== 'staff')
      return `${route} is below /v1/admin and not for @Staff('permission')`;
    if (/^\/v1\/me(\/|$)/.test(path) && rule.kind !== 'customer')
      return `${route} is below /v1/me and not for @Customer()`;
    return [];
  });
}
