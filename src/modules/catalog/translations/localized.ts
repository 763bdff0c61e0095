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
  const labels = source.option_names.map((name, i) => valueLabels(source, words, name, i));
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
      const values = variant.option_values.map((value, i) => labels[i]?.get(value) ?? value);
      const isNamedByValues = variant.title === variantTitleOf(variant.option_values);
      return { ...variant, option_values: values, title: isNamedByValues ? variantTitleOf(values) : variant.title };
    }),
  };
}

/** What the values of an option are called; as they are where two of them would be called the same. */
function valueLabels(source: ListingSource, words: OptionWords, name: string, i: number): Map<string, string> {
  const values = [...new Set(source.variants.flatMap((variant) => variant.option_values[i] ?? []))];
  const labels = values.map((value) => words.value(name, value));
  const isApart = new Set(labels.map((label) => label.toLowerCase())).size === values.length;
  return new Map(isApart ? values.map((value, n) => [value, labels[n]!]) : []);
}
