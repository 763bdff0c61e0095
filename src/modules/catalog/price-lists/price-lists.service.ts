import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Db, isForeignKeyViolation, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { lockCategoryTreeShared } from '../catalog-lock.js';
import { PriceList } from '../entities/index.js';
import { ProductListings } from '../product-listings.service.js';
import { ListedSales } from './listed-sales.js';
import { PriceListNotFound } from './price-list.errors.js';
import type {
  CreatePriceListRequest,
  PriceListEntryInput,
  UpdatePriceListRequest,
  UpsertPriceListEntriesResponse,
} from './price-list.dto.js';

const notFound = (pointer: string, code: string, detail: string) =>
  ValidationFailed({ errors: [{ pointer, code, detail }] });
const asDate = (text: string | null | undefined) => (text == null ? text : new Date(text));

/** Makes and changes price lists. Carts follow at once; lists of products too, or within a minute where many are concerned. */
@Injectable()
export class PriceLists {
  constructor(
    private readonly db: Db,
    private readonly listings: ProductListings,
    private readonly sales: ListedSales,
  ) {}

  /** @throws validation_failed for a market or group that does not exist, or an end before the begin */
  create({ startsAt, endsAt, ...request }: CreatePriceListRequest): Promise<PriceList> {
    const id = newUuid();
    return this.change(async (tx) => {
      const list = { id, ...request, startsAt: asDate(startsAt) ?? null, endsAt: asDate(endsAt) ?? null };
      assertSchedule(list);
      await tx.manager.insert(PriceList, list);
      return load(tx, id);
    });
  }

  /** Changes what is given. @throws price_list_not_found, version_mismatch, validation_failed */
  update(
    id: string,
    { startsAt, endsAt, ...change }: UpdatePriceListRequest,
    expectedVersion: number | undefined,
  ): Promise<PriceList> {
    return this.change(async (tx) => {
      const list = await load(tx, id);
      assertVersion(expectedVersion, list.version);
      Object.assign(list, change, startsAt !== undefined && { startsAt: asDate(startsAt) });
      Object.assign(list, endsAt !== undefined && { endsAt: asDate(endsAt) });
      assertSchedule(list);
      await tx.manager.save(Object.assign(list, { version: list.version + 1, updatedAt: new Date() }));
      await this.sales.settleSoon(tx, id);
      return load(tx, id);
    });
  }

  /** Its prices hold no more. The row goes when no list of products shows them. @throws price_list_not_found, version_mismatch */
  delete(id: string, expectedVersion: number | undefined): Promise<void> {
    return this.change(async (tx) => {
      const list = await load(tx, id);
      assertVersion(expectedVersion, list.version);
      const gone = { active: false, deletedAt: new Date(), marketId: null, customerGroupId: null };
      await tx.manager.update(PriceList, { id }, { ...gone, version: list.version + 1 });
      await this.sales.settleSoon(tx, id);
    });
  }

