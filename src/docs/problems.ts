import type { OpenAPIObject } from '@nestjs/swagger';
import { errorCatalog, type ErrorDefinition } from '#libs/errors';
import { HTTP_STATUS } from '#libs/http';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const PROBLEM = 'application/problem+json';
const REFERENCE = { $ref: '#/components/schemas/ProblemView' };

/** What any operation can answer, whatever it does. */
const EVERYWHERE = ['rate_limited', 'internal_error', 'service_unavailable', 'overloaded'];

/** The answer that stands for what any operation can answer: under `components.responses`. */
export function anyProblem() {
  const errors = errorCatalog().filter((error) => EVERYWHERE.includes(error.code));
  return {
    AnyProblem: {
      description: `Any operation may also be refused or fail: ${errors
        .map((error) => `\`${error.code}\` (${HTTP_STATUS[error.kind]})`)
        .join(', ')}.`,
      content: { [PROBLEM]: { schema: REFERENCE } },
    },
  };
}

/** Says of each error answer of an operation which codes it can carry, once each, with an example of the body. */
export function describeProblems(operation: Operation): void {
  const known = new Map(errorCatalog().map((error) => [error.code, error]));
  for (const response of Object.values(operation.responses)) {
    if (!response || '$ref' in response) continue;
    const media = response.content?.[PROBLEM];
    const schema = media?.schema;
    if (!media || !schema || !('allOf' in schema)) continue;
    const codes = schema.allOf!.flatMap((part) => {
      const code = 'properties' in part ? part.properties?.code : undefined;
      return code && 'enum' in code ? (code.enum as string[]) : [];
    });
    const errors = codes
      .map((code) => known.get(code))
      .filter((error): error is ErrorDefinition => error !== undefined);
    if (errors.length === 0) continue;
    response.description = errors.map((error) => `\`${error.code}\`: ${error.title}.`).join('\n\n');
    media.examples = Object.fromEntries(errors.map((error) => [error.code, { value: exampleOf(error) }]));
  }
  operation.responses.default = { $ref: '#/components/responses/AnyProblem' };
}

const exampleOf = (error: ErrorDefinition) => ({
  type: `/errors/${error.code}`,
  title: error.title,
  status: HTTP_STATUS[error.kind],
  detail: error.help ?? `${error.title}.`,
  code: error.code,
  requestId: '6f1c1f5e-6f0d-4f5b-9a53-5d7f5a3f1c2e',
});
