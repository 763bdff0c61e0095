export { CatalogModule } from './catalog.module.js';
export { ProductWriter } from './product-writer.service.js';
export { ProductListings } from './product-listings.service.js';
export {
  optionKeyOf,
  variantTitleOf,
  type ProductDraft,
  type VariantDraft,
  type SavedProduct,
} from './product-draft.js';
export { sanitizeDescription } from './description.js';
export { fullMediaUrl } from './media-url.js';
