import { currencyExponent } from '#libs/money';
import type { ProductDraft, VariantDraft } from '../../modules/catalog/index.js';
import type { DemoProduct } from './demo-product.js';
import { inMarket, MARKETS } from './price-rules.js';
import { OPENED_AT_MS, seedUuid } from './seed-ids.js';

const HOUR_MS = 60 * 60 * 1000;

/** Where the picture of a demo product is served. */
export function pictureUrl(handle: string): string {
  return `/media/demo/${handle}.svg`;
}

/** Hundredths as minor units of any currency: 14.50 becomes 14.50 USD, 1,450 JPY or 14.500 KWD. */
export function scaled(hundredths: number, currency: string): number {
  return hundredths * 10 ** Math.max(currencyExponent(currency) - 2, 0);
}

/** The demo product as the catalog takes it; `index` spreads the products over the first weeks of the shop. */
export function draftOf(product: DemoProduct, index: number, currency: string): ProductDraft {
  const url = pictureUrl(product.handle);
  return {
    id: seedUuid('product', product.handle),
    handle: product.handle,
    title: product.title,
    descriptionHtml: product.description.map((sentence) => `<p>${sentence}</p>`).join(''),
    vendor: product.vendor,
    productType: product.type,
    tags: product.tags,
    status: 'active',
    giftCard: product.giftCard ?? false,
    optionNames: product.options?.map((option) => option.name) ?? [],
    seoTitle: null,
    seoDescription: null,
    categoryIds: [seedUuid('category', product.category)],
    images: [{ id: seedUuid('image', product.handle), url, alt: product.title }],
    variants: combinationsOf(product).map((values) => variantOf(product, values, currency)),
    createdAt: new Date(OPENED_AT_MS + index * 7 * HOUR_MS),
  };
}

/** On-hand stock of each variant in the order of the draft; null where stock is not tracked. */
export function stockOf(product: DemoProduct): (number | null)[] {
  return combinationsOf(product).map((values) => special(product, values)?.stock ?? product.stock);
}

function combinationsOf(product: DemoProduct): string[][] {
  return (product.options ?? []).reduce<string[][]>(
    (combinations, { values }) => combinations.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  );
}

function special(product: DemoProduct, values: string[]) {
  return product.variants?.[values.join('/')];
}

function variantOf(product: DemoProduct, values: string[], currency: string): VariantDraft {
  const own = special(product, values);
  const was = own?.was ?? (own?.price === undefined ? product.was : undefined);
  const name = [product.handle, ...values].join('/');
  return {
    id: seedUuid('variant', name),
    optionValues: values,
    sku: skuOf(product.handle, values),
    barcode: null,
    weightGrams: product.grams,
    requiresShipping: !product.digital && !product.giftCard,
    taxable: !product.giftCard,
    trackInventory: product.stock !== null,
    allowBackorder: product.backorder ?? false,
    prices: [
      {
        currency,
        amount: scaled(own?.price ?? product.price, currency),
        compareAt: was === undefined ? null : scaled(was, currency),
      },
      ...MARKETS.filter((market) => market.currency !== currency).map((market) => ({
        currency: market.currency,
        amount: scaled(inMarket(own?.price ?? product.price, market), market.currency),
        compareAt: was === undefined ? null : scaled(inMarket(was, market), market.currency),
      })),
    ],
  };
}

/** `organic-cotton-tee` in Moss and XL is `OCT-MOSS-XL`. */
function skuOf(handle: string, values: string[]): string {
  const initials = handle.split('-').map((word) => word[0]);
  return [initials.join(''), ...values.map((value) => value.replace(/[^A-Za-z0-9]/g, ''))].join('-').toUpperCase();
}
