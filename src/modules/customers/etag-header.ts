import type { Reply } from '#libs/http';
import { etagOf } from '#libs/http';

/** Documents the version that an answer carries. */
export const ETAG_HEADER = { ETag: { description: 'version for If-Match', schema: { type: 'string' as const } } };

/** Documents a 201 with its address and version. */
export const CREATED_HEADERS = {
  ...ETAG_HEADER,
  Location: { description: 'its address', schema: { type: 'string' as const } },
};

/** Answers a version, and for something new its address. */
export function setVersion(reply: Reply, version: number, location?: string): void {
  reply.header('ETag', etagOf(version));
  if (location !== undefined) reply.header('Location', location);
}
