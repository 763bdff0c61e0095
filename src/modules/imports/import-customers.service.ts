import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { type CustomerOfFile, SaveCustomers } from '../customers/index.js';
import type { ImportSource } from './csv/csv-rows.js';
import { CUSTOMER_SHEET, customerFromRow } from './csv/customer-from-row.js';
import { importRows, repeated } from './import-rows.js';
import type { ImportRun } from './import-run.js';
import type { ImportState } from './import-state.js';

/**
 * Imports customers, one a row, found by their e-mail address: what differs is written, the same file twice without effect. A
 * row with a mistake is left out and told with its line.
 */
@Injectable()
export class ImportCustomers {
  constructor(
    private readonly db: Db,
    private readonly saving: SaveCustomers,
  ) {}

  /** @throws ImportFileProblem when the file cannot be read to its end; then nothing was imported */
  async execute(source: ImportSource, run: ImportRun): Promise<ImportState> {
    const groups = await this.db.query<{ key: string; id: string }>(
      `SELECT lower(name) AS key, id FROM customer_groups`,
    );
    const groupIds = new Map(groups.map(({ key, id }) => [key, id]));
    const lines = new Map<string, number>();
    return importRows(this.db, source, run, {
      sheet: CUSTOMER_SHEET,
      things: 'customers',
      read: async (columns, row) => {
        const { customer, ...issues } = await customerFromRow(columns, row, groupIds);
        if (!customer) return { ...issues, value: null };
        const key = customer.email.trim().toLowerCase();
        const earlier = lines.get(key);
        if (earlier !== undefined) return repeated<CustomerOfFile>(row, 'the customer', earlier);
        lines.set(key, row.line);
        return { ...issues, value: customer };
      },
      save: async (tx, customers) =>
        (await this.saving.execute(tx, customers)).map((outcome) => (outcome === 'taken' ? TAKEN : outcome)),
    });
  }
}

const TAKEN = { reason: 'somebody registered with this address at this moment; import the row again.' };
