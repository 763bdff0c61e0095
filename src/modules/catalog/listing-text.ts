import { encodeId } from '#libs/ids';
import { attributeFilter } from './attributes/attribute-values.js';
import { BundlePartView } from './bundles/bundle.dto.js';
import { plainText } from './description.js';
import { fold, vocabularyOf, wordsOf } from './search-words.js';
import type { ListingImage, ListingPrice, ListingSource, ListingVariant } from './listing-source.js';
import { localized } from './translations/localized.js';
import type { OptionBook } from './translations/texts.js';

/** One product in one currency, as it is sent to Postgres. */
export interface ListingRows {
  listing: ListingRow;
  page: PageRow;
}

/** One row of `product_listings`; the tsvector is made in Postgres from the texts a to d, by weight. */
export interface ListingRow {
  product_id: string;
  currency: string;
  handle: string;
  title: string;
  sort_title: string;
  vendor: string;
  product_type: string;
  category_ids: string[];
  /** By hand and by rule, sorted. */
  collection_ids: string[];
  options: string[];
  option_labels: string[];
  /** `roast=dark` */
  attributes: string[];
  /** `roast=Dark` */
  attribute_labels: string[];
  price_min: number;
  price_max: number;
  available: boolean;
  created_at: string;
  card: string;
  /** The same in other languages. */
  cards: Record<string, string> | null;
  a: string;
  b: string;
  c: string;
  d: string;
}

/** One row of `product_pages`. */
export interface PageRow {
  product_id: string;
  currency: string;
  handle: string;
  variant_ids: string[];
  has_bundles: boolean;
  detail: string;
  details: Record<string, string> | null;
}

/**
 * Mark in the detail JSON where stock is filled in at reading: white space to JSON, which cannot stand bare inside its
 * strings. The first mark belongs to the product, the others to its variants in their order; what sort of mark it is tells
 * how the variant's stock counts.
 */
export const STOCK_MARKS = { counted: '\t', uncounted: '\n', backorder: '\r' } as const;

const MAX_DESCRIPTION_WORDS = 3_000;

/**
 * The rows of one product, one for each currency in which an active variant has a price; none when there is none.
 * @param book what options are called in other languages
 */
export function listingRows(source: ListingSource, book: OptionBook = {}): ListingRows[] {
  const currencies = [...new Set(source.variants.flatMap((variant) => variant.prices.map((p) => p.currency)))].sort();
  if (currencies.length === 0) return [];
  const others = Object.keys(source.translations ?? {}).map((locale): [string, ListingSource] => [
    locale,
    localized(source, locale, book),
  ]);
  const inOthers = (currency: string, text: typeof cardText) =>
    others.length === 0
      ? null
      : Object.fromEntries(
          others.map(([locale, other]) => [locale, text(other, offeredIn(other, currency), currency)]),
        );
  const shared = {
    product_id: source.id,
    handle: source.handle,
    title: source.title,
    sort_title: fold(source.title),
    vendor: source.vendor,
    product_type: source.product_type,
    category_ids: source.categories.map((category) => category.id),
    collection_ids: source.collection_ids,
    attributes: (source.attributes ?? []).map(({ key, value }) => attributeFilter(key, String(value))),
    attribute_labels: (source.attributes ?? []).map(({ key, value }) => `${key}=${value}`),
    created_at: source.created_at.toISOString(),
    ...searchTexts(
      source,
      others.map(([, other]) => other),
    ),
  };
  return currencies.map((currency) => {
    const offered = offeredIn(source, currency);
    const amounts = offered.map((variant) => priceIn(variant, currency).amount);
    const labels = new Map<string, string>();
    for (const variant of offered) {
      source.option_names.forEach((name, i) => {
        const value = variant.option_values[i];
        if (value !== undefined) labels.set(optionFilter(name, value), `${name}=${value}`);
      });
    }
    return {
      listing: {
        ...shared,
        currency,
        options: [...labels.keys()],
        option_labels: [...labels.values()],
        price_min: Math.min(...amounts),
        price_max: Math.max(...amounts),
        available: offered.some((variant) => variant.sellable),
        card: cardText(source, offered, currency),
        cards: inOthers(currency, cardText),
      },
      page: {
        product_id: source.id,
        currency,
        handle: source.handle,
        variant_ids: offered.map((variant) => variant.id),
        has_bundles: offered.some((variant) => variant.parts !== null),
        detail: detailText(source, offered, currency),
        details: inOthers(currency, detailText),
      },
    };
  });
}

function offeredIn({ variants }: ListingSource, currency: string): ListingVariant[] {
  return variants.filter((variant) => variant.prices.some((price) => price.currency === currency));
}

/** Name and value of an option as filters know them: `color=red`. */
export function optionFilter(name: string, value: string): string {
  return `${name.toLowerCase()}=${value.toLowerCase()}`;
}

/** The words of the products for typo tolerance. */
export function vocabulary(sources: readonly ListingSource[]): string[] {
  const words = new Set<string>();
  for (const source of sources) {
    const texts = [source.vendor, source.product_type, ...source.tags];
    // Categories are called what they are found by: in the languages of the product.
    const others = Object.keys(source.translations ?? {}).map((locale) => localized(source, locale, {}));
    for (const { title, categories } of [source, ...others])
      texts.push(title, ...categories.map((category) => category.title));
    for (const word of vocabularyOf(texts)) words.add(word);
  }
  return [...words];
}

