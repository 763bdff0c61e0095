import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api-error.js';

const LIMIT_BYTES = 1024 * 1024;

/** The body as text. @throws {ApiError} 413 above 1 MB */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT_BYTES) {
      throw new ApiError(413, { type: 'invalid_request_error', message: 'The request body is larger than 1 MB.' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
