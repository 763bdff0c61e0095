import type { Tx } from '#libs/database';
import { scaled } from './demo-draft.js';
import { CUSTOMER, MARKETS, REDUCED_CLASS, REDUCED_RATES, SALE, TRADE } from './price-rules.js';
import { seedUuid } from './seed-ids.js';

/** The markets of a demo shop with this currency. */
export const marketsBeside = (currency: string) => MARKETS.filter((market) => market.currency !== currency);

/** Markets, and the reduced tax of books. */
export async function seedMarkets(tx: Tx, currency: string): Promise<void> {
  for (const { key, name, countries, currency: its } of marketsBeside(currency)) {
    await tx.query(
      `INSERT INTO markets (id, name, countries, currency, prices_include_tax) VALUES ($1, $2, $3, $4, TRUE) ON CONFLICT DO NOTHING`,
      [seedUuid('market', key), name, countries, its],
    );
  }
  const classId = seedUuid('taxClass', REDUCED_CLASS.key);
  await tx.query(`INSERT INTO tax_classes (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    classId,
    REDUCED_CLASS.name,
  ]);
  await tx.query(
    `INSERT INTO tax_rates (id, name, country, rate_ppm, shipping, tax_class_id)
     SELECT r.id, 'Reduced rate', r.country, r.ppm, FALSE, c.id FROM tax_classes c,
       unnest($2::uuid[], $3::text[], $4::int[]) AS r (id, country, ppm) WHERE c.id = $1 ON CONFLICT DO NOTHING`,
    [
      classId,
      REDUCED_RATES.map(([country]) => seedUuid('tax', `${REDUCED_CLASS.key}/${country}`)),
      REDUCED_RATES.map(([country]) => country),
      REDUCED_RATES.map(([, ppm]) => ppm),
    ],
  );
}

/** Ways to ship in the currencies of the markets, like those of their zone. Rates are those of the goods. */
export async function seedMarketShipping(tx: Tx, currency: string): Promise<void> {
  for (const market of marketsBeside(currency)) {
    const { key, currency: its, rate } = market;
    for (const [method, position] of [
      ['standard', 2],
      ['express', 3],
    ] as const) {
      await tx.query(
        `INSERT INTO shipping_methods (id, zone_id, name, amount, currency, position)
         SELECT $1, zone_id, name, greatest(round(amount * $4::numeric / $5 * $6, -1), 10)::bigint, $3, $7 FROM shipping_methods WHERE id = $2`,
        [
          seedUuid('method', `europe/${method}/${key}`),
          seedUuid('method', `europe/${method}`),
          its,
          rate,
          scaled(1, currency),
          scaled(1, its),
          position,
        ],
      );
    }
  }
}

/** The sale, the prices of a customer group, and books as what they are taxed like. */
export async function seedPriceLists(tx: Tx, currency: string): Promise<void> {
  await tx.query(
    `UPDATE variants v SET tax_class_id = c.id FROM tax_classes c, product_categories pc
     WHERE c.id = $1 AND pc.product_id = v.product_id AND pc.category_id = ANY($2)`,
    [seedUuid('taxClass', REDUCED_CLASS.key), REDUCED_CLASS.categories.map((handle) => seedUuid('category', handle))],
  );
  const saleId = seedUuid('priceList', SALE.key);
  await tx.query(`INSERT INTO price_lists (id, name, currency, listed) VALUES ($1, $2, $3, TRUE)`, [
    saleId,
    SALE.name,
    currency,
  ]);
  await seedEntries(tx, saleId, currency, SALE.products, [{ minQuantity: 1, off: SALE.off }]);
  const groupId = seedUuid('customerGroup', TRADE.key);
  await tx.query(`INSERT INTO customer_groups (id, name) VALUES ($1, $2)`, [groupId, TRADE.name]);
  await seedCustomer(tx, groupId);
  const tradeId = seedUuid('priceList', TRADE.key);
  await tx.query(`INSERT INTO price_lists (id, name, currency, customer_group_id) VALUES ($1, $2, $3, $4)`, [
    tradeId,
    TRADE.name,
    currency,
    groupId,
  ]);
  await seedEntries(tx, tradeId, currency, TRADE.products, TRADE.steps);
}

async function seedCustomer(tx: Tx, groupId: string): Promise<void> {
  const id = seedUuid('customer', CUSTOMER.email);
  const made = await tx.query(
    `INSERT INTO customers (id, email, first_name, last_name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id`,
    [id, CUSTOMER.email, CUSTOMER.firstName, CUSTOMER.lastName],
  );
  if (made.length === 0) return;
  await tx.query(
    `INSERT INTO customer_addresses (id, customer_id, address, is_default_shipping, is_default_billing)
     VALUES ($1, $2, $3, true, true)`,
    [seedUuid('address', CUSTOMER.email), id, JSON.stringify(CUSTOMER.address)],
  );
  await tx.query(`INSERT INTO customer_group_members (customer_id, group_id) VALUES ($1, $2)`, [id, groupId]);
}

async function seedEntries(
  tx: Tx,
  listId: string,
  currency: string,
  handles: readonly string[],
  steps: readonly { minQuantity: number; off: number }[],
): Promise<void> {
  await tx.query(
    `INSERT INTO price_list_entries (price_list_id, variant_id, min_quantity, amount)
     SELECT $1, v.id, s.min_quantity, round(pr.amount * (1 - s.off))
     FROM variants v JOIN prices pr ON pr.variant_id = v.id AND pr.currency = $2
     CROSS JOIN unnest($4::int[], $5::numeric[]) AS s (min_quantity, off)
     WHERE v.product_id = ANY($3)`,
    [
      listId,
      currency,
      handles.map((handle) => seedUuid('product', handle)),
      steps.map((step) => step.minQuantity),
      steps.map((step) => step.off),
    ],
  );
}
