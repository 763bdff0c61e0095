import { newUuid } from '#libs/ids';
import type { AttributeValues } from './attributes/attribute-values.js';
import {
  optionKeyOf,
  type ProductDraft,
  type SavedProduct,
  type VariantDraft,
  variantTitleOf,
} from './product-draft.js';
import type { StoredProduct, StoredVariant } from './stored-product.js';

type Row<K extends keyof StoredVariant> = Pick<StoredVariant, K>;
type PlainFields = Row<
  | 'position'
  | 'title'
  | 'sku'
  | 'barcode'
  | 'option_values'
  | 'option_key'
  | 'weight_grams'
  | 'requires_shipping'
  | 'taxable'
  | 'tax_class_id'
  | 'shipping_profile_id'
  | 'image_id'
>;
type StockRules = Row<'track_inventory' | 'allow_backorder'>;

/** The rows to write so that the stored product becomes what the draft says. */
export interface ProductChanges {
  any: boolean;
  /** That it would have, where some come to it; 0 where none does. */
  grown: { variants: number; images: number };
  images: { id: string; url: string; alt: string; position: number }[];
  newVariants: (PlainFields & StockRules & { id: string })[];
  changedVariants: (PlainFields & { id: string })[];
  changedStockRules: (StockRules & { id: string })[];
  prices: { variant_id: string; currency: string; amount: number; compare_at: number | null }[];
  /** Variants that were there and change in any way, their prices included. */
  versionedVariants: string[];
  /** It was no gift card before. */
  isMoneyNow: boolean;
  /** Variants that were shipped before and are not now. */
  unshippedIds: string[];
  /** Of when it appears and leaves by itself, what differs; undefined where nothing does. */
  schedule: Pick<ProductDraft, 'publishAt' | 'unpublishAt'> | undefined;
  /** The complete set, when it differs. */
  categoryIds: string[] | undefined;
  variants: SavedProduct['variants'];
}

const same = (a: readonly unknown[], b: readonly unknown[]) => a.length === b.length && a.every((v, i) => v === b[i]);

/** Compares without writing; makes the ids of new images and variants. */
export function compareProduct(stored: StoredProduct, draft: ProductDraft): ProductChanges {
  const images = compareImages(stored, draft);
  const variants = compareVariants(stored, draft, images.idOfUrl);
  const storedCategories = new Set(stored.category_ids);
  const wantedCategories = draft.categoryIds && [...new Set(draft.categoryIds)];
  const categoriesDiffer =
    wantedCategories !== undefined &&
    (wantedCategories.length !== storedCategories.size || wantedCategories.some((id) => !storedCategories.has(id)));
  const schedule = compareSchedule(stored, draft);
  return {
    any:
      productDiffers(stored, draft) ||
      schedule !== undefined ||
      images.changed.length > 0 ||
      variants.newVariants.length > 0 ||
      variants.versionedVariants.length > 0 ||
      categoriesDiffer,
    grown: {
      variants: variants.newVariants.length && variants.count,
      images: images.count > stored.images.length ? images.count : 0,
    },
    images: images.changed,
    ...variants,
    schedule,
    isMoneyNow: draft.giftCard === true && !stored.is_gift_card,
    categoryIds: categoriesDiffer ? wantedCategories : undefined,
  };
}

function productDiffers(stored: StoredProduct, draft: ProductDraft): boolean {
  return (
    stored.title !== draft.title ||
    stored.description_html !== draft.descriptionHtml ||
    stored.vendor !== draft.vendor ||
    stored.product_type !== draft.productType ||
    stored.status !== draft.status ||
    (draft.giftCard !== undefined && stored.is_gift_card !== draft.giftCard) ||
    (draft.attributes !== undefined && !sameValues(stored.attributes, draft.attributes)) ||
    !same(stored.tags, draft.tags) ||
    !same(stored.option_names, draft.optionNames) ||
    (draft.seoTitle !== undefined && stored.seo_title !== draft.seoTitle) ||
    (draft.seoDescription !== undefined && stored.seo_description !== draft.seoDescription)
  );
}

const sameValues = (a: AttributeValues, b: AttributeValues) =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

function compareSchedule(stored: StoredProduct, draft: ProductDraft): ProductChanges['schedule'] {
  // What does not go with the status counts as a change, to be refused, even where it was so before.
  const changed = (before: Date | null, after: Date | null | undefined, isFitting: boolean) =>
    after === undefined || (isFitting && before?.getTime() === after?.getTime()) ? undefined : after;
  const publishAt = changed(stored.publish_at, draft.publishAt, draft.status === 'draft' || !draft.publishAt);
  const unpublishAt = changed(
    stored.unpublish_at,
    draft.unpublishAt,
    draft.status !== 'archived' || !draft.unpublishAt,
  );
  return publishAt === undefined && unpublishAt === undefined ? undefined : { publishAt, unpublishAt };
}

