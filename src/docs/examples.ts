import type { OpenAPIObject } from '@nestjs/swagger';
import { ID_PREFIXES } from '#libs/ids';
import { WELL_KNOWN } from '../db/seed/index.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Schema = Record<string, unknown>;

/** Ids that exist in every demo shop, by their prefix. */
const KNOWN_IDS: Record<string, string> = Object.fromEntries(
  (
    [
      ['product', WELL_KNOWN.productId],
      ['variant', WELL_KNOWN.variantId],
      ['image', WELL_KNOWN.imageId],
      ['category', WELL_KNOWN.categoryId],
      ['shippingZone', WELL_KNOWN.shippingZoneId],
      ['shippingMethod', WELL_KNOWN.shippingMethodId],
      ['taxRate', WELL_KNOWN.taxRateId],
      ['promotion', WELL_KNOWN.promotionId],
      ['location', WELL_KNOWN.locationId],
      ['customer', WELL_KNOWN.customerId],
    ] as const
  ).map(([kind, id]) => [ID_PREFIXES[kind], id]),
);

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The id kind that a schema's pattern asks for. */
const prefixOf = (schema: Schema) =>
  typeof schema.pattern === 'string' ? /^\^([a-z]+)_\[0-7\]/.exec(schema.pattern)?.[1] : undefined;

/** An id that exists in every demo shop; for things that a shop only gets by selling, one that is easily told from them. */
const exampleId = (prefix: string) => KNOWN_IDS[prefix] ?? `${prefix}_${'0'.repeat(26)}`;

/** Gives an operation examples that can be sent as they are: ids in its path, and a body of what matters. */
export function fillExamples(operation: Operation, schemas: Schemas): void {
  for (const parameter of operation.parameters ?? []) {
    if (!('in' in parameter) || parameter.in !== 'path' || parameter.example !== undefined) continue;
    const { schema } = parameter;
    const prefix = isObject(schema) ? prefixOf(schema) : undefined;
    if (prefix) parameter.example = (schema as Schema).example ?? exampleId(prefix);
  }
  const body = operation.requestBody;
  const media = body && 'content' in body ? body.content['application/json'] : undefined;
  if (!media?.schema || media.example !== undefined || media.examples !== undefined) return;
  const sample = sampleOf(media.schema as Schema, schemas, true);
  if (sample !== undefined) media.example = sample;
}

/** What is required, and what has an example of its own: an optional field without one is better left out. */
function sampleOf(schema: Schema, schemas: Schemas, isRequired: boolean, depth = 0): unknown {
  const prefix = prefixOf(schema);
  if (prefix) {
    if (typeof schema.example === 'string' && !(prefix in KNOWN_IDS)) return schema.example;
    return isRequired || schema.example !== undefined ? exampleId(prefix) : undefined;
  }
  if (schema.example !== undefined) return schema.example;
  if (depth > 8) return undefined;
  if (typeof schema.$ref === 'string') {
    const target = schemas[schema.$ref.split('/').pop()!];
    return target ? sampleOf(target as Schema, schemas, isRequired, depth + 1) : undefined;
  }
  for (const key of ['allOf', 'anyOf', 'oneOf']) {
    const parts = schema[key];
    if (!Array.isArray(parts)) continue;
    const samples = parts
      .filter((part) => isObject(part) && part.type !== 'null')
      .map((part) => sampleOf(part as Schema, schemas, isRequired, depth + 1))
      .filter((sample) => sample !== undefined);
    if (key !== 'allOf' || samples.length < 2) return samples[0];
    return Object.assign({}, ...samples.filter(isObject)) as Schema;
  }
  if (isObject(schema.properties)) {
    const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
    const entries = Object.entries(schema.properties)
      .map(([name, part]) => [name, sampleOf(part as Schema, schemas, required.includes(name), depth + 1)] as const)
      .filter(([, sample]) => sample !== undefined);
    return entries.length > 0 || isRequired ? Object.fromEntries(entries) : undefined;
  }
  if (schema.type === 'array') {
    const item = isObject(schema.items) ? sampleOf(schema.items, schemas, false, depth + 1) : undefined;
    if (item !== undefined) return [item];
    return isRequired ? [] : undefined;
  }
  if (!isRequired) return undefined;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 0;
  return 'string';
}
