import { defineError } from './app-error.js';

/** Errors that any part of the house can answer with. */
export const ValidationFailed = defineError({
  code: 'validation_failed',
  kind: 'invalid',
  title: 'The request is not valid',
  help: 'Each member of `errors` names a field by JSON pointer and says what is wrong with it.',
});
export const InvalidId = defineError({
  code: 'invalid_id',
  kind: 'invalid',
  title: 'The id is not of the expected kind',
});
export const InvalidCursor = defineError({
  code: 'invalid_cursor',
  kind: 'invalid',
  title: 'The cursor is not valid',
  help: 'Use `page.next` or `page.prev` of an answer to the same list with the same sort, unchanged.',
});
export const UnknownParameter = defineError({
  code: 'unknown_parameter',
  kind: 'invalid',
  title: 'Unknown query parameter',
});
export const InvalidParameter = defineError({
  code: 'invalid_parameter',
  kind: 'invalid',
  title: 'Invalid query parameter',
});
export const InvalidHeader = defineError({ code: 'invalid_header', kind: 'invalid', title: 'Invalid header' });
export const InvalidJson = defineError({ code: 'invalid_json', kind: 'invalid', title: 'The body is not valid JSON' });
export const BodyTooDeep = defineError({
  code: 'body_too_deep',
  kind: 'invalid',
  title: 'The body is nested too deeply',
});
export const BadRequest = defineError({
  code: 'bad_request',
  kind: 'invalid',
  title: 'The request cannot be understood',
});
export const Unauthenticated = defineError({
  code: 'unauthenticated',
  kind: 'unauthenticated',
  title: 'Sign in first',
  help: 'Send `Authorization: Bearer <access token>`; get one from POST /v1/auth/login.',
});
export const Forbidden = defineError({ code: 'forbidden', kind: 'forbidden', title: 'You may not do this' });
export const NotFound = defineError({ code: 'not_found', kind: 'not_found', title: 'Not found' });
export const RouteNotFound = defineError({
  code: 'route_not_found',
  kind: 'not_found',
  title: 'There is nothing at this address',
  help: 'The addresses are listed at /docs and /docs/admin.',
});
export const MethodNotAllowed = defineError({
  code: 'method_not_allowed',
  kind: 'method_not_allowed',
  title: 'Method not allowed here',
});
export const RequestTimeout = defineError({
  code: 'request_timeout',
  kind: 'timeout',
  title: 'The request took too long to arrive',
});
export const PayloadTooLarge = defineError({
  code: 'payload_too_large',
  kind: 'too_large',
  title: 'The body is too large',
});
export const UnsupportedMediaType = defineError({
  code: 'unsupported_media_type',
  kind: 'unsupported_media_type',
  title: 'Send the body as application/json',
});
export const HeadersTooLarge = defineError({
  code: 'headers_too_large',
  kind: 'headers_too_large',
  title: 'The headers are too large',
});
export const Conflict = defineError({
  code: 'conflict',
  kind: 'conflict',
  title: 'The request conflicts with the present state',
});
export const InvalidState = defineError({
  code: 'invalid_state',
  kind: 'conflict',
  title: 'Not possible in the present state',
  help: 'Read it again to see its present state.',
});
export const VersionMismatch = defineError({
  code: 'version_mismatch',
  kind: 'stale',
  title: 'It was changed in the meantime',
  help: 'Read it again, look at what changed, and repeat with the new ETag. `currentVersion` is the version now.',
});
export const IfMatchRequired = defineError({
  code: 'if_match_required',
  kind: 'precondition_required',
  title: 'Send If-Match with the ETag that you read',
});
export const IdempotencyKeyMissing = defineError({
  code: 'idempotency_key_missing',
  kind: 'invalid',
  title: 'Send an Idempotency-Key header',
  help: 'Make a fresh UUID for each thing that you want done once, and send the same key again when you repeat the request.',
});
export const IdempotencyKeyInvalid = defineError({
  code: 'idempotency_key_invalid',
  kind: 'invalid',
  title: 'An Idempotency-Key has 1 to 255 printable ASCII characters',
});
export const IdempotencyKeyReused = defineError({
  code: 'idempotency_key_reused',
  kind: 'unprocessable',
  title: 'This Idempotency-Key was used for another request',
});
export const IdempotencyKeyInFlight = defineError({
  code: 'idempotency_key_in_flight',
  kind: 'conflict',
  title: 'A request with this Idempotency-Key is still running',
});
export const RateLimited = defineError({ code: 'rate_limited', kind: 'rate_limited', title: 'Too many requests' });
export const Overloaded = defineError({
  code: 'overloaded',
  kind: 'unavailable',
  title: 'Too busy right now; try again soon',
});
export const ServiceUnavailable = defineError({
  code: 'service_unavailable',
  kind: 'unavailable',
  title: 'A part of the shop is out of reach right now; try again soon',
});
export const InternalError = defineError({
  code: 'internal_error',
  kind: 'internal',
  title: 'Something went wrong on our side',
  help: 'Nothing that you sent caused it. Quote the `requestId` when you report it.',
});
