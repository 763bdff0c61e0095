import { Injectable } from '@nestjs/common';
import type { Tx } from '#libs/database';
import { type FieldError, ValidationFailed } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { NotABundle, VariantNotBundleable } from '../catalog.errors.js';
import type { Variant } from '../entities/index.js';
import { getVariant } from '../edit-variants.service.js';
import { ProductEdits } from '../product-edits.service.js';
import type { AdminProductRecord } from '../products.admin.query.js';
import type { BundlePartInput } from './bundle.dto.js';

/** Which variant of which product, as the client saw it. */
export interface BundleReference {
  productId: string;
  variantId: string;
  version: number | undefined;
}

/**
 * Says what a variant is made of. From then on it can be had as often as its parts can, in carts as in lists; orders that
 * were placed before keep what was in it then. No other product is written meanwhile, so nothing that is read here moves.
 */
@Injectable()
export class EditBundle {
  constructor(private readonly edits: ProductEdits) {}

  /** @throws ProductNotFound, VariantNotFound, VersionMismatch, ValidationFailed, VariantNotBundleable */
  async setParts(bundle: BundleReference, parts: readonly BundlePartInput[]): Promise<AdminProductRecord> {
    return this.run(bundle, (tx) => this.compose(tx, bundle, parts));
  }

  /** The same in the transaction of a caller who writes the product alone, and its rows of the read model afterwards. */
  async compose(
    tx: Tx,
    bundle: Pick<BundleReference, 'productId' | 'variantId'>,
    parts: readonly BundlePartInput[],
  ): Promise<void> {
    const { isBundle } = await lockVariant(tx, bundle);
    await assertParts(tx, bundle.variantId, parts);
    await assertNoPart(tx, bundle.variantId);
    const before = await partsOf(tx, bundle.variantId);
    const touched = [...new Set([...before, ...parts.map((part) => part.variantId)])];
    await lockStock(tx, bundle.productId, touched);
    if (!isBundle) await assertNoStock(tx, bundle.variantId);
    await write(tx, bundle.variantId, parts);
    await noteInStock(tx, touched);
  }

  /** Makes a variant of its own of a bundle again, of which there is nothing until it is counted. @throws NotABundle, and as `setParts` */
  async dissolve(bundle: BundleReference): Promise<void> {
    await this.run(bundle, async (tx) => {
      const { isBundle } = await lockVariant(tx, bundle);
      if (!isBundle) throw NotABundle();
      const before = await partsOf(tx, bundle.variantId);
      await lockStock(tx, bundle.productId, before);
      await write(tx, bundle.variantId, []);
      await noteInStock(tx, before);
    });
  }

  private async run(bundle: BundleReference, change: (tx: Tx) => Promise<void>): Promise<AdminProductRecord> {
    const { product } = await this.edits.run(bundle.productId, bundle.version, change, true);
    return product;
  }
}

/**
 * Orders refer to a variant by their lines before they take its stock, and its mark is part of what they refer to: so the
 * variant comes before the stock here, too. @throws VariantNotFound
 */
async function lockVariant(
  tx: Tx,
  { productId, variantId }: Pick<BundleReference, 'productId' | 'variantId'>,
): Promise<Variant> {
  await tx.query(`SELECT FROM variants WHERE id = $1 AND product_id = $2 FOR UPDATE`, [variantId, productId]);
  return getVariant(tx, productId, variantId);
}

