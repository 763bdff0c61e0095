import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { checkedVatNumber } from './checked-vat-number.js';

/** What decides whether a customer owes tax. */
export interface TaxStatusRow {
  /** uuid */
  id: string;
  vatNumber: string | null;
  taxExempt: boolean;
  version: number;
}

const COLUMNS = `id, vat_number AS "vatNumber", tax_exempt AS "taxExempt", version`;

/** Says which customers owe no tax. */
@Injectable()
export class TaxStatus {
  constructor(private readonly db: Db) {}

  /** @throws not_found */
  async get(id: string): Promise<TaxStatusRow> {
    const [row] = await this.db.query<TaxStatusRow>(
      `SELECT ${COLUMNS} FROM customers WHERE id = $1 AND deleted_at IS NULL`,
      [id],
    );
    if (!row) throw NotFound({ detail: 'There is no such customer.' });
    return row;
  }

  /** Changes what is given. @throws not_found, version_mismatch, validation_failed */
  update(
    id: string,
    change: { vatNumber?: string | null; taxExempt?: boolean },
    expectedVersion: number | undefined,
  ): Promise<TaxStatusRow> {
    const vatNumber = checkedVatNumber(change.vatNumber);
    return this.db.transaction(async (tx) => {
      const [before] = await tx.query<TaxStatusRow>(
        `SELECT ${COLUMNS} FROM customers WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
        [id],
      );
      if (!before) throw NotFound({ detail: 'There is no such customer.' });
      assertVersion(expectedVersion, before.version);
      const [row] = await tx.query<TaxStatusRow>(
        `UPDATE customers SET vat_number = CASE WHEN $2 THEN $3 ELSE vat_number END, tax_exempt = coalesce($4, tax_exempt),
           version = version + 1, updated_at = now() WHERE id = $1 RETURNING ${COLUMNS}`,
        [id, vatNumber !== undefined, vatNumber ?? null, change.taxExempt ?? null],
      );
      return row!;
    });
  }
}
