type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const PREFIX = '#/components/schemas/';

function collectReferences(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collectReferences(item, found);
  } else if (isObject(node)) {
    if (typeof node.$ref === 'string' && node.$ref.startsWith(PREFIX)) found.add(node.$ref.slice(PREFIX.length));
    for (const value of Object.values(node)) collectReferences(value, found);
  }
}

/** The schemas that these paths use, directly or through another schema, sorted by name. */
export function usedSchemas<S>(paths: unknown, schemas: Record<string, S>): Record<string, S> {
  const used = new Set<string>();
  collectReferences(paths, used);
  for (const name of used) collectReferences(schemas[name], used);
  return Object.fromEntries(
    [...used]
      .filter((name) => name in schemas)
      .sort()
      .map((name) => [name, schemas[name]!]),
  );
}