async function assertParts(tx: Tx, bundleId: string, parts: readonly BundlePartInput[]): Promise<void> {
  const rows = await tx.query<{ id: string; is_bundle: boolean; is_gift_card: boolean }>(
    `SELECT v.id, v.is_bundle, p.is_gift_card FROM variants v JOIN products p ON p.id = v.product_id WHERE v.id = ANY($1::uuid[])`,
    [parts.map((part) => part.variantId)],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const seen = new Set<string>();
  const errors = parts.flatMap(({ variantId }, i): FieldError[] => {
    const pointer = `/parts/${i}/variantId`;
    const variant = known.get(variantId);
    const isRepeated = seen.has(variantId);
    seen.add(variantId);
    if (!variant) return [{ pointer, code: 'unknown_variant', detail: 'is no variant' }];
    if (variantId === bundleId) return [{ pointer, code: 'is_itself', detail: 'is the bundle itself' }];
    if (variant.is_bundle) return [{ pointer, code: 'is_bundle', detail: 'is a bundle itself' }];
    if (variant.is_gift_card) return [{ pointer, code: 'is_gift_card', detail: 'is a gift card' }];
    return isRepeated ? [{ pointer, code: 'repeated', detail: 'is a part already: raise its quantity' }] : [];
  });
  if (errors.length > 0) throw ValidationFailed({ errors });
}

async function assertNoPart(tx: Tx, variantId: string): Promise<void> {
  const [row] = await tx.query<{ is_gift_card: boolean; bundles: string[] }>(
    `SELECT p.is_gift_card, ARRAY(SELECT b.variant_id FROM bundle_parts b WHERE b.part_variant_id = v.id ORDER BY 1 LIMIT 10) AS bundles
     FROM variants v JOIN products p ON p.id = v.product_id WHERE v.id = $1`,
    [variantId],
  );
  const { is_gift_card: isGiftCard, bundles } = row!;
  if (isGiftCard) throw VariantNotBundleable({ detail: 'It is a gift card.', data: { reason: 'is_gift_card' } });
  if (bundles.length > 0)
    throw VariantNotBundleable({
      detail: 'It is a part of a bundle.',
      data: { reason: 'is_part', bundles: bundles.map((id) => encodeId('variant', id)) },
    });
}

async function partsOf(tx: Tx, bundleId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(`SELECT part_variant_id AS id FROM bundle_parts WHERE variant_id = $1`, [
    bundleId,
  ]);
  return rows.map((row) => row.id);
}

/** The stock of the parts and of the product, in the order in which everybody locks it. */
async function lockStock(tx: Tx, productId: string, partIds: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT FROM stock_levels WHERE variant_id = ANY($2::uuid[]) OR variant_id IN (SELECT id FROM variants WHERE product_id = $1)
     ORDER BY variant_id, location_id FOR NO KEY UPDATE`,
    [productId, partIds],
  );
}

async function assertNoStock(tx: Tx, variantId: string): Promise<void> {
  const [level] = await tx.query<{ on_hand: number; reserved: number }>(
    `SELECT sum(on_hand)::int AS on_hand, sum(reserved)::int AS reserved FROM stock_levels
     WHERE variant_id = $1 HAVING bool_or(on_hand <> 0 OR reserved <> 0)`,
    [variantId],
  );
  if (!level) return;
  throw VariantNotBundleable({
    detail: `It has stock of its own: ${level.on_hand} on hand, ${level.reserved} reserved.`,
    data: { reason: 'has_stock', onHand: level.on_hand, reserved: level.reserved },
  });
}

async function write(tx: Tx, bundleId: string, parts: readonly BundlePartInput[]): Promise<void> {
  // Its own stock rules count again once it is dissolved, or imported elsewhere: then there is nothing of it until it is counted.
  const mark = (isBundle: boolean) =>
    tx.query(
      `UPDATE variants SET is_bundle = $2, track_inventory = true, allow_backorder = false, version = version + 1, updated_at = now()
       WHERE id = $1 AND is_bundle <> $2`,
      [bundleId, isBundle],
    );
  if (parts.length > 0) await mark(true);
  await tx.query(`DELETE FROM bundle_parts WHERE variant_id = $1 AND part_variant_id <> ALL($2::uuid[])`, [
    bundleId,
    parts.map((part) => part.variantId),
  ]);
  await tx.query(
    `INSERT INTO bundle_parts AS b (variant_id, part_variant_id, quantity, position)
     SELECT $1, x.id, x.quantity, x.n - 1 FROM unnest($2::uuid[], $3::int[]) WITH ORDINALITY AS x (id, quantity, n)
     ON CONFLICT (variant_id, part_variant_id) DO UPDATE SET quantity = excluded.quantity, position = excluded.position
       WHERE (b.quantity, b.position) <> (excluded.quantity, excluded.position)`,
    [bundleId, parts.map((part) => part.variantId), parts.map((part) => part.quantity)],
  );
  if (parts.length === 0) await mark(false);
}

/** Tells the stock of the parts how many of them a bundle takes, so that sales of what is in none need not ask. */
async function noteInStock(tx: Tx, partIds: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE stock_levels s SET bundle_quantity = n.quantity
     FROM (SELECT u.id, coalesce((SELECT max(b.quantity) FROM bundle_parts b WHERE b.part_variant_id = u.id), 0) AS quantity
           FROM unnest($1::uuid[]) AS u (id)) n
     WHERE s.variant_id = n.id AND s.bundle_quantity <> n.quantity`,
    [partIds],
  );
}
