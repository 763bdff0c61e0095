import { type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { Reflector } from '@nestjs/core';
import { UnknownParameter } from '#libs/errors';
import type { Request } from './request.js';

/** RouteParamtypes.QUERY of Nest's metadata keys, which look like `4:0`. */
const QUERY = '4:';
export const RAW_QUERY = 'emporium:raw-query';

/** Refuses query parameters on routes that take none; routes with a query DTO refuse unknown ones by validation. */
export class QueryGuard implements CanActivate {
  private readonly takesQuery = new WeakMap<object, boolean>();

  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const query = context.switchToHttp().getRequest<Request>().query as Record<string, unknown>;
    const handler = context.getHandler();
    let takes = this.takesQuery.get(handler);
    if (takes === undefined) {
      const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {}) as Record<
        string,
        unknown
      >;
      takes =
        Object.keys(args).some((key) => key.startsWith(QUERY)) ||
        this.reflector.get<boolean>(RAW_QUERY, handler) === true;
      this.takesQuery.set(handler, takes);
    }
    if (takes) return true;
    for (const name in query) {
      throw UnknownParameter({
        detail: `There is no parameter "${name.slice(0, 100)}" here.`,
        errors: [
          { pointer: name.slice(0, 100), code: 'unknown_parameter', detail: 'this address takes no query parameters' },
        ],
      });
    }
    return true;
  }
}
