import { restored } from '#libs/csv';
import type { CsvFormat } from './csv-format.js';
import { ImportFileProblem } from './import-file-problem.js';

/**
 * What we read, with the headers under which exports of different years have it. Every other column is ignored, among
 * them `Option1 Linked To` and the prices of other markets.
 */
const HEADERS = {
  handle: ['Handle', 'URL handle'],
  title: ['Title'],
  body: ['Body (HTML)', 'Body HTML', 'Description'],
  vendor: ['Vendor'],
  type: ['Type', 'Custom Product Type'],
  tags: ['Tags'],
  published: ['Published', 'Published on online store'],
  status: ['Status'],
  option1Name: ['Option1 Name'],
  option1Value: ['Option1 Value'],
  option2Name: ['Option2 Name'],
  option2Value: ['Option2 Value'],
  option3Name: ['Option3 Name'],
  option3Value: ['Option3 Value'],
  sku: ['Variant SKU', 'SKU'],
  grams: ['Variant Grams', 'Weight value (grams)'],
  weight: ['Variant Weight'],
  weightUnit: ['Variant Weight Unit', 'Weight unit for display'],
  tracker: ['Variant Inventory Tracker', 'Inventory tracker'],
  quantity: ['Variant Inventory Qty', 'Inventory quantity'],
  policy: ['Variant Inventory Policy', 'Continue selling when out of stock'],
  price: ['Variant Price', 'Price'],
  compareAt: ['Variant Compare At Price', 'Compare-at price'],
  requiresShipping: ['Variant Requires Shipping', 'Requires shipping'],
  taxable: ['Variant Taxable', 'Charge tax'],
  taxClass: ['Variant Tax Class'],
  barcode: ['Variant Barcode', 'Barcode'],
  imageUrl: ['Image Src', 'Product image URL', 'Image URL'],
  imagePosition: ['Image Position'],
  imageAlt: ['Image Alt Text'],
  variantImage: ['Variant Image', 'Variant image URL'],
  giftCard: ['Gift Card'],
  attributes: ['Attributes'],
  publishAt: ['Publish At'],
  unpublishAt: ['Unpublish At'],
  seoTitle: ['SEO Title'],
  seoDescription: ['SEO Description'],
} as const;

/** A column that the import of products reads. */
export type ColumnName = keyof typeof HEADERS;

/** A kind of file: its columns, with the headers under which files have them, and those that it cannot be without. */
export interface Sheet<Name extends string> {
  headers: Readonly<Record<Name, readonly string[]>>;
  required: readonly Name[];
  /** `a Shopify product export` */
  what: string;
}

export const PRODUCT_SHEET: Sheet<ColumnName> = {
  headers: HEADERS,
  required: ['handle', 'title'],
  what: 'a Shopify product export',
};

/** Where each column stands in this file. */
export class Columns<Name extends string = ColumnName> {
  private constructor(
    private readonly sheet: Sheet<Name>,
    private readonly positions: Map<Name, number>,
    readonly header: readonly string[],
    private readonly delimiter: CsvFormat['delimiter'],
  ) {}

  /** @throws ImportFileProblem when the row is not the header of such a file */
  static fromHeader<Name extends string>(
    sheet: Sheet<Name>,
    cells: readonly string[],
    line: number,
    { delimiter }: CsvFormat,
  ): Columns<Name> {
    const names = Object.keys(sheet.headers) as Name[];
    const known = new Map(names.flatMap((name) => sheet.headers[name].map((h) => [h.toLowerCase(), name] as const)));
    const positions = new Map<Name, number>();
    cells.forEach((cell, i) => {
      const name = known.get(cell.trim().toLowerCase());
      if (name !== undefined && !positions.has(name)) positions.set(name, i);
    });
    const missing = sheet.required.filter((name) => !positions.has(name));
    if (missing.length > 0) {
      const wanted = missing.map((name) => `"${sheet.headers[name][0]}"`).join(' and ');
      throw new ImportFileProblem(line, `there is no column ${wanted}; this is not ${sheet.what}.`);
    }
    return new Columns(sheet, positions, cells, delimiter);
  }

  has(name: Name): boolean {
    return this.positions.has(name);
  }

  /**
   * The text of a cell without white space around it, and without the ' that keeps it from being a formula; empty when the
   * cell or the column is missing.
   */
  cell(row: { cells: readonly string[] }, name: Name): string {
    const position = this.positions.get(name);
    return position === undefined ? '' : restored(row.cells[position] ?? '').trim();
  }

  /** The text of a number. Where semicolons separate the columns, commas separate the decimals. */
  number(row: { cells: readonly string[] }, name: Name): string {
    const text = this.cell(row, name);
    return this.delimiter === ';' && /^-?\d+,\d+$/.test(text) ? text.replace(',', '.') : text;
  }

  /** The column as this file calls it, for messages. */
  label(name: Name): string {
    const position = this.positions.get(name);
    return position === undefined ? this.sheet.headers[name][0]! : this.header[position]!.trim();
  }

  /** Whether the row has text beyond the last column: a sign of a comma that should have been quoted. */
  overflows(row: { cells: readonly string[] }): boolean {
    return row.cells.slice(this.header.length).some((cell) => cell.trim() !== '');
  }
}
