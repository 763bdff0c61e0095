import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';
import { lockCategoryTreeShared } from '../catalog-lock.js';
import { optionKeyOf } from '../product-draft.js';
import { ProductListings } from '../product-listings.service.js';
import { ListedSales } from './listed-sales.js';
import {
  listKeyOf,
  type PriceListOfFile,
  type PriceListRow,
  type PriceOfFile,
  type SavedPriceListRow,
} from './price-list-row.js';

/** A list of the file as the shop has it now. */
interface SettledList {
  id: string;
  outcome: 'created' | 'updated' | 'unchanged';
}
/** What a list of the file is here, and what the file says of it. */
interface MeantList {
  id: string;
  isNew: boolean;
  values: unknown[];
}
type Refusal = { reason: string };

/**
 * Makes price lists what the rows of a file say: lists are found by their id, else by name and currency, and made where there
 * are none; prices are found by list, variant and quantity. What a file does not name stays.
 */
@Injectable()
export class SavePriceLists {
  constructor(
    private readonly listings: ProductListings,
    private readonly sales: ListedSales,
  ) {}

  /**
   * @param rows in which a price of a list stands once
   * @param held what the file called the lists it told of so far (`listKeyOf`), by their uuids here; those of the rows are
   *   added. Rows that call one of them otherwise are refused.
   * @returns in the order of the rows
   */
  async execute(tx: Tx, rows: readonly PriceListRow[], held: Map<string, string>): Promise<SavedPriceListRow[]> {
    await lockCategoryTreeShared(tx);
    const lists = await this.saveLists(tx, rows, held);
    const variants = await variantsOf(tx, rows);
    const wanted = rows.flatMap(({ list, price }, i) => {
      const settled = lists.get(listKeyOf(list))!;
      const variantId = price && variants.get(variantKeyOf(price));
      if ('reason' in settled || !price || !variantId) return [];
      return [{ i, listId: settled.id, variantId, ...price }];
    });
    const written = await writePrices(tx, wanted);
    await this.show(tx, wanted, written, lists);
    const seen = new Set<string>();
    return rows.map(({ list, price }, i): SavedPriceListRow => {
      const key = listKeyOf(list);
      const settled = lists.get(key)!;
      if ('reason' in settled) return settled;
      if (price && !variants.has(variantKeyOf(price))) return { reason: missing(price) };
      const isFirst = !seen.has(key);
      seen.add(key);
      const own = price ? (written.get(i) ?? 'unchanged') : 'unchanged';
      // A change of the list itself is told with its first row.
      return own === 'unchanged' && isFirst ? settled.outcome : own;
    });
  }

  /**
   * Brings back what the file called the lists that a run before this one has saved, so that it goes on as if it had never been
   * interrupted.
   * @param lists of the rows behind, in their order
   */
  async recall(tx: Tx, lists: readonly PriceListOfFile[], held: Map<string, string>): Promise<void> {
    const places = await placesOf(tx, lists);
    for (const list of lists) {
      const meant = await this.meant(tx, list, places, held);
      if (!('reason' in meant) && !meant.isNew) held.set(meant.id, listKeyOf(list));
    }
  }

  private async saveLists(
    tx: Tx,
    rows: readonly PriceListRow[],
    held: Map<string, string>,
  ): Promise<Map<string, SettledList | Refusal>> {
    const wanted = new Map(rows.map(({ list }) => [listKeyOf(list), list]));
    const places = await placesOf(tx, [...wanted.values()]);
    const settled = new Map<string, SettledList | Refusal>();
    for (const [key, list] of wanted) settled.set(key, await this.saveList(tx, list, places, held));
    return settled;
  }

  /** Which list of the shop a list of the file is, or why it can be none. */
  private async meant(
    tx: Tx,
    list: PriceListOfFile,
    places: Places,
    held: ReadonlyMap<string, string>,
  ): Promise<MeantList | Refusal> {
    const marketIds = list.market === null ? [null] : (places.markets.get(list.market.toLowerCase()) ?? []);
    if (marketIds.length !== 1)
      return { reason: marketIds.length === 0 ? `there is no market "${list.market}".` : `"${list.market}" is the name of several markets.` }; // prettier-ignore
    const groupId = list.customerGroup === null ? null : places.groups.get(list.customerGroup.toLowerCase());
    if (groupId === undefined) return { reason: `there is no customer group "${list.customerGroup}".` };
    const values = [list.name, marketIds[0], groupId, list.active, list.startsAt, list.endsAt];
    const found = await tx.query<{ id: string; currency: string; by_id: boolean }>(
      `SELECT id, currency, id = $1 AS by_id FROM price_lists
       WHERE deleted_at IS NULL AND (id = $1 OR (lower(name) = lower($2) AND currency = $3)) ORDER BY id FOR NO KEY UPDATE`,
      [list.id, list.name, list.currency],
    );
    const own = found.find((row) => row.by_id);
    if (own && own.currency !== list.currency)
      return { reason: `the price list is in ${own.currency}, which is fixed, not in ${list.currency}.` };
    if (!own && found.length > 1) return { reason: `"${list.name}" is the name of several price lists in ${list.currency}.` }; // prettier-ignore
    if (!own && list.isOnlyById) return { reason: `"${list.name}" is the name of several price lists of the file.` };
    const before = own ?? found[0];
    const id = before?.id ?? newUuid();
    if ((held.get(id) ?? listKeyOf(list)) !== listKeyOf(list))
      return { reason: `the price list "${list.name}" stands further up already, under another id or name.` };
    return { id, isNew: !before, values };
  }

