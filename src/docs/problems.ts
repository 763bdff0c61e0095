import type { OpenAPIObject } from '@nestjs/swagger';
import { errorCatalog, type ErrorDefinition } from '#libs/errors';
import { HTTP_STATUS } from '#libs/http';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = NonNullable<NonNullable<OpenAPIObject['components']>['responses']>;

const PROBLEM = 'application/problem+json';
const REFERENCE = { $ref: '#/components/schemas/ProblemView' };

/** What any operation can answer, whatever it does. */
const EVERYWHERE = [
  'bad_request',
  'route_not_found',
  'method_not_allowed',
  'invalid_json',
  'body_too_deep',
  'invalid_header',
  'unknown_parameter',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'headers_too_large',
  'rate_limited',
  'publishable_key_missing',
  'invalid_publishable_key',
  'origin_not_allowed',
  'internal_error',
  'service_unavailable',
  'overloaded',
];

/**
 * The error answers of all operations, each written down once: most operations fail in the same few ways, and repeating
 * the bodies made up two thirds of the documents.
 */
export class SharedProblems {
  /** Under `components.responses`, by name. */
  readonly responses: Responses = { AnyProblem: anyProblem() };
  private readonly order = new Map(errorCatalog().map((error, i) => [error.code, { error, i }]));

  /** Replaces each error answer of an operation by a reference to the one that names the same codes. */
  share(operation: Operation): void {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (!response || '$ref' in response) continue;
      const errors = this.errorsOf(response.content?.[PROBLEM]?.schema);
      if (errors.length === 0) continue;
      const name = nameOf(errors);
      this.responses[name] ??= describe(errors);
      operation.responses[status] = { $ref: `#/components/responses/${name}` };
    }
    operation.responses.default = { $ref: '#/components/responses/AnyProblem' };
  }

  /** The errors that a schema made by `Throws` names, in the order of the catalog. */
  private errorsOf(schema: object | undefined): ErrorDefinition[] {
    if (!schema || !('allOf' in schema)) return [];
    const codes = (schema.allOf as { properties?: { code?: { enum?: string[] } } }[]).flatMap(
      (part) => part.properties?.code?.enum ?? [],
    );
    return codes
      .flatMap((code) => this.order.get(code) ?? [])
      .sort((a, b) => a.i - b.i)
      .map(({ error }) => error);
  }
}

/** `NotFound`, `InvalidIdOrValidationFailed`: readable where a generator of clients makes a type of it. */
const nameOf = (errors: readonly ErrorDefinition[]) =>
  errors.map(({ code }) => code.replaceAll(/(?:^|_)(\w)/g, (_all, letter: string) => letter.toUpperCase())).join('Or');

const describe = (errors: readonly ErrorDefinition[]) => ({
  description: errors.map((error) => `\`${error.code}\`: ${error.title}.`).join('\n\n'),
  content: {
    [PROBLEM]: {
      schema: {
        allOf: [
          REFERENCE,
          { type: 'object', properties: { code: { type: 'string', enum: errors.map((error) => error.code) } } },
        ],
      },
      examples: Object.fromEntries(errors.map((error) => [error.code, { value: exampleOf(error) }])),
    },
  },
});

/** The answer that stands for what any operation can answer. */
function anyProblem() {
  const errors = errorCatalog().filter((error) => EVERYWHERE.includes(error.code));
  return {
    description: `Any operation may also be refused or fail: ${errors
      .map((error) => `\`${error.code}\` (${HTTP_STATUS[error.kind]})`)
      .join(', ')}.`,
    content: { [PROBLEM]: { schema: REFERENCE } },
  };
}

const exampleOf = (error: ErrorDefinition) => ({
  type: `/errors/${error.code}`,
  title: error.title,
  status: HTTP_STATUS[error.kind],
  detail: error.help ?? `${error.title}.`,
  code: error.code,
  requestId: '6f1c1f5e-6f0d-4f5b-9a53-5d7f5a3f1c2e',
});
