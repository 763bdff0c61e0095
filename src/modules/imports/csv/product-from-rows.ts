import { readList } from '#libs/csv';
import { MAX_IMAGES, MAX_VARIANTS, optionKeyOf, type ProductDraft, type VariantDraft } from '../../catalog/index.js';
import {
  type Reading,
  readFlag,
  readPolicy,
  readPrice,
  readQuantity,
  readTime,
  readUrl,
  readValues,
  readWeight,
} from './cell-values.js';
import type { ColumnName, Columns } from './columns.js';
import type { CsvRow } from './csv-rows.js';
import { type ImportIssue, IssueList } from './issues.js';
import type { ProductGroup } from './product-groups.js';
import { readOptions } from './read-options.js';

/** What the rows of one product say. Without a draft it cannot be imported, and `errors` tells why. */
export interface ReadProduct {
  handle: string | null;
  /** Its first line, for errors that come up later. */
  line: number;
  draft: ProductDraft | null;
  /** On-hand stock of each variant of the draft; null where the file gives none or stock is not tracked. */
  quantities: (number | null)[];
  /** Why variants that the shop does not have yet cannot be made: they have no price. */
  unpriced: (ImportIssue & { optionKey: string })[];
  errors: ImportIssue[];
  warnings: ImportIssue[];
}

const MAX_TEXT = 255;

/** Turns the rows of one product into a draft; looks at every row, so that all mistakes are told at once. */
export function productFromRows(
  columns: Columns,
  group: ProductGroup,
  currency: string,
  taxClassIds: ReadonlyMap<string, string> = new Map(),
): ReadProduct {
  const issues = new IssueList(group.handle);
  const reader = new ProductReader(columns, group.rows, currency, taxClassIds, issues);
  const read = group.handle === null ? reader.withoutHandle() : reader.read(group.handle);
  const { errors, warnings } = issues;
  const base = { handle: group.handle, line: group.rows[0]!.line, errors, warnings };
  return errors.length > 0 ? { ...base, ...NOTHING } : { ...base, ...read };
}

type Read = Pick<ReadProduct, 'draft' | 'quantities' | 'unpriced'>;
const NOTHING: Read = { draft: null, quantities: [], unpriced: [] };

class ProductReader {
  private readonly head: CsvRow;

  constructor(
    private readonly columns: Columns,
    private readonly rows: CsvRow[],
    private readonly currency: string,
    private readonly taxClassIds: ReadonlyMap<string, string>,
    private readonly issues: IssueList,
  ) {
    this.head = rows.find((row) => columns.cell(row, 'title') !== '') ?? rows[0]!;
  }

  withoutHandle(): Read {
    this.issues.error(this.head, `${this.columns.label('handle')} is empty, so the row belongs to no product.`);
    return NOTHING;
  }

  read(handle: string): Read {
    this.checkRows();
    if (handle.length > MAX_TEXT) this.tooLong(this.head, 'handle');
    const title = this.text('title');
    if (title === '')
      this.issues.error(this.head, `${this.columns.label('title')} is empty on every row of the product.`);
    const variantRows = this.rows.filter((row) => row === this.head || this.isVariant(row));
    const options = readOptions(this.columns, this.rows, variantRows, this.issues);
    this.checkSize(variantRows);
    const images = this.images();
    const variants = variantRows.flatMap((row) => {
      const optionValues = options.values.get(row);
      return optionValues ? [{ row, ...this.variant(row, optionValues) }] : [];
    });
    return {
      draft: {
        handle,
        title,
        descriptionHtml: this.columns.cell(this.head, 'body'),
        vendor: this.text('vendor'),
        productType: this.text('type'),
        tags: this.tags(),
        status: this.status(),
        ...(this.columns.has('giftCard') ? { giftCard: this.flag(this.head, 'giftCard', false) } : {}),
        optionNames: options.names,
        ...this.seo(),
        ...this.extras(),
        images,
        variants: variants.map(({ draft }) => draft),
      },
      quantities: variants.map(({ quantity }) => quantity),
      unpriced: variants.flatMap(({ draft, row }) =>
        draft.prices.length > 0
          ? []
          : { line: row.line, handle, reason: this.noPrice, optionKey: optionKeyOf(draft.optionValues) },
      ),
    };
  }

