/** What is said in one language; null where nothing of its own is said. */
export interface Texts {
  title: string | null;
  description: string | null;
  seoTitle: string | null;
  seoDescription: string | null;
}

/** What an option and its values are called in another language. */
export interface OptionLabels {
  name: string;
  label: string;
  values: { value: string; label: string }[];
}

/** The dictionaries of options, by language. */
export type OptionBook = Readonly<Record<string, readonly OptionLabels[]>>;

/** The first text that is there, in the order of the languages. */
export function firstOf<T, K extends keyof T>(
  texts: readonly (T | undefined)[],
  field: K,
): NonNullable<T[K]> | undefined {
  for (const text of texts) if (text?.[field]) return text[field];
  return undefined;
}

/** What something is called, and in which language. */
export interface Word {
  text: string;
  locale: string;
}

/** Says what options are called in one language, which falls back to wider ones. */
export class OptionWords {
  private readonly names = new Map<string, Word>();
  private readonly values = new Map<string, Word>();

  constructor(book: OptionBook, locales: readonly string[]) {
    // The narrowest language last: it overwrites.
    for (const locale of [...locales].reverse())
      for (const { name, label, values } of book[locale] ?? []) {
        this.names.set(name.toLowerCase(), { text: label, locale });
        for (const one of values) this.values.set(`${name}=${one.value}`.toLowerCase(), { text: one.label, locale });
      }
  }

  name(name: string): string {
    return this.findName(name)?.text ?? name;
  }

  value(name: string, value: string): string {
    return this.findValue(name, value)?.text ?? value;
  }

  /** undefined where it is called as in the catalog */
  findName(name: string): Word | undefined {
    return this.names.get(name.toLowerCase());
  }

  /** undefined where it is called as in the catalog */
  findValue(name: string, value: string): Word | undefined {
    return this.values.get(`${name}=${value}`.toLowerCase());
  }
}
