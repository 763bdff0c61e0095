import { Injectable } from '@nestjs/common';
import { BOM, csvText } from '#libs/csv';
import { Db } from '#libs/database';
import { CustomerExport } from './customer-export.js';
import type { ExportFilter, ExportKind, ExportSource } from './export-kinds.js';
import { PriceListExport } from './price-list-export.js';
import { ProductExport } from './product-export.js';

/** A piece of a file, with how many things are in it and the last of them. */
export interface ExportPiece {
  bytes: Buffer;
  count: number;
  position: string | null;
}

/** Writes things as CSV, a batch at a time: as a job into the database, or straight to whoever reads. */
@Injectable()
export class WriteExport {
  private readonly sources: Readonly<Record<ExportKind, ExportSource>>;

  constructor(
    private readonly db: Db,
    products: ProductExport,
    customers: CustomerExport,
    priceLists: PriceListExport,
  ) {
    this.sources = { products, customers, price_lists: priceLists };
  }

  /** How many things there will be, as far as one can tell before. */
  count(kind: ExportKind, filter: ExportFilter): Promise<number> {
    return this.sources[kind].count(this.db, filter);
  }

  /**
   * The file, in pieces; without its head when it goes on somewhere.
   * @param after position of the last thing that is written already
   */
  async *pieces(
    kind: ExportKind,
    filter: ExportFilter,
    { withHeader, after }: { withHeader: boolean; after: string | null },
  ): AsyncGenerator<ExportPiece> {
    const source = this.sources[kind];
    if (withHeader) yield { bytes: Buffer.from(`${BOM}${csvText([source.header])}`), count: 0, position: null };
    for (let position = after; ;) {
      const batch = await source.batch(this.db, filter, position);
      if (!batch) return;
      position = batch.position;
      yield { bytes: Buffer.from(csvText(batch.rows)), count: batch.count, position };
    }
  }
}
