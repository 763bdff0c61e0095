import type { Motif } from './pictures/motifs.js';

/** One product of the demo shop. Amounts are in hundredths, converted to the shop's currency when they are seeded. */
export interface DemoProduct {
  handle: string;
  title: string;
  category: string;
  type: string;
  vendor: string;
  tags: string[];
  motif: Motif;
  description: string[];
  price: number;
  /** What it cost before. */
  was?: number;
  grams: number;
  /** On hand, of each variant; null is not tracked. */
  stock: number | null;
  backorder?: boolean;
  digital?: boolean;
  giftCard?: boolean;
  /** What it is made of: handles of products with one variant each; then its stock is 0. */
  parts?: { handle: string; quantity: number }[];
  options?: { name: string; values: string[] }[];
  /** What differs for some combinations, by their values joined with `/`. */
  variants?: Record<string, { price?: number; was?: number; stock?: number }>;
}
