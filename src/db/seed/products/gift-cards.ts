import type { DemoProduct } from '../demo-product.js';

/** Money in advance. */
export const GIFT_CARDS: DemoProduct[] = [
  {
    handle: 'emporium-gift-card',
    title: 'Gift Card',
    category: 'stationery',
    type: 'Gift Card',
    vendor: 'Emporium',
    tags: ['gift'],
    motif: 'card',
    description: [
      'For somebody who likes to choose. The code comes by e-mail and pays for anything here but another gift card.',
      'What is not spent stays on it.',
    ],
    price: 2500,
    grams: 0,
    stock: null,
    giftCard: true,
    options: [{ name: 'Card', values: ['Small', 'Medium', 'Large'] }],
    variants: { Medium: { price: 5000 }, Large: { price: 10_000 } },
  },
];
