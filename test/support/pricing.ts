import { decodeId, encodeId, newUuid } from '#libs/ids';
import { ShopContext } from '../../src/modules/settings/index.js';
import type { Shop } from './shop.js';

/** What a price list of a test is. */
export interface TestList {
  name?: string;
  entries: readonly (readonly [variantId: string, amount: number, minQuantity?: number])[];
  currency?: string;
  marketId?: string;
  groupId?: string;
  startsAt?: Date;
  endsAt?: Date;
}

/** Writes a price list straight into the tables, as it is there when nobody has rebuilt the lists of products yet. */
export async function priceList(shop: Shop, list: TestList): Promise<string> {
  const id = newUuid();
  await shop.db.query(
    `INSERT INTO price_lists (id, name, currency, market_id, customer_group_id, starts_at, ends_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      list.name ?? 'A list',
      list.currency ?? 'USD',
      list.marketId === undefined ? null : decodeId('market', list.marketId),
      list.groupId === undefined ? null : decodeId('customerGroup', list.groupId),
      list.startsAt ?? null,
      list.endsAt ?? null,
    ],
  );
  for (const [variantId, amount, minQuantity = 1] of list.entries) {
    await shop.db.query(
      `INSERT INTO price_list_entries (price_list_id, variant_id, min_quantity, amount) VALUES ($1, $2, $3, $4)`,
      [id, decodeId('variant', variantId), minQuantity, amount],
    );
  }
  return encodeId('priceList', id);
}

/** Writes a market straight into the tables. */
export async function market(
  shop: Shop,
  { countries, currency, taxIncluded }: { countries: string[]; currency: string; taxIncluded: boolean },
): Promise<string> {
  const id = newUuid();
  const [row] = await shop.db.query<{ version: number }>(
    `WITH m AS (INSERT INTO markets (id, name, countries, currency, prices_include_tax) VALUES ($1, $2, $3, $4, $5))
     UPDATE shop_settings SET version = version + 1 RETURNING version`,
    [id, `Market ${currency}`, countries, currency, taxIncluded],
  );
  // Who does not know the version may be a second behind.
  await shop.app.get(ShopContext, { strict: false }).get(row!.version);
  return encodeId('market', id);
}

/** Gives a variant a price in another currency. */
export async function priceIn(shop: Shop, variantId: string, currency: string, amount: number): Promise<void> {
  await shop.db.query(
    `INSERT INTO prices (variant_id, currency, amount) VALUES ($1, $2, $3)
     ON CONFLICT (variant_id, currency) DO UPDATE SET amount = excluded.amount`,
    [decodeId('variant', variantId), currency, amount],
  );
}

/** Sets a tax rate of the standard class. */
export async function taxRate(
  shop: Shop,
  country: string,
  ppm: number,
  taxClassId: string | null = null,
): Promise<void> {
  await shop.db.query(
    `WITH v AS (UPDATE shop_settings SET version = version + 1)
     INSERT INTO tax_rates (id, name, country, rate_ppm, tax_class_id) VALUES ($1, 'Tax', $2, $3, $4)`,
    [newUuid(), country, ppm, taxClassId === null ? null : decodeId('taxClass', taxClassId)],
  );
}
