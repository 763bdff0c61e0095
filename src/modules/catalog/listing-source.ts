import type { BundlePartRow } from './bundles/bundle-sql.js';
import type { AttributeValue } from './attributes/attribute-values.js';
import type { Rendition } from './entities/product-image.entity.js';
import type { Texts } from './translations/texts.js';

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
  categories: {
    id: string;
    handle: string;
    title: string;
    direct: boolean;
    /** Of translated ones, by language. */
    titles: Record<string, string> | null;
  }[];
  /** By language; null where nothing is translated. */
  translations: Record<string, Texts> | null;
}

export interface ListingImage {
  id: string;
  url: string;
  alt: string;
  /** pixels; null while unknown */
  width: number | null;
  height: number | null;
  /** Smaller versions, the smallest first. */
  renditions: Rendition[];
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
  /** What a bundle is made of; null for what is none. */
  parts: BundlePartRow[] | null;
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
