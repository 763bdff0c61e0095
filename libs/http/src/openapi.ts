import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { ErrorDefinition } from '#libs/errors';
import { HTTP_STATUS } from './problem.js';

const THROWN = Symbol('emporium:thrown');

/** One wrong field of a request. */
export class FieldErrorView {
  @ApiProperty({
    description: 'JSON pointer into the body, or the name of a parameter or header',
    example: '/lines/0/quantity',
  })
  pointer: string;
  @ApiProperty({ example: 'too_small' })
  code: string;
  @ApiProperty({ example: 'must not be less than 1' })
  detail: string;
}

/** RFC 9457 problem details: the shape of every error. */
export class ProblemView {
  @ApiProperty({ description: 'address of the page that explains the code', example: '/errors/validation_failed' })
  type: string;
  @ApiProperty({ example: 'The request is not valid' })
  title: string;
  @ApiProperty({ example: 400 })
  status: number;
  @ApiProperty({ required: false })
  detail?: string;
  @ApiProperty({ required: false })
  instance?: string;
  @ApiProperty({ description: 'stable, for programs' })
  code: string;
  @ApiProperty({ required: false })
  requestId?: string;
  @ApiProperty({ required: false, type: () => [FieldErrorView] })
  errors?: FieldErrorView[];
}

/** Documents every error code that an operation can answer with, grouped by HTTP status. May be used several times. */
export function Throws(...errors: { definition: ErrorDefinition }[]): MethodDecorator {
  return (target, key, descriptor) => {
    const handler = descriptor.value as object;
    const known = (Reflect.getMetadata(THROWN, handler) as ErrorDefinition[] | undefined) ?? [];
    const all = [...known, ...errors.map((e) => e.definition)];
    Reflect.defineMetadata(THROWN, all, handler);
    const byStatus = new Map<number, Map<string, ErrorDefinition>>();
    for (const definition of all) {
      const status = HTTP_STATUS[definition.kind];
      byStatus.set(status, (byStatus.get(status) ?? new Map()).set(definition.code, definition));
    }
    for (const [status, definitions] of byStatus) {
      const codes = [...definitions.keys()];
      ApiResponse({
        status,
        description: [...definitions.values()].map((d) => `\`${d.code}\` ${d.title}.`).join(' '),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                { $ref: getSchemaPath(ProblemView) },
                { type: 'object', properties: { code: { type: 'string', enum: codes } } },
              ],
            },
          },
        },
      })(target, key, descriptor);
    }
    ApiExtraModels(ProblemView, FieldErrorView)(target, key as string, descriptor);
  };
}

/** Documents `{ data: [...], page }` of a list, or `{ data: [...] }` of a short one. */
export function ListEnvelope(row: Type, options: { paged?: boolean; description?: string } = {}): MethodDecorator {
  const paged = options.paged ?? true;
  return applyDecorators(
    ApiExtraModels(row),
    ApiResponse({
      status: 200,
      description: options.description ?? 'The list',
      schema: {
        type: 'object',
        required: paged ? ['data', 'page'] : ['data'],
        properties: {
          data: { type: 'array', items: { $ref: getSchemaPath(row) } },
          ...(paged
            ? {
                page: {
                  type: 'object',
                  required: ['limit', 'next', 'prev'],
                  properties: {
                    limit: { type: 'integer' },
                    next: { type: 'string', nullable: true },
                    prev: { type: 'string', nullable: true },
                    total: { type: 'integer' },
                  },
                },
              }
            : {}),
        },
      },
    }),
  );
}

/** Documents the ETag that an answer carries. */
export function EtagHeader(status = 200): MethodDecorator {
  return ApiResponse({
    status,
    description: 'OK',
    headers: { ETag: { description: 'version for If-Match', schema: { type: 'string' } } },
  });
}

/** Documents conditional reads of public catalog answers. */
export function PublicCache(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'an ETag that you have: 304 when it still holds',
      schema: { type: 'string' },
    }),
    ApiHeader({
      name: 'X-Country',
      required: false,
      description: 'ISO 3166 alpha-2: where the shopper is; picks the market and its currency',
      schema: { type: 'string', example: 'US' },
    }),
    ApiHeader({
      name: 'X-Currency',
      required: false,
      description: 'ISO 4217; the currency of the market when left out',
      schema: { type: 'string', example: 'USD' },
    }),
    ApiHeader({
      name: 'Accept-Language',
      required: false,
      description: 'texts in the first of these languages that they are translated to; `Content-Language` says which',
      schema: { type: 'string', example: 'de-AT, de;q=0.9, en;q=0.5' },
    }),
    ApiResponse({ status: 304, description: 'Not modified' }),
  );
}
