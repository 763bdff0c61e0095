/** What sort of trouble it is. The HTTP status of each kind stands in one table, in libs/http. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'payment_declined'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'timeout'
  | 'conflict'
  | 'gone'
  | 'stale'
  | 'too_large'
  | 'unsupported_media_type'
  | 'unprocessable'
  | 'precondition_required'
  | 'rate_limited'
  | 'headers_too_large'
  | 'internal'
  | 'unavailable';

/** One wrong field: a JSON pointer into the body (`/lines/0/quantity`), or the name of a query parameter or header. */
export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
}

/** An error that a client may see: a stable code with its kind and title. */
export interface ErrorDefinition {
  code: string;
  kind: ErrorKind;
  title: string;
  /** What a client can do about it; shown on the page of the code. */
  help?: string;
}

export interface ErrorDetails {
  detail?: string;
  errors?: FieldError[];
  /** Typed data beside the standard members, for example `{ available: 3 }`. */
  data?: Record<string, unknown>;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** Every answer that is not a success. Its message is safe to show to a client. */
export class AppError extends Error {
  constructor(
    readonly definition: ErrorDefinition,
    readonly details: ErrorDetails = {},
  ) {
    super(details.detail ?? definition.title, { cause: details.cause });
    this.name = 'AppError';
  }
  get code(): string {
    return this.definition.code;
  }
  get kind(): ErrorKind {
    return this.definition.kind;
  }
}

/** A defined error: call it to make one to throw. */
export interface ErrorFactory {
  (details?: ErrorDetails): AppError;
  definition: ErrorDefinition;
  is(error: unknown): error is AppError;
}

const catalog = new Map<string, ErrorDefinition>();

/** Declares an error once; a second declaration of the same code is a programming error. */
export function defineError(definition: ErrorDefinition): ErrorFactory {
  const known = catalog.get(definition.code);
  if (known && known.title !== definition.title) throw new Error(`error code declared twice: ${definition.code}`);
  catalog.set(definition.code, definition);
  const make = (details?: ErrorDetails) => new AppError(definition, details);
  return Object.assign(make, {
    definition,
    is: (error: unknown): error is AppError => error instanceof AppError && error.code === definition.code,
  });
}

/** Every declared error, for the documentation and for tests. */
export function errorCatalog(): ErrorDefinition[] {
  return [...catalog.values()].sort((a, b) => a.code.localeCompare(b.code));
}