  /**
   * Writes prices: new ones, other ones, and none where the amount is null. The same again changes nothing.
   * @throws price_list_not_found, version_mismatch; validation_failed for variants that do not exist or are named twice
   */
  upsert(
    id: string,
    entries: readonly PriceListEntryInput[],
    expectedVersion: number | undefined,
  ): Promise<UpsertPriceListEntriesResponse & { version: number }> {
    const wanted = entries.map(({ variantId, minQuantity = 1, amount }) => ({ variantId, minQuantity, amount }));
    assertDistinct(wanted);
    return this.change(async (tx) => {
      const list = await load(tx, id);
      assertVersion(expectedVersion, list.version);
      await assertVariants(tx, wanted);
      const kept = wanted.filter((entry) => entry.amount !== null);
      const written = await tx.query<{ variant_id: string }>(
        `INSERT INTO price_list_entries AS e (price_list_id, variant_id, min_quantity, amount)
         SELECT $1, w.* FROM unnest($2::uuid[], $3::int[], $4::bigint[]) AS w (variant_id, min_quantity, amount)
         ON CONFLICT (price_list_id, variant_id, min_quantity) DO UPDATE SET amount = excluded.amount
           WHERE e.amount <> excluded.amount RETURNING e.variant_id`,
        [id, ...columnsOf(kept), kept.map((entry) => entry.amount)],
      );
      const removed = await tx.query<{ variant_id: string }>(
        `DELETE FROM price_list_entries e USING unnest($2::uuid[], $3::int[]) AS w (variant_id, min_quantity)
         WHERE e.price_list_id = $1 AND e.variant_id = w.variant_id AND e.min_quantity = w.min_quantity RETURNING e.variant_id`,
        [id, ...columnsOf(wanted.filter((entry) => entry.amount === null))],
      );
      const changed = [...written, ...removed].map((row) => row.variant_id);
      if (changed.length > 0) {
        await tx.query(`UPDATE price_lists SET version = version + 1, updated_at = now() WHERE id = $1`, [id]);
        await this.show(tx, changed);
      }
      return {
        written: written.length,
        removed: removed.length,
        unchanged: wanted.length - written.length - removed.length,
        version: list.version + (changed.length > 0 ? 1 : 0),
      };
    });
  }

  private async show(tx: Tx, variantIds: readonly string[]): Promise<void> {
    const rows = await tx.query<{ id: string }>(
      `SELECT DISTINCT product_id AS id FROM variants WHERE id = ANY($1::uuid[])`,
      [variantIds],
    );
    await this.listings.refresh(
      tx,
      rows.map((row) => row.id),
    );
  }

  private async change<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.db.transaction(async (tx) => {
        await lockCategoryTreeShared(tx);
        return work(tx);
      });
    } catch (error) {
      if (isForeignKeyViolation(error, 'price_lists_market'))
        throw notFound('/marketId', 'unknown_market', 'is no market');
      if (isForeignKeyViolation(error, 'price_lists_group'))
        throw notFound('/customerGroupId', 'unknown_customer_group', 'is no customer group');
      throw error;
    }
  }
}

/** The list, locked: its changes happen one after the other. */
async function load(tx: Tx, id: string): Promise<PriceList> {
  const where = { id, deletedAt: IsNull() };
  const list = await tx.manager.findOne(PriceList, { where, lock: { mode: 'for_no_key_update' } });
  if (!list) throw PriceListNotFound();
  return list;
}

function assertSchedule({ startsAt, endsAt }: Pick<PriceList, 'startsAt' | 'endsAt'>): void {
  if (startsAt && endsAt && endsAt <= startsAt) throw notFound('/endsAt', 'too_early', 'must be after startsAt');
}

type Wanted = Pick<PriceListEntryInput, 'variantId' | 'amount'> & { minQuantity: number };

const columnsOf = (entries: readonly Wanted[]) => [
  entries.map((entry) => entry.variantId),
  entries.map((entry) => entry.minQuantity),
];

function assertDistinct(entries: readonly Wanted[]): void {
  const seen = new Set<string>();
  const errors = entries.flatMap(({ variantId, minQuantity }, i) => {
    const key = `${variantId}:${minQuantity}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ pointer: `/entries/${i}`, code: 'repeated', detail: 'names a variant and quantity that stand above' }];
  });
  if (errors.length > 0) throw ValidationFailed({ errors: errors.slice(0, 50) });
}

async function assertVariants(tx: Tx, entries: readonly Wanted[]): Promise<void> {
  const rows = await tx.query<{ id: string }>(`SELECT id FROM variants WHERE id = ANY($1::uuid[])`, [
    entries.map((entry) => entry.variantId),
  ]);
  const known = new Set(rows.map((row) => row.id));
  const errors = entries.flatMap(({ variantId }, i) =>
    known.has(variantId)
      ? []
      : [{ pointer: `/entries/${i}/variantId`, code: 'unknown_variant', detail: 'there is no such variant' }],
  );
  if (errors.length > 0) throw ValidationFailed({ errors: errors.slice(0, 50) });
}
