import { Inject, Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { localMediaUrl, ProductListings } from '../catalog/index.js';
import type { CsvRow, ImportSource } from './csv/csv-rows.js';
import type { ImportIssue } from './csv/issues.js';
import { type ReadProduct, productFromRows } from './csv/product-from-rows.js';
import { outlineOf, readProductGroups } from './csv/product-groups.js';
import { type ImportState, initialState, type Settled } from './import-state.js';
import { type ImportRun, saveBatch } from './import-run.js';
import { SaveProducts } from './save-products.service.js';

/** A product that is read and waits to be saved with others. */
interface Pending {
  product: ReadProduct;
  rows: readonly CsvRow[];
  rowsRead: number;
  bytesRead: number;
}

const BATCH_PRODUCTS = 50;
const BATCH_VARIANTS = 250;

/**
 * Imports the products of a Shopify product export: each product whole or not at all, many in one transaction, the same
 * file twice without effect. A product with a mistake is left out and told with its line; the others are imported.
 */
@Injectable()
export class ImportProducts {
  constructor(
    private readonly db: Db,
    private readonly saving: SaveProducts,
    private readonly listings: ProductListings,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * @returns what became of the products
   * @throws ImportFileProblem when the file cannot be read to its end; then nothing was imported
   */
  async execute(source: ImportSource, run: ImportRun): Promise<ImportState> {
    const outline = await outlineOf(source);
    await run.onCounted?.(outline.rows, outline.columns.header);
    const classes = await this.db.query<{ key: string; id: string }>(`SELECT lower(name) AS key, id FROM tax_classes`);
    const taxClassIds = new Map(classes.map(({ key, id }) => [key, id]));
    let state = run.resumeFrom ?? initialState();
    let toSkip = state.productsDone;
    let batch: Pending[] = [];
    let variants = 0;
    for await (const group of readProductGroups(source, outline)) {
      if (toSkip > 0) {
        toSkip -= 1;
        continue;
      }
      const product = this.withOwnImages(productFromRows(outline.columns, group, run.options.currency, taxClassIds));
      batch.push({ product, rows: group.rows, rowsRead: group.rowsRead, bytesRead: group.bytesRead });
      variants += product.draft?.variants.length ?? 0;
      if (batch.length >= BATCH_PRODUCTS || variants >= BATCH_VARIANTS) {
        state = await this.save(batch, state, run);
        await run.onProgress?.(state);
        batch = [];
        variants = 0;
      }
    }
    if (batch.length > 0) {
      state = await this.save(batch, state, run);
      await run.onProgress?.(state);
    }
    return state;
  }

  /** Images of this shop are stored without the address of the day. */
  private withOwnImages(product: ReadProduct): ReadProduct {
    const { draft } = product;
    if (!draft) return product;
    const own = (url: string) => localMediaUrl(url, this.config.publicUrl);
    const images = draft.images.map((image) => ({ ...image, url: own(image.url) }));
    const variants = draft.variants.map((variant) =>
      variant.imageUrl ? { ...variant, imageUrl: own(variant.imageUrl) } : variant,
    );
    return { ...product, draft: { ...draft, images, variants } };
  }

  private save(batch: readonly Pending[], state: ImportState, run: ImportRun): Promise<ImportState> {
    return saveBatch(this.db, run, state, batch, {
      settle: (tx, together) => this.settle(tx, together, run),
      refused: (pending, reason): Settled => {
        const { line, handle } = pending.product;
        return { ...pending, outcome: 'failed', errors: [{ line, handle, reason }] };
      },
    });
  }

  private async settle(tx: Tx, batch: readonly Pending[], run: ImportRun): Promise<Settled[]> {
    const unpriced = await this.unpriced(tx, batch);
    const valid = batch.flatMap(({ product }) =>
      product.draft && !unpriced.has(product) ? [{ ...product, draft: product.draft }] : [],
    );
    const { outcomes, changedIds } = await this.saving.execute(tx, valid, run);
    await this.listings.refresh(tx, changedIds);
    return batch.map((pending): Settled => {
      const { draft } = pending.product;
      const errors = unpriced.get(pending.product);
      if (errors) return { ...pending, outcome: 'failed', errors };
      return { ...pending, outcome: draft ? outcomes.get(draft.handle)! : 'failed' };
    });
  }

  /** A variant that is there keeps its prices where the file has none; a new one has to have one. */
  private async unpriced(tx: Tx, batch: readonly Pending[]): Promise<ReadonlyMap<ReadProduct, ImportIssue[]>> {
    const asking = batch.flatMap(({ product }) => (product.unpriced.length > 0 ? product : []));
    if (asking.length === 0) return new Map();
    const rows = await tx.query<{ handle: string; keys: string[] }>(
      `SELECT p.handle, array_agg(v.option_key) AS keys FROM products p JOIN variants v ON v.product_id = p.id
       WHERE p.handle = ANY($1) GROUP BY p.handle`,
      [asking.map(({ handle }) => handle)],
    );
    const known = new Map(rows.map(({ handle, keys }) => [handle, new Set(keys)]));
    return new Map(
      asking.flatMap((product) => {
        const issues = product.unpriced.filter(({ optionKey }) => !known.get(product.handle!)?.has(optionKey));
        return issues.length === 0
          ? []
          : [[product, issues.map(({ line, handle, reason }) => ({ line, handle, reason }))] as const];
      }),
    );
  }
}
