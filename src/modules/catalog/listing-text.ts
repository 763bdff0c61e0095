import { encodeId } from '#libs/ids';
import { attributeFilter, type AttributeValue } from './attributes/attribute-values.js';
import { plainText } from './description.js';
import { fold, vocabularyOf, wordsOf } from './search-words.js';

/** Everything about one product that its rows of the read model are made of. */
export interface ListingSource {
  id: string;
  handle: string;
  title: string;
  description_html: string;
  vendor: string;
  product_type: string;
  tags: string[];
  option_names: string[];
  seo_title: string | null;
  seo_description: string | null;
  /** In the order in which they are shown; null without any. */
  attributes: { key: string; label: string; value: AttributeValue }[] | null;
  created_at: Date;
  updated_at: Date;
  /** Stars of the published reviews, to one decimal; null without any. */
  rating: { average: number; count: number } | null;
  images: ListingImage[];
  /** Active ones, in their order. */
  variants: ListingVariant[];
  /** Those that it was put into by hand. */
  collection_ids: string[];
  /** Direct ones first, then their ancestors. */
  categories: { id: string; handle: string; title: string; direct: boolean }[];
}

export interface ListingImage {
  id: string;
  url: string;
  alt: string;
  /** pixels; null while unknown */
  width: number | null;
  height: number | null;
  /** Smaller versions, the smallest first. */
  renditions: { width: number; url: string }[];
}

export interface ListingVariant {
  id: string;
  title: string;
  sku: string | null;
  barcode: string | null;
  option_values: string[];
  weight_grams: number;
  requires_shipping: boolean;
  image_id: string | null;
  track_inventory: boolean;
  allow_backorder: boolean;
  sellable: boolean;
  prices: ListingPrice[];
}

/** What everybody pays for a variant. */
export interface ListingPrice {
  currency: string;
  amount: number;
  /** What it is reduced from; null where it is not. */
  compare_at: number | null;
  /** The lowest price of the 30 days before the reduction. */
  lowest: number | null;
  /** Prices from so many pieces on, the fewest first. */
  tiers: [minQuantity: number, amount: number][];
}

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
  detail: string;
}

/**
 * Mark in the detail JSON where stock is filled in at reading: white space to JSON, which cannot stand bare inside its
 * strings. The first mark belongs to the product, the others to its variants in their order; what sort of mark it is tells
 * how the variant's stock counts.
 */
export const STOCK_MARKS = { counted: '\t', uncounted: '\n', backorder: '\r' } as const;

const MAX_DESCRIPTION_WORDS = 3_000;

/** The rows of one product, one for each currency in which an active variant has a price; none when there is none. */
export function listingRows(source: ListingSource): ListingRows[] {
  const currencies = [...new Set(source.variants.flatMap((variant) => variant.prices.map((p) => p.currency)))].sort();
  if (currencies.length === 0) return [];
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
    ...searchTexts(source),
  };
  return currencies.map((currency) => {
    const offered = source.variants.filter((variant) => variant.prices.some((p) => p.currency === currency));
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
      },
      page: {
        product_id: source.id,
        currency,
        handle: source.handle,
        variant_ids: offered.map((variant) => variant.id),
        detail: detailText(source, offered, currency),
      },
    };
  });
}

/** Name and value of an option as filters know them: `color=red`. */
export function optionFilter(name: string, value: string): string {
  return `${name.toLowerCase()}=${value.toLowerCase()}`;
}

/** The words of the products for typo tolerance. */
export function vocabulary(sources: readonly ListingSource[]): string[] {
  const words = new Set<string>();
  for (const source of sources) {
    const texts = [source.title, source.vendor, source.product_type, ...source.tags];
    for (const word of vocabularyOf([...texts, ...source.categories.map((c) => c.title)])) words.add(word);
  }
  return [...words];
}

function searchTexts(source: ListingSource): Pick<ListingRow, 'a' | 'b' | 'c' | 'd'> {
  const text = (parts: readonly (string | null)[]) => wordsOf(parts.filter(Boolean).join(' ')).join(' ');
  const skus = source.variants.map((variant) => variant.sku);
  const said = (source.attributes ?? []).flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
  return {
    a: text([source.title]),
    b: text([source.vendor, source.product_type, ...source.categories.map((c) => c.title), ...skus]),
    c: text([...source.tags, ...said, ...new Set(source.variants.flatMap((variant) => variant.option_values))]),
    d: wordsOf(plainText(source.description_html)).slice(0, MAX_DESCRIPTION_WORDS).join(' '),
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
    });
    return `${text.slice(0, -1)}${stockMarkOf(variant)}}`;
  });
  return `${head.slice(0, -1)}${STOCK_MARKS.counted},"variants":[${variants.join(',')}]}`;
}

function stockMarkOf(variant: ListingVariant): string {
  if (!variant.track_inventory) return STOCK_MARKS.uncounted;
  return variant.allow_backorder ? STOCK_MARKS.backorder : STOCK_MARKS.counted;
}
