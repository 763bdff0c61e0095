/** What a spreadsheet takes for a formula, behind any number of our own marks. */
const FORMULA = /^'*[=+\-@\t\r]/;
const MARKED = /^'+[=+\-@\t\r]/;

/** A text that no spreadsheet runs as a formula: one that could be gets a ' in front. */
export function neutralized(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** The text that `neutralized` was given: takes its ' off again. */
export function restored(text: string): string {
  return MARKED.test(text) ? text.slice(1) : text;
}
