type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const REFERENCE = /^#\/components\/(responses|schemas)\/(.+)$/;

function collectReferences(node: unknown, found: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collectReferences(item, found);
  } else if (isObject(node)) {
    if (typeof node.$ref === 'string' && REFERENCE.test(node.$ref)) found.add(node.$ref);
    for (const value of Object.values(node)) collectReferences(value, found);
  }
}

/** What of the components these paths use, directly or through another one, sorted by name. */
export function usedComponents<S, R>(
  paths: unknown,
  all: { schemas: Record<string, S>; responses: Record<string, R> },
): { schemas: Record<string, S>; responses: Record<string, R> } {
  const used = new Set<string>();
  collectReferences(paths, used);
  // The set grows while it is gone through.
  for (const reference of used) {
    const [, kind, name] = REFERENCE.exec(reference)!;
    collectReferences(all[kind as keyof typeof all][name!], used);
  }
  const pick = <T>(kind: keyof typeof all, from: Record<string, T>): Record<string, T> =>
    Object.fromEntries(
      Object.keys(from)
        .filter((name) => used.has(`#/components/${kind}/${name}`))
        .sort()
        .map((name) => [name, from[name]!]),
    );
  return { schemas: pick('schemas', all.schemas), responses: pick('responses', all.responses) };
}
