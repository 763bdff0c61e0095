import type { ListingSource } from '../listing-source.js';
import { variantTitleOf } from '../product-draft.js';
import { widened } from './locale.js';
import { firstOf, type OptionBook, OptionWords } from './texts.js';

/** The product as it is to be shown in one language: everything that is not translated stays as it is. */
export function localized(source: ListingSource, locale: string, book: OptionBook): ListingSource {
  const locales = widened(locale);
  const texts = locales.map((one) => source.translations?.[one]);
  const words = new OptionWords(book, locales);
  const names = source.option_names.map((name) => words.name(name));
  return {
    ...source,
    title: firstOf(texts, 'title') ?? source.title,
    description_html: firstOf(texts, 'description') ?? source.description_html,
    seo_title: firstOf(texts, 'seoTitle') ?? source.seo_title,
    seo_description: firstOf(texts, 'seoDescription') ?? source.seo_description,
    // Two options of one name would hide one of them.
    option_names: new Set(names).size === names.length ? names : source.option_names,
    categories: source.categories.map((category) => ({
      ...category,
      title: locales.map((one) => category.titles?.[one]).find(Boolean) ?? category.title,
    })),
    variants: source.variants.map((variant) => {
      const values = variant.option_values.map((value, i) => words.value(source.option_names[i] ?? '', value));
      const isNamedByValues = variant.title === variantTitleOf(variant.option_values);
      return { ...variant, option_values: values, title: isNamedByValues ? variantTitleOf(values) : variant.title };
    }),
  };
}
