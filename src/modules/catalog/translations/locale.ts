import { InvalidParameter } from '#libs/errors';

const LOCALE = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/;

/** Longer headers are noise. */
const MAX_HEADER = 500;
/** How many languages one answer looks for. */
const MAX_LOCALES = 3;

/** A language tag as it is kept: `de`, `de-AT`, `zh-Hans`; null when it is none. */
export function localeOf(text: string): string | null {
  if (text.length > 20) return null;
  try {
    const [locale] = Intl.getCanonicalLocales(text);
    return locale !== undefined && LOCALE.test(locale) ? locale : null;
  } catch {
    return null;
  }
}

/** A language tag of a path. @throws invalid_parameter */
export function localeParameter(text: string, catalogLanguage: string): string {
  const refused = (code: string, detail: string) =>
    InvalidParameter({ detail: `locale ${detail}.`, errors: [{ pointer: 'locale', code, detail }] });
  const locale = localeOf(text);
  if (locale === null) throw refused('unknown_language', 'must be a language tag such as de or de-AT');
  if (locale === catalogLanguage)
    throw refused('catalog_language', 'is the language of the catalog itself: change the original');
  return locale;
}

/** The locale and the wider ones that it falls back to: `zh-Hant-TW` → `zh-Hant-TW`, `zh-Hant`, `zh`. */
export function widened(locale: string): string[] {
  const parts = locale.split('-');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('-'));
}

/** The wishes of an Accept-Language header, the dearest first. What cannot be read is no wish. */
export function wishedLanguages(header: string | undefined): string[] {
  if (header === undefined || header === '' || header === '*' || header.length > MAX_HEADER) return [];
  return header
    .split(',')
    .flatMap((item) => {
      const [tag, ...parameters] = item.split(';').map((part) => part.trim());
      const q = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      const weight = q === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : 0;
      const language = tag === '*' ? '*' : localeOf(tag ?? '');
      return language === null || weight === 0 ? [] : [{ language, weight }];
    })
    .sort((a, b) => b.weight - a.weight)
    .map(({ language }) => language);
}

/**
 * In which languages an answer is looked for, one after the other, before the language of the catalog itself (RFC 4647, lookup):
 * none when that is what is wished, or when nothing is translated to what is wished.
 */
export function chosenLocales(
  wishes: readonly string[],
  known: ReadonlySet<string>,
  catalogLanguage: string,
): string[] {
  const chosen: string[] = [];
  for (const wish of wishes) {
    // Whoever takes anything takes the original.
    if (wish === '*') break;
    const ways = widened(wish);
    for (const locale of ways) {
      if (locale === catalogLanguage) break;
      if (known.has(locale) && !chosen.includes(locale)) chosen.push(locale);
    }
    if (ways.includes(catalogLanguage) || widened(catalogLanguage).includes(wish)) break;
  }
  return chosen.slice(0, MAX_LOCALES);
}