  private checkRows(): void {
    for (const row of this.rows) {
      if (this.columns.overflows(row)) {
        this.issues.error(row, 'the row has more fields than the header: a comma is probably not quoted.');
      } else if (row !== this.head && !this.isVariant(row) && this.columns.cell(row, 'imageUrl') === '') {
        this.issues.warn(row, 'the row holds neither a variant nor an image.');
      }
      const title = this.columns.cell(row, 'title');
      if (title !== '' && row !== this.head && title !== this.columns.cell(this.head, 'title')) {
        this.issues.warn(row, `the product has another title on line ${this.head.line}, which holds.`);
      }
    }
  }

  /** Tells the first row that is too much. */
  private checkSize(variantRows: readonly CsvRow[]): void {
    const variant = variantRows[MAX_VARIANTS];
    if (variant) this.issues.error(variant, `a product may have ${MAX_VARIANTS} variants at most.`);
    const urls = new Set<string>();
    for (const row of this.rows) {
      for (const column of ['imageUrl', 'variantImage'] as const) urls.add(this.columns.cell(row, column));
      urls.delete('');
      if (urls.size <= MAX_IMAGES) continue;
      this.issues.error(row, `a product may have ${MAX_IMAGES} images at most.`);
      return;
    }
  }

  /** The rows below the first one that are more than a further image. */
  private isVariant(row: CsvRow): boolean {
    return (['option1Value', 'option2Value', 'option3Value', 'price', 'sku'] as const).some(
      (column) => this.columns.cell(row, column) !== '',
    );
  }

  private variant(row: CsvRow, optionValues: string[]): { draft: VariantDraft; quantity: number | null } {
    const { columns } = this;
    const amount = this.value(row, 'price', readPrice(columns.number(row, 'price'), this.currency), 0);
    const compareAt = this.value(row, 'compareAt', readPrice(columns.number(row, 'compareAt'), this.currency), null);
    if (amount === null && compareAt !== null) this.issues.error(row, this.noPrice);
    const tracked = columns.cell(row, 'tracker') !== '';
    return {
      draft: {
        optionValues,
        sku: this.text('sku', row) || null,
        barcode: this.text('barcode', row) || null,
        weightGrams: this.weight(row),
        requiresShipping: this.flag(row, 'requiresShipping', !columns.has('requiresShipping')),
        taxable: this.flag(row, 'taxable', !columns.has('taxable')),
        ...(columns.has('taxClass') ? { taxClassId: this.taxClass(row) } : {}),
        trackInventory: tracked,
        allowBackorder: this.value(row, 'policy', readPolicy(columns.cell(row, 'policy')), false),
        ...(columns.has('variantImage') ? { imageUrl: this.imageUrl(row, 'variantImage') } : {}),
        // Files in a currency that not all are sold in have empty cells: what is there stays.
        prices: amount === null ? [] : [{ currency: this.currency, amount, compareAt: compareAt || null }],
      },
      quantity: tracked ? this.quantity(row) : null,
    };
  }

  private get noPrice(): string {
    return `${this.columns.label('price')} is empty.`;
  }

  private taxClass(row: CsvRow): string | null {
    const name = this.columns.cell(row, 'taxClass');
    if (name === '') return null;
    const id = this.taxClassIds.get(name.toLowerCase());
    if (id === undefined) this.issues.error(row, `there is no tax class "${name}".`);
    return id ?? null;
  }

  private quantity(row: CsvRow): number | null {
    const quantity = this.value(row, 'quantity', readQuantity(this.columns.cell(row, 'quantity')), null);
    if (quantity === null || quantity >= 0) return quantity;
    this.issues.warn(row, `${this.columns.label('quantity')} is ${quantity}; 0 is taken instead.`);
    return 0;
  }

