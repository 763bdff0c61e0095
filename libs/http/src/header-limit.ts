import type { IncomingMessage } from 'node:http';

/** What the address and all headers of a request may be together; the credentials alone may be as long. */
const LIMIT = 16 * 1024;

/**
 * What Node's parser reads before it refuses (431, and the connection ends). It is more than the limit only so that
 * credentials of any likely length are told what is wrong with them. A connection holds at most this much of headers, for the
 * eight seconds in which they must have come: half of what it may hold of a body.
 */
export const PARSED_HEADER_BYTES = 128 * 1024;

/**
 * Whether a request says too much before its body. Credentials that are too long to be any of ours are forgotten but for their
 * scheme: nobody reads, hashes or logs them, and each route does with them what it does with wrong ones.
 */
export function hasTooLongHeaders({ rawHeaders, headers, url }: IncomingMessage): boolean {
  let length = url?.length ?? 0;
  for (const text of rawHeaders) length += text.length;
  if (length <= LIMIT) return false;
  const { authorization } = headers;
  if (authorization === undefined || authorization.length <= LIMIT) return true;
  headers.authorization = `${/^[a-z]{1,16}\s/i.exec(authorization)?.[0] ?? ''}-`;
  return length - authorization.length > LIMIT;
}
