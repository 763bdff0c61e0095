export { createHttpApp, type HttpOptions } from './app.js';
export { HTTP_STATUS, toProblem, type Problem } from './problem.js';
export {
  Id,
  Text,
  Int32,
  MoneyAmount,
  Flag,
  ObjectArray,
  Nested,
  OneOf,
  Email,
  isAmbiguousEmail,
  Country,
  Currency,
  Handle,
  Time,
  WebUrl,
  StringArray,
  Opt,
} from './fields.js';
export { IdParam, IfMatch, IdempotencyRef, Idempotent } from './decorators.js';
export { IdempotencyInterceptor, IDEMPOTENCY_ENCRYPTION_KEY } from './idempotency.js';
export { Throws, ListEnvelope, EtagHeader, PublicCache } from './openapi.js';
export { assertVersion, etagOf, sendPublicJson } from './etag.js';
export { ListQuery, pageOf, type Page } from './list.js';
export { RAW_QUERY } from './query-guard.js';
export { ProblemView, FieldErrorView } from './openapi.js';
export { attachment, fileNameOf } from './attachment.js';
export { isCountry } from './countries.js';
export { clientNetwork } from './client-network.js';
export { type IdempotencyReference, principalOf, setPrincipal, type Request, type Reply } from './request.js';
export { StrictValidationPipe } from './validation.js';
export { acceptQuickly } from './quick-acceptance.js';
