export { CatalogModule } from './catalog.module.js';
export { ProductWriter } from './product-writer.service.js';
export { ProductNotFound } from './catalog.errors.js';
export { ProductLookup } from './product-lookup.service.js';
export { ProductSales, type Sold } from './product-sales.service.js';
export { ProductListings, SELLABLE_SQL } from './product-listings.service.js';
export {
  MAX_IMAGES,
  MAX_VARIANTS,
  optionKeyOf,
  variantTitleOf,
  type ProductDraft,
  type VariantDraft,
  type SavedProduct,
} from './product-draft.js';
export { EditBundle } from './bundles/edit-bundle.service.js';
export type { CollectionRule } from './collections/collection-rules.js';
export { sanitizeDescription } from './description.js';
export { listKeyOf, priceKeyOf, type PriceListOfFile, type PriceListRow } from './price-lists/price-list-row.js';
export { PriceLists } from './price-lists/price-lists.service.js';
export { SavePriceLists } from './price-lists/save-price-lists.service.js';
export { offersSql, type OfferScope, unitPriceSql } from './price-lists/offers-sql.js';
export { fullMediaUrl, localMediaUrl, THUMBNAIL_SQL } from './media-url.js';
