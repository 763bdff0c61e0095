import { Contract } from '../contract.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  example?: unknown;
  minimum?: number;
  pattern?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
  example?: unknown;
}

export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  responses: Record<string, { $ref?: string }>;
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
}

export interface Document {
  paths: Record<string, Partial<Record<(typeof METHODS)[number], Operation>>>;
  components: { schemas: Record<string, Schema> };
}

/** One operation of a document, with what judges its answers. */
export interface Target {
  path: string;
  method: (typeof METHODS)[number];
  operation: Operation;
  document: Document;
  contract: Contract;
}

/** All of them, in the order of the documents. */
export function targetsOf(documents: readonly Document[]): Target[] {
  return documents.flatMap((document) => {
    const contract = new Contract(document as never);
    return Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) =>
        item[method] ? [{ path, method, operation: item[method], document, contract }] : [],
      ),
    );
  });
}

/** A value that fits the schema, as far as a schema can tell; `idOf` names things that exist. */
export function sampleOf(
  schema: Schema | undefined,
  document: Document,
  random: () => number,
  idOf: (prefix: string) => string | undefined,
  depth = 0,
): unknown {
  if (!schema || depth > 6) return null;
  const sample = (part: Schema | undefined) => sampleOf(part, document, random, idOf, depth + 1);
  if (schema.$ref) return sample(document.components.schemas[schema.$ref.split('/').pop()!]);
  const alternatives = schema.allOf ?? schema.oneOf ?? schema.anyOf;
  if (alternatives) return sample(alternatives[0]);
  const known = idOf(/^\^([a-z]+)_/.exec(schema.pattern ?? '')?.[1] ?? '');
  if (known) return known;
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[Math.floor(random() * schema.enum.length)];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'array') return [sample(schema.items)];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return random() < 0.5;
  if (type === 'string') return 'text';
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([name]) => schema.required?.includes(name) || random() < 0.5)
      .map(([name, property]) => [name, sample(property)]),
  );
}

/** The names of what an object may have in it, as far down as references and alternatives go. */
export function namesOf(schema: Schema | undefined, document: Document, depth = 0): string[] {
  if (!schema || depth > 6) return [];
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (schema.$ref) parts.push(document.components.schemas[schema.$ref.split('/').pop()!]!);
  return [...Object.keys(schema.properties ?? {}), ...parts.flatMap((part) => namesOf(part, document, depth + 1))];
}
