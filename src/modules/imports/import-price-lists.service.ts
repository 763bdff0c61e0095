import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { listKeyOf, priceKeyOf, type PriceListOfFile, type PriceListRow, SavePriceLists } from '../catalog/index.js';
import type { CsvRow, ImportSource } from './csv/csv-rows.js';
import { PRICE_LIST_SHEET, priceListFromRow } from './csv/price-list-from-row.js';
import { importRows, repeated, type ReadRow } from './import-rows.js';
import type { ImportRun } from './import-run.js';
import type { ImportState } from './import-state.js';

/**
 * Imports price lists, a price a row: lists and prices that differ are written, the same file twice without effect. What the
 * file does not name stays.
 */
@Injectable()
export class ImportPriceLists {
  constructor(
    private readonly db: Db,
    private readonly saving: SavePriceLists,
  ) {}

  /** @throws ImportFileProblem when the file cannot be read to its end; then nothing was imported */
  execute(source: ImportSource, run: ImportRun): Promise<ImportState> {
    const file = new ListsOfFile();
    let held: ReadonlyMap<string, string> = new Map();
    let settled = new Map(held);
    const behind = new Map<string, PriceListOfFile>();
    return importRows(this.db, source, run, {
      sheet: PRICE_LIST_SHEET,
      things: 'prices',
      read: (columns, row) => {
        const { row: value, ...issues } = priceListFromRow(columns, row, run.options.currency);
        return value ? file.checked(value, row, issues) : { ...issues, value: null };
      },
      behind: ({ list }) => void (behind.has(listKeyOf(list)) || behind.set(listKeyOf(list), list)),
      save: async (tx, rows) => {
        settled = new Map(held);
        if (behind.size > 0) await this.saving.recall(tx, [...behind.values()], settled);
        return this.saving.execute(tx, rows, settled);
      },
      kept: () => {
        held = settled;
        behind.clear();
      },
    });
  }
}

/** What the rows of a file said so far, so that none says otherwise. */
class ListsOfFile {
  /** by their id, where they have one: it has one name */
  private readonly lists = new Map<string, { line: number; list: PriceListOfFile }>();
  private readonly firstOfName = new Map<string, { line: number; id: string | null }>();
  private readonly prices = new Map<string, number>();

  checked(value: PriceListRow, row: CsvRow, issues: Omit<ReadRow<PriceListRow>, 'value'>): ReadRow<PriceListRow> {
    const { list, price } = value;
    const key = listKeyOf(list);
    const left = (why: string) => {
      const reason = `the price list "${list.name}" ${why}, which holds.`;
      return { value: null, errors: [{ line: row.line, handle: price?.handle ?? null, reason }], warnings: [] };
    };
    const nameKey = JSON.stringify([list.name.toLowerCase(), list.currency]);
    const first = this.firstOfName.get(nameKey);
    // Whether both mean the same list, the shop alone could tell.
    if (first && (first.id === null) !== (list.id === null))
      return left(`has ${first.id === null ? 'no' : 'an'} id on line ${first.line}`);
    const listKey = list.id ?? key;
    const known = this.lists.get(listKey);
    if (known && JSON.stringify(known.list) !== JSON.stringify(list))
      return left(`is another one on line ${known.line}`);
    if (!known) this.lists.set(listKey, { line: row.line, list });
    const priceKey = JSON.stringify([key, price && priceKeyOf(price)]);
    const earlier = this.prices.get(priceKey);
    if (earlier !== undefined) return repeated(row, 'the price', earlier);
    this.prices.set(priceKey, row.line);
    if (!first) this.firstOfName.set(nameKey, { line: row.line, id: list.id });
    const isOnlyById = first !== undefined && first.id !== list.id;
    return { ...issues, value: { ...value, list: isOnlyById ? { ...list, isOnlyById } : list } };
  }
}
