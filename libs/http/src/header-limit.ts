import type { IncomingMessage } from 'node:http';

/** What the address and all headers of a request may be together, without the credentials: those may be as long, too. */
const LIMIT = 16 * 1024;

/**
 * What Node's parser reads before it refuses (431, and the connection ends). It is more than the limit only so that
 * credentials of any likely length are told what is wrong with them. A connection holds at most this much of headers, for the
 * eight seconds in which they must have come: half of what it may hold of a body.
 */
export const PARSED_HEADER_BYTES = 128 * 1024;

/**
 * As many headers as a request may have. Node's parser keeps a thousand and says nothing of those that it leaves out, which may
 * be the credentials, or what a proxy wrote of the caller.
 */
const HEADERS = 500;

/** What a header takes on the wire beside its name and its value: a colon, a space and the end of the line. */
const BESIDE = 4;

/**
 * Whether a request says too much before its body. Credentials that are too long to be any of ours are forgotten but for their
 * scheme: nobody reads, hashes or logs them, and each route does with them what it does with wrong ones.
 */
export function hasTooLongHeaders({ rawHeaders, headers, url }: IncomingMessage): boolean {
  const { authorization = '' } = headers;
  if (authorization.length > LIMIT) headers.authorization = `${/^[a-z]{1,16}\s/i.exec(authorization)?.[0] ?? ''}-`;
  const pairs = rawHeaders.length / 2;
  let length = (url?.length ?? 0) + pairs * BESIDE - authorization.length;
  for (const text of rawHeaders) length += text.length;
  return length > LIMIT || pairs > HEADERS;
}