/** What a product is found by, in every language that it is told in. */
function searchTexts(source: ListingSource, others: readonly ListingSource[]): Pick<ListingRow, 'a' | 'b' | 'c' | 'd'> {
  const all = [source, ...others];
  const text = (parts: readonly (string | null)[]) => wordsOf([...new Set(parts)].filter(Boolean).join(' ')).join(' ');
  const skus = source.variants.map((variant) => variant.sku);
  const said = (source.attributes ?? []).flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  return {
    a: text(all.map((one) => one.title)),
    b: text([
      source.vendor,
      source.product_type,
      ...all.flatMap((one) => one.categories.map((category) => category.title)),
      ...skus,
    ]),
    c: text([
      ...source.tags,
      ...said,
      ...all.flatMap((one) => one.variants.flatMap((variant) => variant.option_values)),
    ]),
    d: [...new Set(all.map((one) => one.description_html))]
      .flatMap((html) => wordsOf(plainText(html)).slice(0, MAX_DESCRIPTION_WORDS))
      .join(' '),
  };
}

function priceIn(variant: ListingVariant, currency: string) {
  return variant.prices.find((price) => price.currency === currency)!;
}

/** What the price of the cheapest variant is reduced from. */
function cardReduction(offered: ListingVariant[], currency: string) {
  const cheapest = offered
    .map((variant) => priceIn(variant, currency))
    .reduce((best, price) => (price.amount < best.amount ? price : best));
  return reduction(cheapest);
}

/** A reduced price says what it is reduced from, and the lowest price of the 30 days before (Directive 98/6/EC, Article 6a). */
function reduction({ compare_at, lowest, currency }: ListingPrice) {
  return {
    ...optionalMoney('compareAt', compare_at ?? undefined, currency),
    ...optionalMoney('lowestPrice30Days', lowest ?? undefined, currency),
  };
}

/** Cheaper by the dozen: only what really is cheaper than fewer pieces. */
function tiersOf({ amount, tiers, currency }: ListingPrice) {
  let least = amount;
  const kept = tiers.filter(([, price]) => {
    const cheaper = price < least;
    if (cheaper) least = price;
    return cheaper;
  });
  if (kept.length === 0) return {};
  return { tiers: kept.map(([minQuantity, price]) => ({ minQuantity, price: { amount: price, currency } })) };
}

const optionalMoney = (name: string, amount: number | undefined, currency: string) =>
  amount === undefined ? {} : { [name]: { amount, currency } };

function priceRange(offered: ListingVariant[], currency: string) {
  const amounts = offered.map((variant) => priceIn(variant, currency).amount);
  return {
    min: { amount: Math.min(...amounts), currency },
    max: { amount: Math.max(...amounts), currency },
  };
}

/** Cards are some 300 pixels wide, and screens are finer than that. */
const THUMBNAIL_WIDTH = 480;

function thumbnailOf(image: ListingImage | undefined): string | null {
  if (!image) return null;
  return (image.renditions.find(({ width }) => width >= THUMBNAIL_WIDTH) ?? image.renditions.at(-1) ?? image).url;
}

function cardText(source: ListingSource, offered: ListingVariant[], currency: string): string {
  return JSON.stringify({
    id: encodeId('product', source.id),
    handle: source.handle,
    title: source.title,
    vendor: source.vendor,
    thumbnail: thumbnailOf(source.images[0]),
    priceRange: priceRange(offered, currency),
    ...cardReduction(offered, currency),
    ...(source.rating && { rating: source.rating }),
  });
}

function detailText(source: ListingSource, offered: ListingVariant[], currency: string): string {
  const head = JSON.stringify({
    id: encodeId('product', source.id),
    handle: source.handle,
    title: source.title,
    descriptionHtml: source.description_html,
    vendor: source.vendor,
    productType: source.product_type,
    tags: source.tags,
    seo: { title: source.seo_title, description: source.seo_description },
    thumbnail: thumbnailOf(source.images[0]),
    images: source.images.map(({ id, url, alt, width, height, renditions }) => ({
      id: encodeId('image', id),
      url,
      alt,
      ...(width !== null && { width, height, renditions }),
    })),
    categories: source.categories
      .filter((category) => category.direct)
      .map(({ id, handle, title }) => ({ id: encodeId('category', id), handle, title })),
    options: source.option_names.map((name, i) => ({
      name,
      values: [...new Set(offered.map((variant) => variant.option_values[i]).filter((value) => value !== undefined))],
    })),
    ...(source.attributes && { attributes: source.attributes }),
    priceRange: priceRange(offered, currency),
    ...cardReduction(offered, currency),
    ...(source.rating && { rating: source.rating }),
    createdAt: source.created_at.toISOString(),
    updatedAt: source.updated_at.toISOString(),
  });
  const variants = offered.map((variant) => {
    const price = priceIn(variant, currency);
    const text = JSON.stringify({
      id: encodeId('variant', variant.id),
      sku: variant.sku,
      barcode: variant.barcode,
      title: variant.title || source.title,
      options: Object.fromEntries(source.option_names.map((name, i) => [name, variant.option_values[i] ?? ''])),
      price: { amount: price.amount, currency },
      ...reduction(price),
      ...tiersOf(price),
      imageId: variant.image_id && encodeId('image', variant.image_id),
      weightGrams: variant.weight_grams,
      requiresShipping: variant.requires_shipping,
      ...(variant.parts && { parts: variant.parts.map((part) => BundlePartView.from(part)) }),
    });
    return `${text.slice(0, -1)}${stockMarkOf(variant)}}`;
  });
  return `${head.slice(0, -1)}${STOCK_MARKS.counted},"variants":[${variants.join(',')}]}`;
}

function stockMarkOf(variant: ListingVariant): string {
  // What can be had of a bundle is counted at reading, whatever its own rules say.
  if (variant.parts) return STOCK_MARKS.counted;
  if (!variant.track_inventory) return STOCK_MARKS.uncounted;
  return variant.allow_backorder ? STOCK_MARKS.backorder : STOCK_MARKS.counted;
}