  /** Exports give grams whatever unit is shown; older ones give a weight in its unit. */
  private weight(row: CsvRow): number {
    const grams = this.columns.number(row, 'grams');
    const weight = this.columns.number(row, 'weight');
    if (grams !== '' || weight === '') return this.value(row, 'grams', readWeight(grams, 'g'), 0);
    return this.value(row, 'weight', readWeight(weight, this.columns.cell(row, 'weightUnit') || 'kg'), 0);
  }

  private images(): ProductDraft['images'] {
    const found = new Map<string, { url: string; alt: string; position: number }>();
    for (const row of this.rows) {
      const url = this.imageUrl(row, 'imageUrl');
      if (url === null) continue;
      const alt = this.columns.cell(row, 'imageAlt');
      const position = Number.parseInt(this.columns.cell(row, 'imagePosition'), 10);
      const known = found.get(url);
      if (known) known.alt ||= alt;
      else found.set(url, { url, alt, position: Number.isNaN(position) ? Infinity : position });
    }
    return [...found.values()]
      .sort((a, b) => (a.position === b.position ? 0 : a.position - b.position))
      .map(({ url, alt }) => ({ url, alt }));
  }

  private imageUrl(row: CsvRow, column: 'imageUrl' | 'variantImage'): string | null {
    const text = this.columns.cell(row, column);
    if (text === '') return null;
    const url = readUrl(text);
    if (url === null)
      this.issues.warn(row, `${this.columns.label(column)} is not an http address; the image is left out.`);
    return url;
  }

  private tags(): string[] {
    const cell = this.columns.cell(this.head, 'tags');
    // Other shops know no quotation marks around a tag.
    const tags = readList(cell) ?? cell.split(',').map((tag) => tag.trim());
    return [...new Set(tags.filter((tag) => tag !== ''))];
  }

  /** A status is decisive; what is not published on the online store is not shown. */
  private status(): ProductDraft['status'] {
    const status = this.columns.cell(this.head, 'status').toLowerCase();
    if (!['', 'active', 'draft', 'archived', 'unlisted'].includes(status)) {
      this.issues.error(
        this.head,
        `${this.columns.label('status')} must be active, draft or archived, not "${status}".`,
      );
    }
    const published = this.flag(this.head, 'published', true);
    if (status === 'archived') return 'archived';
    return published && (status === '' || status === 'active') ? 'active' : 'draft';
  }

  private seo(): Pick<ProductDraft, 'seoTitle' | 'seoDescription'> {
    const of = (column: ColumnName) => this.columns.cell(this.head, column) || null;
    return {
      ...(this.columns.has('seoTitle') ? { seoTitle: of('seoTitle') } : {}),
      ...(this.columns.has('seoDescription') ? { seoDescription: of('seoDescription') } : {}),
    };
  }

  private extras(): Pick<ProductDraft, 'attributes' | 'publishAt' | 'unpublishAt'> {
    const cell = (column: ColumnName) => this.columns.cell(this.head, column);
    const time = (column: 'publishAt' | 'unpublishAt') =>
      this.columns.has(column) ? { [column]: this.value(this.head, column, readTime(cell(column)), null) } : {};
    return {
      ...(this.columns.has('attributes')
        ? { attributes: this.value(this.head, 'attributes', readValues(cell('attributes')), {}) }
        : {}),
      ...time('publishAt'),
      ...time('unpublishAt'),
    };
  }

  private text(column: ColumnName, row: CsvRow = this.head): string {
    const text = this.columns.cell(row, column);
    if (text.length > MAX_TEXT) this.tooLong(row, column);
    return text;
  }

  private tooLong(row: CsvRow, column: ColumnName): void {
    this.issues.error(row, `${this.columns.label(column)} is longer than ${MAX_TEXT} characters.`);
  }

  private flag(row: CsvRow, column: ColumnName, blank: boolean): boolean {
    return this.value(row, column, readFlag(this.columns.cell(row, column), blank), blank);
  }

  private value<T>(row: CsvRow, column: ColumnName, reading: Reading<T>, otherwise: T): T {
    if ('value' in reading) return reading.value;
    this.issues.error(row, `${this.columns.label(column)} ${reading.reason}.`);
    return otherwise;
  }
}
