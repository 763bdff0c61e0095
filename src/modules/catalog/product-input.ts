import { type FieldError, ValidationFailed } from '#libs/errors';
import { decodeId } from '#libs/ids';
import { OptionMismatch } from './catalog.errors.js';
import type { CreateProductRequest, CreateVariantRequest, VariantPriceInput } from './dto/product.request.js';
import { localMediaUrl } from './media-url.js';
import type { ProductDraft, VariantDraft } from './product-draft.js';

const invalid = (pointer: string, code: string, detail: string) => {
  const error: FieldError = { pointer, code, detail };
  return ValidationFailed({ detail: `${pointer} ${detail}.`, errors: [error] });
};

/** The uuids of category ids. @throws ValidationFailed naming the one that is none */
export function categoryUuids(ids: readonly string[]): string[] {
  return ids.map((id, i) => {
    const uuid = decodeId('category', id);
    if (uuid === null) throw invalid(`/categoryIds/${i}`, 'invalid_id', 'must be an id that begins with cat_');
    return uuid;
  });
}

/** Names of options are unique whatever their case, and hold no `=`, which separates them from values in filters. */
export function assertOptionNames(names: readonly string[]): void {
  names.forEach((name, i) => {
    if (name.includes('=') || name.trim() === '')
      throw invalid(`/options/${i}`, 'invalid_item', 'must be a name without =');
  });
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    throw invalid('/options', 'repeated', 'must differ from each other');
  }
}

/** The option values of a variant in the order of the options. @throws OptionMismatch when they do not fit */
export function optionValuesOf(
  options: Record<string, string> | undefined,
  names: readonly string[],
  pointer: string,
): string[] {
  const given = options ?? {};
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  const missing = names.find((name) => given[name] === undefined);
  if (unknown === undefined && missing === undefined) return names.map((name) => given[name]!.trim());
  const detail = unknown === undefined ? `needs a value for ${missing}` : `the product has no option ${unknown}`;
  throw OptionMismatch({ detail: `${pointer}: ${detail}.`, errors: [{ pointer, code: 'option_mismatch', detail }] });
}

/** One price for each currency. */
export function assertPrices(prices: readonly VariantPriceInput[], pointer: string): void {
  const currencies = prices.map((price) => price.currency);
  if (new Set(currencies).size < currencies.length)
    throw invalid(pointer, 'repeated', 'has two prices in one currency');
}

/** @param isGiftCard a gift card is always there, ships nothing and is not taxed, unless somebody says otherwise */
export function variantDraft(
  request: CreateVariantRequest,
  optionNames: readonly string[],
  pointer: string,
  isGiftCard: boolean,
): VariantDraft {
  const prices = request.prices ?? [];
  assertPrices(prices, `${pointer}/prices`);
  return {
    optionValues: optionValuesOf(request.options, optionNames, `${pointer}/options`),
    sku: request.sku ?? null,
    barcode: request.barcode ?? null,
    weightGrams: request.weightGrams ?? 0,
    requiresShipping: request.requiresShipping ?? !isGiftCard,
    shippingProfileId: request.shippingProfileId ?? null,
    taxable: request.taxable ?? !isGiftCard,
    taxClassId: request.taxClassId ?? null,
    trackInventory: request.trackInventory ?? !isGiftCard,
    allowBackorder: request.allowBackorder ?? false,
    prices: prices.map(({ currency, amount, compareAt }) => ({ currency, amount, compareAt: compareAt ?? null })),
  };
}

/** The draft of a new product. */
export function productDraft(request: CreateProductRequest, handle: string, publicUrl: string): ProductDraft {
  const optionNames = request.options ?? [];
  assertOptionNames(optionNames);
  request.variants?.forEach((variant, i) => {
    if (variant.imageId) throw invalid(`/variants/${i}/imageId`, 'not_allowed', 'belongs to no image of this product');
  });
  return {
    handle,
    title: request.title.trim(),
    descriptionHtml: request.descriptionHtml ?? '',
    vendor: request.vendor?.trim() ?? '',
    productType: request.productType?.trim() ?? '',
    tags: request.tags ?? [],
    status: request.status ?? 'draft',
    giftCard: request.giftCard ?? false,
    optionNames,
    seoTitle: request.seo?.title ?? null,
    seoDescription: request.seo?.description ?? null,
    categoryIds: categoryUuids(request.categoryIds ?? []),
    images: (request.images ?? []).map(({ url, alt }) => ({ url: localMediaUrl(url, publicUrl), alt: alt ?? '' })),
    variants: (request.variants ?? []).map((variant, i) =>
      variantDraft(variant, optionNames, `/variants/${i}`, request.giftCard ?? false),
    ),
  };
}
