import { ValidationFailed } from '#libs/errors';

const FIELDS_MAX = 50;
const NAME = /^(?!constructor$|prototype$)[a-z][\w.-]{0,63}$/i;

function problemWith(name: string, value: string, fields: ReadonlyMap<string, string>): string | null {
  if (!NAME.test(name)) return 'is no name of a field';
  // Two readers could take another one of them each (RFC 6749, 3.2).
  if (fields.has(name)) return 'stands twice';
  if (fields.size >= FIELDS_MAX) return `is one of more than ${FIELDS_MAX} fields`;
  return value.includes('\0') ? 'contains NUL' : null;
}

/** The fields of an HTML form, each once. */
export function parseForm(body: string): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    const detail = problemWith(name, value, fields);
    if (detail !== null)
      throw ValidationFailed({ errors: [{ pointer: `/${name.slice(0, 64)}`, code: 'invalid_field', detail }] });
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}
