import type { Scope } from '../engine.js';
import type { RawParams } from '../form.js';

/** What a handler gets. */
export interface Call {
  /** Parts of the path that the pattern names with a colon. */
  path: Record<string, string>;
  /** Parameters without `expand`; with a publishable key also without `client_secret`. */
  params: RawParams;
  /** Set when the caller is a browser: a publishable key with the client secret of one object. */
  client: { secret: string | null } | null;
  scope: Scope;
}

/** One operation of the API. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** Such as `/v1/payment_intents/:id/confirm`. */
  pattern: string;
  /** A publishable key may call it. */
  isPublic?: boolean;
  /** The object to answer. */
  handle(call: Call): object;
}

/** An id or another part of the path that the pattern promised. */
export function pathPart(call: Call, name: string): string {
  const part = call.path[name];
  if (part === undefined) throw new Error(`The route has no :${name}`);
  return part;
}
