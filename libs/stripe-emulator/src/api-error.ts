/** What Stripe puts under `error`; everything else of the answer is in headers. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  advice_code?: string;
  network_decline_code?: string;
  charge?: string;
  payment_intent?: object;
  setup_intent?: object;
  payment_method?: object;
  doc_url?: string;
}

/**
 * An answer in Stripe's error envelope.
 * `isStored` says whether it becomes the saved result of the request's idempotency key: results are saved once
 * execution began; a request that failed validation leaves its key free.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly isStored = false,
  ) {
    super(body.message);
    this.name = 'ApiError';
  }
}

/** The request was understood and is wrong in itself: nothing was executed. */
export const invalid = (message: string, rest: Partial<ErrorBody> = {}): ApiError =>
  new ApiError(400, { type: 'invalid_request_error', message, ...rest });

/** The request is fine, the object is not in a state for it. */
export const refused = (message: string, rest: Partial<ErrorBody> = {}): ApiError =>
  new ApiError(400, { type: 'invalid_request_error', message, ...rest }, true);

/** No object of that id: 404 for the id in the path, 400 for an id among the parameters. */
export const missing = (kind: string, id: string, param?: string): ApiError =>
  new ApiError(param === undefined ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param: param ?? 'id',
  });

/** What an answer of this error says on the wire. */
export function envelope(error: ApiError): { error: ErrorBody } {
  const { code } = error.body;
  return {
    error: {
      ...error.body,
      ...(code === undefined ? {} : { doc_url: `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}` }),
    },
  };
}
