import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { type ProductDraft, ProductWriter, type SavedProduct } from '../catalog/index.js';
import { StockLedger } from '../inventory/index.js';
import type { ReadProduct } from './csv/product-from-rows.js';
import type { ImportOptions } from './import-state.js';

/** A product that can be saved. */
export type ValidProduct = ReadProduct & { draft: ProductDraft };

/** What became of the products of one transaction, by their handles. */
export interface SavedBatch {
  outcomes: Map<string, SavedProduct['outcome']>;
  /** uuids of the products whose rows in the read model are out of date. */
  changedIds: string[];
}

/** Saves products and their stock in the transaction of the caller; new ones in the order of their handles, which prevents deadlocks. */
@Injectable()
export class SaveProducts {
  constructor(
    private readonly writer: ProductWriter,
    private readonly stock: StockLedger,
  ) {}

  /** A quantity counts where the variant is new, or everywhere when the options say so. */
  async execute(
    tx: Tx,
    products: readonly ValidProduct[],
    run: { id: string; actor: string; options: ImportOptions },
  ): Promise<SavedBatch> {
    const outcomes: SavedBatch['outcomes'] = new Map();
    const changedIds = new Set<string>();
    const counts: { variantId: string; onHand: number; handle: string; productId: string }[] = [];
    const ordered = [...products].sort((a, b) => (a.draft.handle < b.draft.handle ? -1 : 1));
    const saves = await this.writer.saveAll(
      tx,
      ordered.map((product) => product.draft),
    );
    for (const [index, { draft, quantities }] of ordered.entries()) {
      const saved = saves[index]!;
      outcomes.set(draft.handle, saved.outcome);
      if (saved.outcome !== 'unchanged') changedIds.add(saved.productId);
      saved.variants.forEach(({ id, created }, i) => {
        const onHand = quantities[i] ?? null;
        if (onHand !== null && (created || run.options.stock === 'set')) {
          counts.push({ variantId: id, onHand, handle: draft.handle, productId: saved.productId });
        }
      });
    }
    const changes = await differing(tx, counts);
    for (const { handle, productId } of changes) {
      if (outcomes.get(handle) === 'unchanged') outcomes.set(handle, 'updated');
      changedIds.add(productId);
    }
    await this.stock.setOnHand(
      tx,
      changes.map(({ variantId, onHand }) => ({
        variantId,
        onHand,
        reason: 'import',
        actor: run.actor,
        dedupeKey: `import:${run.id}:${variantId}`,
      })),
    );
    return { outcomes, changedIds: [...changedIds] };
  }
}

/** Only the counts that differ from what is on hand; bundles have no stock of their own. */
async function differing<C extends { variantId: string; onHand: number }>(tx: Tx, counts: C[]): Promise<C[]> {
  if (counts.length === 0) return [];
  const levels = await tx.query<{ variant_id: string; on_hand: number }>(
    `SELECT s.variant_id, s.on_hand FROM stock_levels s JOIN locations l ON l.id = s.location_id AND l.is_default
       JOIN variants v ON v.id = s.variant_id AND NOT v.is_bundle
     WHERE s.variant_id = ANY($1::uuid[])`,
    [counts.map((count) => count.variantId)],
  );
  const onHand = new Map(levels.map((level) => [level.variant_id, level.on_hand]));
  return counts.filter((count) => (onHand.get(count.variantId) ?? count.onHand) !== count.onHand);
}