  private async saveList(
    tx: Tx,
    list: PriceListOfFile,
    places: Places,
    held: Map<string, string>,
  ): Promise<SettledList | Refusal> {
    const meant = await this.meant(tx, list, places, held);
    if ('reason' in meant) return meant;
    const { id, isNew, values } = meant;
    held.set(id, listKeyOf(list));
    if (isNew) {
      await tx.query(
        `INSERT INTO price_lists (id, currency, name, market_id, customer_group_id, active, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [id, list.currency, ...values],
      );
      return { id, outcome: 'created' };
    }
    const changed = await tx.query(
      `UPDATE price_lists SET name = $2, market_id = $3, customer_group_id = $4, active = $5, starts_at = $6, ends_at = $7,
         version = version + 1, updated_at = now()
       WHERE id = $1 AND (name, market_id, customer_group_id, active, starts_at, ends_at) IS DISTINCT FROM
         ($2::text, $3::uuid, $4::uuid, $5::boolean, $6::timestamptz, $7::timestamptz) RETURNING 1`,
      [id, ...values],
    );
    return { id, outcome: changed.length > 0 ? 'updated' : 'unchanged' };
  }

  /** Lists of products show what was written; lists that changed are put in force or out of it. */
  private async show(
    tx: Tx,
    wanted: readonly WantedPrice[],
    written: ReadonlyMap<number, unknown>,
    lists: ReadonlyMap<string, SettledList | Refusal>,
  ): Promise<void> {
    const changed = wanted.filter(({ i }) => written.has(i));
    await tx.query(`UPDATE price_lists SET version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])`, [
      [...new Set(changed.map(({ listId }) => listId))].sort(),
    ]);
    const products = await tx.query<{ id: string }>(
      `SELECT DISTINCT product_id AS id FROM variants WHERE id = ANY($1::uuid[])`,
      [changed.map(({ variantId }) => variantId)],
    );
    await this.listings.refresh(
      tx,
      products.map(({ id }) => id),
    );
    for (const list of lists.values())
      if ('id' in list && list.outcome !== 'unchanged') await this.sales.settleSoon(tx, list.id);
  }
}

/** Markets and customer groups by their names in lower case; names of markets may stand for several. */
interface Places {
  markets: Map<string, string[]>;
  groups: Map<string, string>;
}

async function placesOf(tx: Tx, lists: readonly PriceListOfFile[]): Promise<Places> {
  const namesOf = (pick: (list: PriceListOfFile) => string | null) => [
    lists.flatMap((list) => pick(list)?.toLowerCase() ?? []),
  ];
  const markets = await tx.query<{ key: string; ids: string[] }>(
    `SELECT lower(name) AS key, array_agg(id) AS ids FROM markets WHERE lower(name) = ANY($1::text[]) GROUP BY 1`,
    namesOf((list) => list.market),
  );
  const groups = await tx.query<{ key: string; id: string }>(
    `SELECT lower(name) AS key, id FROM customer_groups WHERE lower(name) = ANY($1::text[]) FOR KEY SHARE`,
    namesOf((list) => list.customerGroup),
  );
  return {
    markets: new Map(markets.map(({ key, ids }) => [key, ids])),
    groups: new Map(groups.map(({ key, id }) => [key, id])),
  };
}

const entryKeyOf = ({ listId, variantId, minQuantity }: Omit<WantedPrice, 'i'>): string =>
  `${listId} ${variantId} ${minQuantity}`;

const variantKeyOf = ({ handle, optionValues }: PriceOfFile): string =>
  JSON.stringify([handle, optionKeyOf(optionValues)]);

const missing = ({ handle, optionValues }: PriceOfFile): string =>
  `there is no variant ${optionValues.length > 0 ? `${optionValues.join(' / ')} ` : ''}of a product "${handle}".`;

async function variantsOf(tx: Tx, rows: readonly PriceListRow[]): Promise<Map<string, string>> {
  const prices = rows.flatMap(({ price }) => (price ? [price] : []));
  const found = await tx.query<{ handle: string; option_key: string; id: string }>(
    `SELECT p.handle, v.option_key, v.id FROM unnest($1::text[], $2::text[]) AS w (handle, option_key)
     JOIN products p ON p.handle = w.handle JOIN variants v ON v.product_id = p.id AND v.option_key = w.option_key`,
    [prices.map(({ handle }) => handle), prices.map(({ optionValues }) => optionKeyOf(optionValues))],
  );
  return new Map(found.map(({ handle, option_key: key, id }) => [JSON.stringify([handle, key]), id]));
}

interface WantedPrice extends PriceOfFile {
  /** place of its row */
  i: number;
  listId: string;
  variantId: string;
}

/** @returns what became of the rows that were written, by their place */
async function writePrices(tx: Tx, wanted: readonly WantedPrice[]): Promise<Map<number, 'created' | 'updated'>> {
  const ordered = [...wanted].sort((a, b) => (a.variantId < b.variantId ? -1 : 1));
  const written = await tx.query<{ key: string; created: boolean }>(
    `INSERT INTO price_list_entries AS e (price_list_id, variant_id, min_quantity, amount)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[])
     ON CONFLICT (price_list_id, variant_id, min_quantity) DO UPDATE SET amount = excluded.amount WHERE e.amount <> excluded.amount
     RETURNING concat_ws(' ', e.price_list_id, e.variant_id, e.min_quantity) AS key, e.xmax = 0 AS created`,
    [
      ordered.map(({ listId }) => listId),
      ordered.map(({ variantId }) => variantId),
      ordered.map(({ minQuantity }) => minQuantity),
      ordered.map(({ amount }) => amount),
    ],
  );
  const outcomes = new Map(written.map(({ key, created }) => [key, created]));
  return new Map(
    wanted.flatMap((entry) => {
      const created = outcomes.get(entryKeyOf(entry));
      return created === undefined ? [] : [[entry.i, created ? ('created' as const) : ('updated' as const)]];
    }),
  );
}
