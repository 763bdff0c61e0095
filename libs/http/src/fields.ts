import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { CURRENCIES } from '#libs/money';
import { decodeId, type IdPrefix, ID_PREFIXES } from '#libs/ids';
import { COUNTRIES } from './countries.js';

/** Options that every field takes: what it means, an example that really works, and whether it may be left out. */
export interface FieldOptions {
  description?: string;
  example?: unknown;
  optional?: boolean;
  /** May be null, which clears the field. */
  nullable?: boolean;
}

function field(options: FieldOptions, schema: ApiPropertyOptions, ...rules: PropertyDecorator[]): PropertyDecorator {
  const presence: PropertyDecorator[] = [];
  if (options.optional && options.nullable) presence.push(IsOptional());
  else if (options.optional) presence.push(ValidateIf((_object, value) => value !== undefined));
  else if (options.nullable) presence.push(ValidateIf((_object, value) => value !== null));
  return applyDecorators(
    ApiProperty({
      description: options.description,
      ...(options.example === undefined ? {} : { example: options.example }),
      required: !options.optional,
      ...(options.nullable ? { nullable: true } : {}),
      ...schema,
    } as ApiPropertyOptions),
    ...presence,
    ...rules,
  );
}

const custom = (name: string, message: string, validate: (value: unknown) => boolean) =>
  ValidateBy({ name, validator: { validate, defaultMessage: () => message } });

/** Text of bounded length. An empty text counts as too short unless `min` is 0. */
export function Text(max: number, options: FieldOptions & { min?: number; pattern?: RegExp } = {}): PropertyDecorator {
  const { min = 1, pattern } = options;
  return field(
    options,
    { type: String, minLength: min, maxLength: max, ...(pattern ? { pattern: pattern.source } : {}) },
    IsString(),
    MinLength(min),
    MaxLength(max),
    ...(pattern
      ? [custom('pattern', `must match ${pattern.source}`, (v) => typeof v === 'string' && pattern.test(v))]
      : []),
  );
}

/** A whole number within bounds; texts such as "12" are not numbers. */
export function Int32(min: number, max: number, options: FieldOptions = {}): PropertyDecorator {
  return field(options, { type: 'integer', minimum: min, maximum: max }, IsInt(), Min(min), Max(max));
}

/** An amount in minor units. */
export function MoneyAmount(options: FieldOptions & { min?: number } = {}): PropertyDecorator {
  const min = options.min ?? 0;
  const max = 99_999_999_999;
  return field(
    { description: 'minor units of the currency', ...options },
    { type: 'integer', minimum: min, maximum: max },
    IsInt(),
    Min(min),
    Max(max),
  );
}

/** true or false. */
export function Flag(options: FieldOptions = {}): PropertyDecorator {
  return field(options, { type: Boolean }, IsBoolean());
}

/** One of a list of words. */
export function OneOf(values: readonly string[], options: FieldOptions = {}): PropertyDecorator {
  return field(options, { enum: [...values] }, IsIn([...values]));
}

/** A public id, turned into the uuid that the database knows. */
export function Id(kind: IdPrefix, options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    { type: String, pattern: `^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$` },
    Transform(({ value }) => decodeId(kind, value) ?? value, { toClassOnly: true }),
    custom(
      'invalid_id',
      `must be an id that begins with ${ID_PREFIXES[kind]}_`,
      (value) => typeof value === 'string' && UUID.test(value),
    ),
  );
}
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether two different mailboxes could be taken for one: other spellings of a character, or one whose small letter is that of
 * another character, as the sign of kelvin has the small k.
 */
export function isAmbiguousEmail(email: string): boolean {
  if (email !== email.normalize('NFKC')) return true;
  return [...email].some((char) => char.toLowerCase() !== char && char.toLowerCase().toUpperCase() !== char);
}

/** An e-mail address, without characters that databases take for others when they ignore capitals. */
export function Email(options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    { type: String, format: 'email', maxLength: 254 },
    IsString(),
    MaxLength(254),
    IsEmail({ allow_utf8_local_part: true }),
    custom(
      'ambiguous_email',
      'must not have characters that are easily taken for others',
      (v) => typeof v === 'string' && !isAmbiguousEmail(v),
    ),
  );
}

