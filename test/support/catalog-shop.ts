import type { Db } from '#libs/database';
import { newUuid } from '#libs/ids';
import { ProductListings, ProductWriter, type ProductDraft } from '../../src/modules/catalog/index.js';
import { ensureSettings } from '../../src/modules/settings/index.js';

export const CATEGORIES = {
  home: newUuid(),
  kitchen: newUuid(),
  bath: newUuid(),
  clothing: newUuid(),
};

const MATERIALS = ['Ceramic', 'Wooden', 'Linen', 'Copper', 'Crème', 'Glass'];
const THINGS = ['Mug', 'Blanket', 'Candle', 'Shirt', 'Teapot'];
const COLORS = ['Red', 'Blue', 'Green'];
const VENDORS = ['Northwind', 'Holm & Co', 'Juniper'];
export const SHOP_SIZE = 60;

/** The n-th product of the test shop: many share a price, a vendor and a moment of creation, as sorting must bear. */
export function draftNumber(n: number): ProductDraft {
  const thing = THINGS[n % THINGS.length]!;
  return {
    handle: `product-${n}`,
    title: `${MATERIALS[n % MATERIALS.length]} ${thing} ${Math.floor(n / 10)}`,
    descriptionHtml: `<p>Made with <b>care</b>, number ${n}.</p>`,
    vendor: VENDORS[n % VENDORS.length]!,
    productType: thing,
    tags: n % 2 === 0 ? ['gift'] : [],
    status: 'active',
    optionNames: ['Color', 'Size'],
    categoryIds: [[CATEGORIES.kitchen, CATEGORIES.bath, CATEGORIES.clothing][n % 3]!],
    images: [{ url: `https://images.example.com/${n}.jpg`, alt: '' }],
    variants: [0, 1].map((k) => ({
      optionValues: [COLORS[(n + k) % COLORS.length]!, k === 0 ? 'M' : 'L'],
      sku: `SKU-${n}-${k}`,
      barcode: null,
      weightGrams: 100,
      requiresShipping: true,
      taxable: true,
      // Every fourth product is counted and has nothing in stock.
      trackInventory: n % 4 === 0,
      allowBackorder: false,
      prices: [
        { currency: 'USD', amount: 500 + (n % 7) * 300 + k * 100, compareAt: n % 5 === 0 ? 9900 : null },
        ...(n % 2 === 0 ? [{ currency: 'EUR', amount: 400 + n, compareAt: null }] : []),
      ],
    })),
    createdAt: new Date(Date.UTC(2026, 0, 1 + Math.floor(n / 8))),
  };
}

/** Fills an empty database with settings, a tree of categories and sixty products. */
export async function fillCatalog(db: Db): Promise<void> {
  await ensureSettings(db, {
    currency: 'USD',
    manualPayments: true,
    admin: { email: 'owner@example.com', password: null },
  });
  const tree: [keyof typeof CATEGORIES, string | null][] = [
    ['home', null],
    ['kitchen', CATEGORIES.home],
    ['bath', CATEGORIES.home],
    ['clothing', null],
  ];
  for (const [position, [name, parent]] of tree.entries()) {
    await db.query('INSERT INTO categories (id, parent_id, handle, title, position) VALUES ($1, $2, $3, $4, $5)', [
      CATEGORIES[name],
      parent,
      name,
      name[0]!.toUpperCase() + name.slice(1),
      position,
    ]);
  }
  await save(
    db,
    Array.from({ length: SHOP_SIZE }, (_, n) => draftNumber(n)),
  );
}

/** Saves products and shows them, as an import does. */
export async function save(db: Db, drafts: ProductDraft[]) {
  const writer = new ProductWriter();
  const listings = new ProductListings();
  return db.transaction(async (tx) => {
    const saved = await writer.saveAll(tx, drafts);
    await listings.refresh(
      tx,
      saved.map((product) => product.productId),
    );
    return saved;
  });
}
