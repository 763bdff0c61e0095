import { invalid } from './api-error.js';
import type { RawParams } from './form.js';

/** How one parameter is read and refused. */
export interface Field<T, R extends boolean = boolean> {
  readonly required: R;
  parse(value: unknown, path: string): T;
}
type Optional<T> = Field<T, false>;

/** The parameters of one endpoint. */
export type Shape = Record<string, Field<unknown>>;

/** What a handler receives. */
export type Parsed<S extends Shape> = {
  [K in keyof S]: S[K] extends Field<infer T, infer R> ? (R extends true ? T : T | undefined) : never;
};

/**
 * Binds a shape to the parameter type of the SDK: the compiler then refuses a parameter that Stripe does not have and
 * one that Stripe has and the shape forgot.
 */
export const shapeFor =
  <P>() =>
  <S extends Record<keyof P, Field<unknown>>>(shape: S & Record<Exclude<keyof S, keyof P>, never>): S =>
    shape;

/** @throws {ApiError} parameter_unknown, parameter_missing or the complaint of the field */
export function parseParams<S extends Shape>(shape: S, raw: RawParams, parent = ''): Parsed<S> {
  const name = (key: string): string => (parent === '' ? key : `${parent}[${key}]`);
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(shape, key)) {
      const param = name(key);
      throw invalid(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
    }
  }
  const out: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(shape)) {
    const value = raw[key];
    if (value !== undefined) out[key] = field.parse(value, name(key));
    else if (field.required) {
      const param = name(key);
      throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
    }
  }
  return out as Parsed<S>;
}

const field = <T>(parse: Field<T>['parse']): Optional<T> => ({ required: false, parse });

/** The parameter has to be sent. */
export const required = <T>(inner: Field<T>): Field<T, true> => ({
  required: true,
  parse: (value, path) => inner.parse(value, path),
});

/** An empty string unsets the value. */
export const unsettable = <T>(inner: Field<T>): Optional<T | null> =>
  field((value, path) => (value === '' ? null : inner.parse(value, path)));

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalid(`Invalid string: ${JSON.stringify(value)}`, { param: path });
  if (value === '') {
    throw invalid(
      `You passed an empty string for '${path}'. We assume empty values are an attempt to unset a parameter; however '${path}' cannot be unset. You should remove '${path}' from your request or supply a non-empty value.`,
      { code: 'parameter_invalid_empty', param: path },
    );
  }
  return value;
}

/** A non-empty string. */
export const string = (maxLength = 5000): Optional<string> =>
  field((value, path) => {
    const read = text(value, path);
    if (read.length > maxLength) {
      throw invalid(`Invalid string: ${read.slice(0, 40)}…; must be at most ${maxLength} characters`, {
        code: 'parameter_invalid_string_length',
        param: path,
      });
    }
    return read;
  });

export const integer = (): Optional<number> =>
  field((value, path) => {
    if (typeof value !== 'string' || !/^-?\d{1,15}$/.test(value)) {
      throw invalid(`Invalid integer: ${typeof value === 'string' ? value : JSON.stringify(value)}`, {
        code: 'parameter_invalid_integer',
        param: path,
      });
    }
    return Number(value);
  });

export const boolean = (): Optional<boolean> =>
  field((value, path) => {
    if (value !== 'true' && value !== 'false') {
      throw invalid(`Invalid boolean: ${typeof value === 'string' ? value : JSON.stringify(value)}`, { param: path });
    }
    return value === 'true';
  });

export const oneOf = <const V extends string>(...values: V[]): Optional<V> =>
  field((value, path) => {
    const read = text(value, path) as V;
    if (!values.includes(read)) {
      throw invalid(`Invalid ${path}: must be one of ${values.join(', ')}`, { param: path });
    }
    return read;
  });

/** A nested object with known keys. */
export const hash = <S extends Shape>(shape: S): Optional<Parsed<S>> =>
  field((value, path) => parseParams(shape, object(value, path), path));

/** A nested object that is kept as it came. */
export const openHash = (): Optional<RawParams> => field(object);

export const list = <T>(item: Field<T>): Optional<T[]> =>
  field((value, path) => {
    if (value === '') return [];
    // A form with an index above the parser's limit arrives as an object with numeric keys.
    const items = Array.isArray(value) ? value : Object.values(object(value, path));
    return items.map((entry, index) => item.parse(entry, `${path}[${index}]`));
  });

/** Either of two forms, such as `off_session=true` and `off_session=recurring`. */
export const either = <A, B>(first: Field<A>, second: Field<B>): Optional<A | B> =>
  field<A | B>((value, path) => {
    try {
      return first.parse(value, path);
    } catch {
      return second.parse(value, path);
    }
  });

/** Metadata as sent: an empty value deletes its key, an empty string deletes all. */
export const metadata = (): Optional<Record<string, string> | null> =>
  field((value, path) => {
    if (value === '') return null;
    const raw = object(value, path);
    const out: Record<string, string> = {};
    for (const [key, entry] of Object.entries(raw)) {
      if (typeof entry !== 'string') throw invalid('Metadata values must be strings', { param: `${path}[${key}]` });
      if (key.length > 40) throw invalid('Metadata keys can have up to 40 characters', { param: `${path}[${key}]` });
      if (entry.length > 500) {
        throw invalid('Metadata values can have up to 500 characters', { param: `${path}[${key}]` });
      }
      out[key] = entry;
    }
    return out;
  });

/** A filter by time: `created=1700000000` or `created[gte]=…`. */
export interface Range {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}
export const range = (): Optional<Range> =>
  field((value, path) => {
    if (typeof value === 'string') {
      const at = integer().parse(value, path);
      return { gte: at, lte: at };
    }
    return parseParams({ gt: integer(), gte: integer(), lt: integer(), lte: integer() }, object(value, path), path);
  });

/** Something Stripe takes and the emulator has not got: saying so is better than pretending. */
export const unsupported = (): Optional<never> =>
  field((_value, path) => {
    throw invalid(`The emulator does not implement '${path}'.`, { code: 'emulator_unsupported', param: path });
  });

export const address = (): Optional<AddressParams> =>
  hash({
    city: unsettable(string()),
    country: unsettable(string(2)),
    line1: unsettable(string()),
    line2: unsettable(string()),
    postal_code: unsettable(string()),
    state: unsettable(string()),
  });
export type AddressParams = Record<
  'city' | 'country' | 'line1' | 'line2' | 'postal_code' | 'state',
  string | null | undefined
>;

/** As Stripe answers an address: every part, null where not given. */
export const fullAddress = (given: AddressParams): Record<keyof AddressParams, string | null> => ({
  city: given.city ?? null,
  country: given.country ?? null,
  line1: given.line1 ?? null,
  line2: given.line2 ?? null,
  postal_code: given.postal_code ?? null,
  state: given.state ?? null,
});

/** Merges as Stripe does. @throws {ApiError} when more than 50 keys result */
export function mergeMetadata(
  current: Record<string, string>,
  change: Record<string, string> | null | undefined,
): Record<string, string> {
  if (change === undefined) return current;
  if (change === null) return {};
  const merged = { ...current };
  for (const [key, value] of Object.entries(change)) {
    if (value === '') delete merged[key];
    else merged[key] = value;
  }
  if (Object.keys(merged).length > 50) throw invalid('Metadata can have up to 50 keys', { param: 'metadata' });
  return merged;
}

function object(value: unknown, path: string): RawParams {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('Invalid object', { param: path });
  }
  return value as RawParams;
}
