import { hash } from 'node:crypto';
import { VersionMismatch } from '#libs/errors';
import type { Reply, Request } from './request.js';

/** The strong ETag of a versioned resource. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Refuses a change that was decided on an older version. Call it inside the transaction that holds the row. */
export function assertVersion(expected: number | undefined, current: number): void {
  if (expected !== undefined && expected !== current) throw VersionMismatch({ data: { currentVersion: current } });
}

/** Whether an If-None-Match header names this ETag (or `*`). */
function matches(header: string | undefined, etag: string): boolean {
  if (!header) return false;
  return header.split(',').some((tag) => {
    const bare = tag.trim().replace(/^W\//, '');
    return bare === etag || bare === '*';
  });
}

/**
 * Sends a public catalog answer: strong ETag over its bytes, 304 when the client has it, and caches may keep it for a minute.
 * @param language of what it says
 */
export function sendPublicJson(request: Request, reply: Reply, body: string, language?: string): void {
  const etag = `"${hash('sha1', language === undefined ? body : `${language} ${body}`, 'base64url')}"`;
  if (language !== undefined) reply.header('Content-Language', language);
  reply.header('ETag', etag);
  reply.header('Cache-Control', 'public, max-age=60, stale-while-revalidate=300');
  reply.header('Vary', 'Accept-Encoding, X-Currency, X-Country, X-Publishable-Key, Accept-Language');
  if (matches(request.headers['if-none-match'], etag)) {
    void reply.status(304).send();
    return;
  }
  reply.header('Content-Type', 'application/json; charset=utf-8');
  void reply.send(body);
}