/** The images of the draft first, then those of variants that are not among them, then what was stored. */
function compareImages(stored: StoredProduct, draft: ProductDraft) {
  const byUrl = new Map(stored.images.map((image) => [image.url, image]));
  const wanted = new Map<string, { id: string; url: string; alt: string }>();
  for (const { id, url, alt } of draft.images) {
    if (!wanted.has(url)) wanted.set(url, { id: byUrl.get(url)?.id ?? id ?? newUuid(), url, alt });
  }
  for (const { imageUrl } of draft.variants) {
    if (imageUrl && !wanted.has(imageUrl)) {
      wanted.set(imageUrl, byUrl.get(imageUrl) ?? { id: newUuid(), url: imageUrl, alt: '' });
    }
  }
  for (const image of stored.images) if (!wanted.has(image.url)) wanted.set(image.url, image);
  const ordered = [...wanted.values()].map(({ id, url, alt }, position) => ({ id, url, alt, position }));
  return {
    count: ordered.length,
    idOfUrl: new Map(ordered.map((image) => [image.url, image.id])),
    changed: ordered.filter(({ url, alt, position }) => {
      const before = byUrl.get(url);
      return before?.alt !== alt || before.position !== position;
    }),
  };
}

function compareVariants(stored: StoredProduct, draft: ProductDraft, imageIds: Map<string, string>) {
  const byKey = new Map(stored.variants.map((variant) => [variant.option_key, variant]));
  const changes = {
    newVariants: [] as ProductChanges['newVariants'],
    changedVariants: [] as ProductChanges['changedVariants'],
    changedStockRules: [] as ProductChanges['changedStockRules'],
    prices: [] as ProductChanges['prices'],
    variants: [] as ProductChanges['variants'],
    unshippedIds: [] as string[],
  };
  const versioned = new Set<string>();
  draft.variants.forEach((wanted, position) => {
    const optionKey = optionKeyOf(wanted.optionValues);
    const before = byKey.get(optionKey);
    byKey.delete(optionKey);
    const id = before?.id ?? wanted.id ?? newUuid();
    const plain = plainFields(wanted, position, before, imageIds);
    const rules = { track_inventory: wanted.trackInventory, allow_backorder: wanted.allowBackorder };
    if (!before) {
      changes.newVariants.push({ id, ...plain, ...rules });
    } else {
      if (before.requires_shipping && !plain.requires_shipping) changes.unshippedIds.push(id);
      if (differs(before, plain)) {
        changes.changedVariants.push({ id, ...plain });
        versioned.add(id);
      }
      if (differs(before, rules)) {
        changes.changedStockRules.push({ id, ...rules });
        versioned.add(id);
      }
    }
    for (const price of wanted.prices) {
      const old = before?.prices.find((p) => p.currency === price.currency);
      if (old?.amount === price.amount && old.compare_at === price.compareAt) continue;
      changes.prices.push({
        variant_id: id,
        currency: price.currency,
        amount: price.amount,
        compare_at: price.compareAt,
      });
      if (before) versioned.add(id);
    }
    changes.variants.push({ id, optionKey, created: !before });
  });
  // What the draft does not name keeps its order behind what it names.
  let position = draft.variants.length;
  for (const kept of byKey.values()) {
    if (kept.position !== position) {
      changes.changedVariants.push({ ...kept, position });
      versioned.add(kept.id);
    }
    position += 1;
  }
  return { ...changes, count: position, versionedVariants: [...versioned].sort() };
}

function plainFields(
  wanted: VariantDraft,
  position: number,
  before: StoredVariant | undefined,
  imageIds: Map<string, string>,
): PlainFields {
  return {
    position,
    title: variantTitleOf(wanted.optionValues),
    sku: wanted.sku,
    barcode: wanted.barcode,
    option_values: wanted.optionValues,
    option_key: optionKeyOf(wanted.optionValues),
    weight_grams: wanted.weightGrams,
    requires_shipping: wanted.requiresShipping,
    taxable: wanted.taxable,
    tax_class_id: wanted.taxClassId === undefined ? (before?.tax_class_id ?? null) : wanted.taxClassId,
    shipping_profile_id:
      wanted.shippingProfileId === undefined ? (before?.shipping_profile_id ?? null) : wanted.shippingProfileId,
    image_id:
      wanted.imageUrl === undefined
        ? (before?.image_id ?? null)
        : wanted.imageUrl === null
          ? null
          : imageIds.get(wanted.imageUrl)!,
  };
}

function differs(before: StoredVariant, wanted: Partial<StoredVariant>): boolean {
  return Object.entries(wanted).some(([name, value]) => {
    const old = before[name as keyof StoredVariant];
    return Array.isArray(value) && Array.isArray(old) ? !same(value, old) : value !== old;
  });
}
