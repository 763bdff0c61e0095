const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The text as it must stand inside an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ESCAPES[c]!);
}

/** HTML that was put together by `html`: its parts are escaped already. */
export class SafeHtml {
  constructor(private readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** What may stand in `${…}`: nothing at all, text that gets escaped, HTML made by `html`, or lists of these. */
export type HtmlPart = SafeHtml | string | number | null | undefined | false | readonly HtmlPart[];

function render(part: HtmlPart): string {
  if (part === null || part === undefined || part === false) return '';
  if (Array.isArray(part)) return part.map(render).join('');
  if (part instanceof SafeHtml) return part.toString();
  return escapeHtml(String(part));
}

/**
 * Puts HTML together; whatever is not HTML made here is escaped, so a product title can never become markup.
 * @example html`<h1>${title}</h1>`
 */
export function html(strings: TemplateStringsArray, ...parts: HtmlPart[]): SafeHtml {
  let out = strings[0]!;
  parts.forEach((part, i) => {
    out += render(part) + strings[i + 1]!;
  });
  return new SafeHtml(out);
}
