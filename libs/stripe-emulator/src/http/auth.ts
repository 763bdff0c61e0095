import { ApiError } from '../api-error.js';

export type KeyKind = 'secret' | 'publishable';

/** Which kind of test key a request carries. @throws {ApiError} 401 without a key, with a live one or another text */
export function authenticate(authorization: string | undefined): KeyKind {
  const key = keyOf(authorization);
  if (key === undefined) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (/^(sk|rk|pk)_live_/.test(key)) {
    throw unauthorized(`Invalid API Key provided: ${masked(key)}. The emulator never takes a live key.`);
  }
  if (/^(sk|rk)_test_\w+$/.test(key)) return 'secret';
  if (/^pk_test_\w+$/.test(key)) return 'publishable';
  throw unauthorized(`Invalid API Key provided: ${masked(key)}`);
}

function keyOf(authorization: string | undefined): string | undefined {
  const [scheme, value] = (authorization ?? '').split(' ', 2);
  if (value === undefined || value === '') return undefined;
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() === 'basic') return Buffer.from(value, 'base64').toString().split(':', 1)[0];
  return undefined;
}

const masked = (key: string): string => `${key.slice(0, 8)}${'*'.repeat(8)}${key.length > 16 ? key.slice(-4) : ''}`;
const unauthorized = (message: string): ApiError => new ApiError(401, { type: 'invalid_request_error', message });
