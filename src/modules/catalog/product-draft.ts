import type { AttributeValues } from './attributes/attribute-values.js';

/** A product as somebody wants it to be: what an import, a seed or a new product of an admin hands to ProductWriter. */
export interface ProductDraft {
  /** Fixed uuid for seeds; made when left out. Ignored when a product with this handle exists. */
  id?: string;
  /** The key: a product with this handle is changed, otherwise one is made. */
  handle: string;
  title: string;
  /** Sanitized by ProductWriter. */
  descriptionHtml: string;
  vendor: string;
  productType: string;
  tags: string[];
  status: 'draft' | 'active' | 'archived';
  /** Money in another form: each piece that is sold becomes a gift card. undefined leaves what is stored. */
  giftCard?: boolean;
  /** At most three, in the order of the option values of the variants. */
  optionNames: string[];
  /** undefined leaves what is stored. */
  seoTitle?: string | null;
  seoDescription?: string | null;
  /** All of them, by the key of the attribute; undefined leaves what is stored. */
  attributes?: AttributeValues;
  /** When a draft becomes active by itself; undefined leaves what is stored. */
  publishAt?: Date | null;
  /** When it becomes a draft again by itself; undefined leaves what is stored. */
  unpublishAt?: Date | null;
  /** uuids; undefined leaves what is stored. */
  categoryIds?: string[];
  /** In their order. Images that are stored but not in the draft are kept behind these. */
  images: { id?: string; url: string; alt: string }[];
  /** In their order. Variants that are stored but not in the draft are kept behind these. */
  variants: VariantDraft[];
  /** Of a new product only. */
  createdAt?: Date;
}

/** Of one product, archived ones too: each look of staff at the product reads them all. */
export const MAX_VARIANTS = 2_000;
/** Of one product. */
export const MAX_IMAGES = 250;

/** One sellable combination of option values. */
export interface VariantDraft {
  /** Fixed uuid for seeds. Ignored when the product has a variant with these option values. */
  id?: string;
  optionValues: string[];
  sku: string | null;
  barcode: string | null;
  weightGrams: number;
  requiresShipping: boolean;
  taxable: boolean;
  /** uuid; null is the standard rate, undefined leaves what is stored. */
  taxClassId?: string | null;
  /** uuid; null is the default profile, undefined leaves what is stored. */
  shippingProfileId?: string | null;
  /** false = always sellable. */
  trackInventory: boolean;
  allowBackorder: boolean;
  /** One of the product's images; added to them when it is not among them. */
  imageUrl?: string | null;
  /** Minor units. Prices in other currencies stay. */
  prices: { currency: string; amount: number; compareAt: number | null }[];
}

/** What ProductWriter did with a draft. */
export interface SavedProduct {
  outcome: 'created' | 'updated' | 'unchanged';
  productId: string;
  /** The variants of the draft, in its order. */
  variants: { id: string; optionKey: string; created: boolean }[];
}

/** What makes a variant unique within its product: its option values in lower case, joined by U+001F. */
export function optionKeyOf(optionValues: readonly string[]): string {
  return optionValues.map((value) => value.toLowerCase()).join('\u001f');
}

/** What a variant is called beside its product: `M / Red`; empty when the product has no options. */
export function variantTitleOf(optionValues: readonly string[]): string {
  return optionValues.join(' / ');
}
