import { defineError } from '#libs/errors';

export const ProductNotFound = defineError({
  code: 'product_not_found',
  kind: 'not_found',
  title: 'There is no such product',
  help: 'Storefronts see active products that have a price in the currency of X-Currency.',
});
export const VariantNotFound = defineError({
  code: 'variant_not_found',
  kind: 'not_found',
  title: 'The product has no such variant',
});
export const ImageNotFound = defineError({
  code: 'image_not_found',
  kind: 'not_found',
  title: 'The product has no such image',
});
export const CategoryNotFound = defineError({
  code: 'category_not_found',
  kind: 'not_found',
  title: 'There is no such category',
});
export const HandleTaken = defineError({
  code: 'handle_taken',
  kind: 'conflict',
  title: 'This handle is taken',
  help: 'Handles are unique among products, and among categories, archived ones included.',
});
export const VariantExists = defineError({
  code: 'variant_exists',
  kind: 'conflict',
  title: 'The product has a variant with these options',
});
export const ImageExists = defineError({
  code: 'image_exists',
  kind: 'conflict',
  title: 'The product has this image already',
});
export const UnknownCategory = defineError({
  code: 'unknown_category',
  kind: 'unprocessable',
  title: 'A category does not exist',
});
export const CategoryCycle = defineError({
  code: 'category_cycle',
  kind: 'unprocessable',
  title: 'A category cannot lie inside itself',
});
export const CategoryNotEmpty = defineError({
  code: 'category_not_empty',
  kind: 'conflict',
  title: 'The category still has products or categories inside',
  help: '`products` and `children` tell how many. Move them first.',
});
export const VariantNotBundleable = defineError({
  code: 'variant_not_bundleable',
  kind: 'conflict',
  title: 'The variant cannot be a bundle',
  help: '`reason`: `is_part` (of `bundles`: take it out of those first), `has_stock` (`onHand`, `reserved`: a bundle has no stock of its own; count it to 0 or sell it first), `is_gift_card`.',
});
export const NotABundle = defineError({
  code: 'not_a_bundle',
  kind: 'not_found',
  title: 'The variant is no bundle',
});
export const OptionMismatch = defineError({
  code: 'option_mismatch',
  kind: 'unprocessable',
  title: 'The options of a variant do not fit those of its product',
});
export const NotAnImage = defineError({
  code: 'not_an_image',
  kind: 'unprocessable',
  title: 'The file is not a PNG, JPEG, WebP, GIF or AVIF image',
});
export const ImageTooLarge = defineError({
  code: 'image_too_large',
  kind: 'unprocessable',
  title: 'The image has more than 50 megapixels',
});
export const MediaStoreUnavailable = defineError({
  code: 'media_store_unavailable',
  kind: 'unavailable',
  title: 'The store of pictures does not answer',
  help: 'Nothing was kept. Try again in a while; operators find the reason in the log as `media.store_failed`.',
});
export const CollectionNotFound = defineError({
  code: 'collection_not_found',
  kind: 'not_found',
  title: 'There is no such collection',
});
export const CollectionHasRule = defineError({
  code: 'collection_has_rule',
  kind: 'conflict',
  title: 'The collection finds its products by its rule',
  help: 'Take the rule off (`rule: null`) to choose them by hand.',
});
export const SynonymGroupNotFound = defineError({
  code: 'synonym_group_not_found',
  kind: 'not_found',
  title: 'There is no such group of synonyms',
});
export const TooManySynonyms = defineError({
  code: 'too_many_synonyms',
  kind: 'conflict',
  title: 'There are as many groups of synonyms as a shop may have',
  help: 'Put words that mean the same into one group.',
});
export const TranslationNotFound = defineError({
  code: 'translation_not_found',
  kind: 'not_found',
  title: 'There is no translation into this language',
});
export const OptionLabelsRepeated = defineError({
  code: 'option_labels_repeated',
  kind: 'unprocessable',
  title: 'Two options, or two values of one, are called the same',
  help: '`errors` names the second of them. Shoppers could not tell them apart.',
});
export const TooManyVariants = defineError({
  code: 'too_many_variants',
  kind: 'unprocessable',
  title: 'A product holds at most 2000 variants',
  help: 'Archived ones count: orders keep them. One with the same options comes back instead.',
});
export const TooManyImages = defineError({
  code: 'too_many_images',
  kind: 'unprocessable',
  title: 'A product holds at most 250 images',
});
