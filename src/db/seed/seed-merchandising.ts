import type { Tx } from '#libs/database';
import type { CollectionRule } from '../../modules/catalog/index.js';
import { seedUuid } from './seed-ids.js';

interface DemoCollection {
  handle: string;
  title: string;
  description: string;
  sort: string;
  rule?: CollectionRule;
  /** handles, in their order */
  products?: readonly string[];
}

/** One by hand, one that finds its products by itself. */
const collectionsOf = (currency: string, amount: (hundredths: number) => number): DemoCollection[] => [
  {
    handle: 'bestsellers',
    title: 'Bestsellers',
    description: '<p>What most people come back for.</p>',
    sort: 'position',
    products: [
      'house-blend-coffee',
      'pour-over-dripper',
      'organic-cotton-tee',
      'stoneware-mug',
      'cast-iron-skillet',
      'wool-throw-blanket',
    ],
  },
  {
    handle: 'gifts-under-30',
    title: 'Gifts under 30',
    description: '<p>Small things that make somebody’s day.</p>',
    sort: 'price',
    rule: {
      match: 'all',
      conditions: [
        { field: 'price', operator: 'lte', value: String(amount(3000)), currency },
        { field: 'price', operator: 'gte', value: String(amount(800)), currency },
      ],
    },
  },
];

/** What this shop says of its goods beyond what every shop says, and of which goods. */
const ATTRIBUTES = [
  {
    key: 'roast', label: 'Roast', type: 'choice', choices: ['Light', 'Medium', 'Dark'],
    values: { 'house-blend-coffee': 'Medium' },
  },
  {
    key: 'capacity_ml', label: 'Capacity (ml)', type: 'number', choices: [],
    values: { 'stoneware-mug': 350, 'pour-over-dripper': 600 },
  },
] as const; // prettier-ignore
/** What shoppers call by another name. */
const SYNONYMS = [
  { key: 'mugs', terms: ['mug', 'cup', 'beaker'], targets: [] },
  { key: 'gifts', terms: ['gift card'], targets: ['e-book'] },
] as const;

/** What people say of the demo's goods; the third waits for staff to look at it. */
const REVIEWS = [
  { product: 'house-blend-coffee', author: 'Maya R.', rating: 5, title: 'Better than my café', body: 'Round and sweet, also as a filter coffee.', status: 'published' },
  { product: 'house-blend-coffee', author: 'Tomás', rating: 4, title: 'Good every day', body: 'Fresh on arrival. I would like a larger bag.', status: 'published' },
  { product: 'pour-over-dripper', author: 'Maya R.', rating: 5, title: '', body: 'Does what it should, and is easy to clean.', status: 'pending' },
] as const; // prettier-ignore

/**
 * Collections and reviews of the demo shop. Its products exist already; their rows of the read model are written after it.
 * @param amount what an amount in hundredths is in the minor units of `currency`
 */
export async function seedMerchandising(
  tx: Tx,
  currency: string,
  amount: (hundredths: number) => number,
): Promise<void> {
  for (const [position, { key, label, type, choices, values }] of ATTRIBUTES.entries()) {
    await tx.query(
      `INSERT INTO attribute_definitions (id, key, label, type, choices, position) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [seedUuid('attribute', key), key, label, type, choices, position],
    );
    await tx.query(
      `UPDATE products p SET attributes = p.attributes || jsonb_build_object($1::text, w.value)
       FROM jsonb_each($2) AS w WHERE p.handle = w.key`,
      [key, JSON.stringify(values)],
    );
  }
  await tx.query(
    `INSERT INTO product_relations (product_id, related_id, position)
     SELECT p.id, r.id, 0 FROM products p, products r WHERE p.handle = 'house-blend-coffee' AND r.handle = 'pour-over-dripper'
     ON CONFLICT DO NOTHING`,
  );
  for (const collection of collectionsOf(currency, amount)) {
    const id = seedUuid('collection', collection.handle);
    await tx.query(
      `INSERT INTO collections (id, handle, title, description_html, sort, rule) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [
        id,
        collection.handle,
        collection.title,
        collection.description,
        collection.sort,
        collection.rule ? JSON.stringify(collection.rule) : null,
      ],
    );
    await tx.query(
      `INSERT INTO collection_products (collection_id, product_id, position)
       SELECT $1, p.id, w.n - 1 FROM unnest($2::text[]) WITH ORDINALITY AS w (handle, n) JOIN products p USING (handle)
       ON CONFLICT DO NOTHING`,
      [id, collection.products ?? []],
    );
  }
  for (const { key, terms, targets } of SYNONYMS) {
    await tx.query(`INSERT INTO synonym_groups (id, terms, targets) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
      seedUuid('synonymGroup', key),
      terms,
      targets,
    ]);
  }
  for (const review of REVIEWS) {
    // Somebody whom nobody can sign in as, and to whom no mail can go.
    const customerId = seedUuid('customer', review.author);
    await tx.query(`INSERT INTO customers (id, email, first_name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, [
      customerId,
      `${customerId}@customer.invalid`,
      review.author,
    ]);
    await tx.query(
      `INSERT INTO reviews (id, product_id, customer_id, author, rating, title, body, status)
       SELECT $1, p.id, $2, $3, $4, $5, $6, $7 FROM products p WHERE p.handle = $8 ON CONFLICT DO NOTHING`,
      [
        seedUuid('review', `${review.product}/${review.author}`),
        customerId,
        review.author,
        review.rating,
        review.title,
        review.body,
        review.status,
        review.product,
      ],
    );
  }
}
