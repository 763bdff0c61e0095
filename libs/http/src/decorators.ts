import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidHeader,
  InvalidId,
  IdempotencyKeyInFlight,
  IdempotencyKeyInvalid,
  IdempotencyKeyMissing,
  IdempotencyKeyReused,
} from '#libs/errors';
import { decodeId, type IdPrefix, ID_PREFIXES } from '#libs/ids';
import { IdempotencyInterceptor, type IdempotencyRule, IDEMPOTENT } from './idempotency.js';
import { Throws } from './openapi.js';
import type { IdempotencyReference, Request } from './request.js';

const idParam = createParamDecorator((data: { kind: IdPrefix; name: string }, context: ExecutionContext): string => {
  const params = context.switchToHttp().getRequest<Request>().params as Record<string, string>;
  const uuid = decodeId(data.kind, params[data.name]);
  if (uuid !== null) return uuid;
  const detail = `must be an id that begins with ${ID_PREFIXES[data.kind]}_`;
  throw InvalidId({ detail: `${data.name} ${detail}.`, errors: [{ pointer: data.name, code: 'invalid_id', detail }] });
});

/** A path parameter that is an id: the handler gets the uuid; a wrong prefix is 400 `invalid_id` naming it. */
export function IdParam(kind: IdPrefix, name = 'id', example?: string): ParameterDecorator {
  return (target, key, index) => {
    idParam({ kind, name })(target, key, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, key as string)!;
    ApiParam({
      name,
      // Beside a schema, an example would be dropped.
      schema: {
        type: 'string',
        pattern: `^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`,
        ...(example ? { example } : {}),
      },
    })(target, key as string, descriptor);
  };
}

/** Versions are int4: a larger one is as stale as this. */
const LAST_VERSION = 2_147_483_647;

const ifMatch = createParamDecorator((required: boolean, context: ExecutionContext): number | undefined => {
  const header = context.switchToHttp().getRequest<Request>().headers['if-match'];
  if (header === undefined || header === '') {
    if (required) throw IfMatchRequired();
    return undefined;
  }
  if (header.trim() === '*') return undefined;
  const match = /^\s*(?:W\/)?"(\d{1,10})"\s*$/.exec(header);
  if (!match) {
    throw InvalidHeader({
      detail: 'If-Match must be one ETag as it was received.',
      errors: [{ pointer: 'If-Match', code: 'invalid_etag', detail: 'not one of our ETags' }],
    });
  }
  return Math.min(Number(match[1]), LAST_VERSION);
});

/** The version that the client read, from If-Match; `required` answers 428 when it is missing. */
export function IfMatch(presence: 'required' | 'optional'): ParameterDecorator {
  return (target, key, index) => {
    ifMatch(presence === 'required')(target, key, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, key as string)!;
    ApiHeader({
      name: 'If-Match',
      required: presence === 'required',
      description: 'the ETag that you read',
      schema: { type: 'string', example: '"1"' },
    })(target, key as string, descriptor);
  };
}

/** The idempotency key of the request, for effects that must carry it into a unique constraint. */
export const IdempotencyRef = createParamDecorator(
  (_data: unknown, context: ExecutionContext): IdempotencyReference | undefined =>
    context.switchToHttp().getRequest<Request>().idempotency,
);

/**
 * The operation happens once for each Idempotency-Key; a repetition gets the kept answer.
 * @param claimed the key is claimed before the handler runs, or the handler sends a claim of `IdempotencyReference` ahead of the
 *   transaction that has all its effects: then whatever it reads before must be free to be read again
 */
export function Idempotent(
  presence: IdempotencyRule['presence'] = 'required',
  claimed: IdempotencyRule['claimed'] = 'before',
): MethodDecorator {
  return applyDecorators(
    SetMetadata(IDEMPOTENT, { presence, claimed } satisfies IdempotencyRule),
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: presence === 'required',
      description: 'a fresh UUID for each thing to be done once; the same again when the request is repeated',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
    Throws(
      ...(presence === 'required' ? [IdempotencyKeyMissing] : []),
      IdempotencyKeyInvalid,
      IdempotencyKeyReused,
      IdempotencyKeyInFlight,
    ),
  );
}
