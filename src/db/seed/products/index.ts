import type { DemoProduct } from '../demo-product.js';
import { APPAREL } from './apparel.js';
import { BOOKS_STATIONERY } from './books-stationery.js';
import { COFFEE_TEA } from './coffee-tea.js';
import { GIFT_CARDS } from './gift-cards.js';
import { HOME } from './home.js';
import { KITCHEN } from './kitchen.js';
import { OUTDOOR } from './outdoor.js';

/** Everything that the demo shop sells. */
export const DEMO_PRODUCTS: readonly DemoProduct[] = [
  ...APPAREL,
  ...HOME,
  ...KITCHEN,
  ...BOOKS_STATIONERY,
  ...OUTDOOR,
  ...COFFEE_TEA,
  ...GIFT_CARDS,
];
