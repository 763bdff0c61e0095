import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import type { StoredFile } from './digital-files.service.js';

/** A file of a variant. */
export interface VariantFileRow {
  id: string;
  name: string;
  bytes: number;
  created_at: Date;
}

/** The files that variants are made of. */
@Injectable()
export class VariantFiles {
  constructor(private readonly db: Db) {}

  /** @throws not_found when there is no such variant of the product */
  async assertVariant(productId: string, variantId: string): Promise<void> {
    const found = await this.db.query(`SELECT 1 FROM variants WHERE id = $1 AND product_id = $2`, [
      variantId,
      productId,
    ]);
    if (found.length === 0) throw NotFound({ detail: 'There is no such variant of this product.' });
  }

  /** Those that are sold, in the order in which they came. */
  list(variantId: string): Promise<VariantFileRow[]> {
    return this.db.query<VariantFileRow>(
      `SELECT id, name, bytes, created_at FROM variant_files WHERE variant_id = $1 AND archived_at IS NULL ORDER BY id`,
      [variantId],
    );
  }

  async add(tx: Tx, variantId: string, name: string, file: StoredFile): Promise<VariantFileRow> {
    const [row] = await tx.query<VariantFileRow>(
      `INSERT INTO variant_files (id, variant_id, name, bytes, sha256) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name, bytes, created_at`,
      [file.id, variantId, name, file.bytes, file.sha256],
    );
    return row!;
  }

  /** Sells it no longer; who bought it before still gets it. @throws not_found */
  async archive(variantId: string, id: string): Promise<void> {
    const archived = await this.db.transaction((tx) =>
      tx.query(
        `UPDATE variant_files SET archived_at = now() WHERE id = $1 AND variant_id = $2 AND archived_at IS NULL RETURNING 1`,
        [id, variantId],
      ),
    );
    if (archived.length === 0) throw NotFound({ detail: 'There is no such file of this variant.' });
  }
}
