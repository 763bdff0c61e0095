import type { Route } from '../resources/route.js';

export interface Match {
  route: Route;
  path: Record<string, string>;
}

/** Finds the operation of a request by the parts of its path. */
export class Router {
  private readonly byShape = new Map<string, { parts: string[]; route: Route }[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const parts = route.pattern.split('/').slice(1);
      const key = `${route.method} ${parts.length}`;
      const known = this.byShape.get(key);
      if (known === undefined) this.byShape.set(key, [{ parts, route }]);
      else known.push({ parts, route });
    }
  }

  match(method: string, path: string): Match | undefined {
    const given = path.split('/').slice(1);
    for (const { parts, route } of this.byShape.get(`${method} ${given.length}`) ?? []) {
      const named: Record<string, string> = {};
      const isMatch = parts.every((part, index) => {
        const value = given[index]!;
        if (!part.startsWith(':')) return part === value;
        named[part.slice(1)] = decoded(value);
        // Search is an operation that the emulator has not got, not an id.
        return value !== '' && value !== 'search';
      });
      if (isMatch) return { route, path: named };
    }
    return undefined;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
