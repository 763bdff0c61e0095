const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Markup that is safe to show. */
export class Html {
  constructor(readonly markup: string) {}
}

type Value = Html | string | number | Html[] | null | undefined | false;

/** Builds markup: whatever is put in is escaped, except markup made here. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let out = parts[0]!;
  for (const [index, value] of values.entries()) out += `${shown(value)}${parts[index + 1]!}`;
  return new Html(out);
}

function shown(value: Value): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map((item) => item.markup).join('');
  if (value === null || value === undefined || value === false) return '';
  return String(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
