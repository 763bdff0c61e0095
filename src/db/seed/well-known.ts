import { encodeId } from '#libs/ids';
import { seedUuid } from './seed-ids.js';

/** The handle of the product that examples buy: one variant, more stock than examples can use up. */
export const WELL_KNOWN_HANDLE = 'house-blend-coffee';

/** The handle of the book that is a file. */
const DIGITAL_HANDLE = 'pattern-drafting-ebook';

/** The handle of the set that is made of a dripper and two bags of coffee. */
export const BUNDLE_HANDLE = 'pour-over-starter-set';

/** Things that exist in every demo shop, by the ids that clients use: for the examples of the documentation. */
export const WELL_KNOWN = {
  productHandle: WELL_KNOWN_HANDLE,
  productId: encodeId('product', seedUuid('product', WELL_KNOWN_HANDLE)),
  /** Its only variant. */
  variantId: encodeId('variant', seedUuid('variant', WELL_KNOWN_HANDLE)),
  imageId: encodeId('image', seedUuid('image', WELL_KNOWN_HANDLE)),
  /** Another product with one variant and ample stock. */
  secondProductHandle: 'pour-over-dripper',
  secondProductId: encodeId('product', seedUuid('product', 'pour-over-dripper')),
  secondVariantId: encodeId('variant', seedUuid('variant', 'pour-over-dripper')),
  /** A product with the options Color and Size. */
  optionProductHandle: 'organic-cotton-tee',
  optionProductId: encodeId('product', seedUuid('product', 'organic-cotton-tee')),
  optionVariantId: encodeId('variant', seedUuid('variant', 'organic-cotton-tee/White/S')),
  /** Of the card with money on it, for whoever tries to pay with one. */
  giftCardId: encodeId('giftCard', seedUuid('gift card', 'demo')),
  giftCardCode: 'DEMO-GIFT-CARD-2026',
  /** A gift card that is sold. */
  giftCardVariantId: encodeId('variant', seedUuid('variant', 'emporium-gift-card/Small')),
  /** A book that is a file. */
  digitalProductHandle: DIGITAL_HANDLE,
  digitalProductId: encodeId('product', seedUuid('product', DIGITAL_HANDLE)),
  digitalVariantId: encodeId('variant', seedUuid('variant', DIGITAL_HANDLE)),
  /** A bundle of the two above. */
  bundleProductHandle: BUNDLE_HANDLE,
  bundleProductId: encodeId('product', seedUuid('product', BUNDLE_HANDLE)),
  bundleVariantId: encodeId('variant', seedUuid('variant', BUNDLE_HANDLE)),
  categoryHandle: 'coffee',
  categoryId: encodeId('category', seedUuid('category', 'coffee')),
  parentCategoryHandle: 'coffee-tea',
  parentCategoryId: encodeId('category', seedUuid('category', 'coffee-tea')),
  /** A collection by hand, with the coffee in it. */
  collectionHandle: 'bestsellers',
  collectionId: encodeId('collection', seedUuid('collection', 'bestsellers')),
  /** `roast`, which the coffee has. */
  attributeId: encodeId('attribute', seedUuid('attribute', 'roast')),
  /** Mugs, cups and beakers. */
  synonymGroupId: encodeId('synonymGroup', seedUuid('synonymGroup', 'mugs')),
  /** A review that waits for staff. */
  reviewId: encodeId('review', seedUuid('review', 'pour-over-dripper/Maya R.')),
  /** United States. */
  shippingZoneId: encodeId('shippingZone', seedUuid('zone', 'us')),
  /** Standard, in the United States. */
  shippingMethodId: encodeId('shippingMethod', seedUuid('method', 'us/standard')),
  expressShippingMethodId: encodeId('shippingMethod', seedUuid('method', 'us/express')),
  /** Bulky goods. */
  taxClassId: encodeId('taxClass', seedUuid('taxClass', 'books')),
  /** United Kingdom. */
  marketId: encodeId('market', seedUuid('market', 'uk')),
  /** The sale of the demo shop. */
  priceListId: encodeId('priceList', seedUuid('priceList', 'sale')),
  /** Mary Somerville, who gets the prices of trade customers. */
  customerId: encodeId('customer', seedUuid('customer', 'mary.somerville@example.com')),
  customerGroupId: encodeId('customerGroup', seedUuid('customerGroup', 'trade')),
  shippingProfileId: encodeId('shippingProfile', seedUuid('profile', 'bulky')),
  /** United Kingdom. */
  taxRateId: encodeId('taxRate', seedUuid('tax', 'GB')),
  /** `WELCOME10`. */
  promotionId: encodeId('promotion', seedUuid('promotion', 'welcome')),
  promotionCode: 'WELCOME10',
  locationId: encodeId('location', '01920000-0000-7000-8000-000000000001'),
} as const;
