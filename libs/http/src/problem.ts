import { HttpException } from '@nestjs/common';
import {
  AppError,
  BadRequest,
  type ErrorKind,
  type FieldError,
  Forbidden,
  HeadersTooLarge,
  InternalError,
  InvalidJson,
  PayloadTooLarge,
  RequestTimeout,
  RouteNotFound,
  ServiceUnavailable,
  Unauthenticated,
  UnsupportedMediaType,
  ValidationFailed,
  Conflict,
} from '#libs/errors';
import { isConnectionLoss, sqlState } from '#libs/database';

/** The one table from kinds of errors to HTTP statuses. */
export const HTTP_STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  payment_declined: 402,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  timeout: 408,
  conflict: 409,
  gone: 410,
  stale: 412,
  too_large: 413,
  unsupported_media_type: 415,
  unprocessable: 422,
  precondition_required: 428,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
};

/** An RFC 9457 problem, with our stable `code` and the id of the request. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  code: string;
  requestId?: string;
  errors?: FieldError[];
  [extension: string]: unknown;
}

/** Fastify's own errors, by their code. */
const FASTIFY_ERRORS: Record<string, () => AppError> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => UnsupportedMediaType(),
  FST_ERR_CTP_BODY_TOO_LARGE: () => PayloadTooLarge(),
  FST_REQ_FILE_TOO_LARGE: () => PayloadTooLarge(),
  FST_FILES_LIMIT: () => BadRequest({ detail: 'Send one file.' }),
  FST_INVALID_MULTIPART_CONTENT_TYPE: () => UnsupportedMediaType({ detail: 'Send the file as multipart/form-data.' }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => BadRequest({ detail: 'Content-Length does not match the body.' }),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => InvalidJson({ detail: 'The body is empty.' }),
  FST_ERR_CTP_INVALID_JSON_BODY: () => InvalidJson(),
  FST_ERR_BAD_URL: () => BadRequest({ detail: 'The address is not valid.' }),
  FST_ERR_MAX_LIMIT_REACHED: () => BadRequest({ detail: 'A part of the address is too long.' }),
  FST_ERR_ASYNC_CONSTRAINT: () => BadRequest(),
  FST_ERR_HANDLER_TIMEOUT: () => ServiceUnavailable(),
};

const BY_STATUS: Record<number, () => AppError> = {
  400: () => BadRequest(),
  401: () => Unauthenticated(),
  403: () => Forbidden(),
  404: () => RouteNotFound(),
  408: () => RequestTimeout(),
  413: () => PayloadTooLarge(),
  414: () => HeadersTooLarge({ detail: 'The address is too long.' }),
  415: () => UnsupportedMediaType(),
  431: () => HeadersTooLarge(),
  503: () => ServiceUnavailable(),
};

/** SQLSTATEs that a request can bring about in spite of validation. */
function fromSqlState(error: unknown): AppError | undefined {
  const state = sqlState(error) ?? '';
  if (/^(55P03|57014|25P03|53...|40001|40P01)$/.test(state) || isConnectionLoss(error)) {
    return ServiceUnavailable({ retryAfterSeconds: 1, cause: error });
  }
  if (/^(22003|22021|22P02|22P05|22008|22007|2201B|2201W|22001)$/.test(state))
    return ValidationFailed({ cause: error });
  if (/^(23505|23503|23514)$/.test(state)) return Conflict({ cause: error });
  return undefined;
}

/** Any error of any layer as one of ours. What we do not know is `internal_error`, with the cause for the log only. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const known = error as { code?: unknown; statusCode?: unknown } | null;
  if (typeof known?.code === 'string') {
    const fastify = FASTIFY_ERRORS[known.code];
    if (fastify) return fastify();
  }
  const database = fromSqlState(error);
  if (database) return database;
  const status = error instanceof HttpException ? error.getStatus() : known?.statusCode;
  if (typeof status === 'number' && status < 500) return (BY_STATUS[status] ?? BY_STATUS[400]!)();
  if (status === 503) return ServiceUnavailable();
  return InternalError({ cause: error });
}

/** What a problem tells of the request that it is about. */
interface About {
  id?: string;
  url?: string;
  routeOptions?: { url?: string | undefined };
}

/** The address that was asked for, without its query and without the secret that some routes have in their path. */
function instanceOf({ url, routeOptions }: About): string | undefined {
  const parts = url?.split('?')[0]?.split('/');
  const secret = routeOptions?.url?.split('/').indexOf(':token') ?? -1;
  return parts
    ?.map((part, i) => (i === secret ? ':token' : part))
    .join('/')
    .slice(0, 500);
}

/** The body of an error answer. */
export function toProblem(error: AppError, request: About): Problem {
  const status = HTTP_STATUS[error.kind];
  return {
    ...error.details.data,
    type: `/errors/${error.code}`,
    title: error.definition.title,
    status,
    detail: error.details.detail ?? error.definition.help ?? `${error.definition.title}.`,
    instance: instanceOf(request),
    code: error.code,
    requestId: request.id,
    ...(error.details.errors ? { errors: error.details.errors } : {}),
  };
}