/** ISO 3166 alpha-2, in capitals. */
export function Country(options: FieldOptions = {}): PropertyDecorator {
  return field(
    { example: 'US', ...options },
    { type: String, pattern: '^[A-Z]{2}$' },
    custom(
      'unknown_country',
      'must be an ISO 3166 alpha-2 country code such as US',
      (v) => typeof v === 'string' && COUNTRIES.has(v),
    ),
  );
}

/** ISO 4217, in capitals. */
export function Currency(options: FieldOptions = {}): PropertyDecorator {
  return field(
    { example: 'USD', ...options },
    { type: String, pattern: '^[A-Z]{3}$' },
    custom(
      'unknown_currency',
      'must be an ISO 4217 currency code such as USD',
      (v) => typeof v === 'string' && CURRENCIES.has(v),
    ),
  );
}

/** The readable part of an address: `blue-shirt`. */
export function Handle(options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    { type: String, pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 255 },
    IsString(),
    MaxLength(255),
    custom(
      'invalid_handle',
      'must be lower case letters, digits and single hyphens',
      (v) => typeof v === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(v),
    ),
  );
}

/** An http or https address. */
export function WebUrl(options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    { type: String, format: 'uri', maxLength: 2048 },
    IsString(),
    MaxLength(2048),
    custom('invalid_url', 'must be an http or https address', (v) => {
      if (typeof v !== 'string') return false;
      try {
        return ['http:', 'https:'].includes(new URL(v).protocol);
      } catch {
        return false;
      }
    }),
  );
}

const RFC_3339 = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/;

/** A moment in RFC 3339, or a date, which stands for its midnight in UTC. */
export function Time(options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    // No format: that of date-time knows no dates.
    { type: String, pattern: RFC_3339.source },
    custom(
      'invalid_time',
      'must be a time in RFC 3339 such as 2026-01-31T09:00:00Z, or a date',
      (v) => typeof v === 'string' && RFC_3339.test(v) && !Number.isNaN(Date.parse(v)),
    ),
  );
}

/** A list of short texts. */
export function StringArray(
  maxItems: number,
  maxLength: number,
  options: FieldOptions & { min?: number } = {},
): PropertyDecorator {
  return field(
    options,
    {
      type: 'array',
      items: { type: 'string', maxLength, minLength: 1 },
      maxItems,
      minItems: options.min ?? 0,
    } as ApiPropertyOptions,
    IsArray(),
    ArrayMinSize(options.min ?? 0),
    ArrayMaxSize(maxItems),
    custom(
      'invalid_item',
      `each item must be text of 1 to ${maxLength} characters`,
      (v) =>
        Array.isArray(v) && v.every((item) => typeof item === 'string' && item.length >= 1 && item.length <= maxLength),
    ),
  );
}

const isPlainObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of objects of a class. Arrays inside the list are refused, which class-validator alone lets through. */
export function ObjectArray(
  type: () => new () => object,
  maxItems: number,
  options: FieldOptions & { min?: number } = {},
): PropertyDecorator {
  return field(
    options,
    { type: () => [type()], maxItems, minItems: options.min ?? 0 } as ApiPropertyOptions,
    IsArray(),
    ArrayMinSize(options.min ?? 0),
    ArrayMaxSize(maxItems),
    custom('not_an_object', 'each item must be an object', (v) => Array.isArray(v) && v.every(isPlainObject)),
    ValidateNested({ each: true }),
    Type(type),
  );
}

/** One nested object of a class. */
export function Nested(type: () => new () => object, options: FieldOptions = {}): PropertyDecorator {
  return field(
    options,
    // A property name makes the function lazy in the eyes of @nestjs/swagger: it looks for the name `type`.
    { type: () => type() } as ApiPropertyOptions,
    custom('not_an_object', 'must be an object', isPlainObject),
    ValidateNested(),
    Type(type),
  );
}

/** Shorthand for optional fields. */
export const Opt = <T extends object>(options: T = {} as T): T & { optional: true } => ({ ...options, optional: true });
