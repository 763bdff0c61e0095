import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Random } from '../random.js';
import { makeWares, type Ware } from './words.js';

const SEED = 20_260_101;
const PIECE = 500;
const HEADER = [
  'Handle', 'Title', 'Body (HTML)', 'Vendor', 'Type', 'Tags', 'Published', 'Option1 Name', 'Option1 Value', 'Variant SKU',
  'Variant Grams', 'Variant Inventory Tracker', 'Variant Inventory Qty', 'Variant Inventory Policy', 'Variant Price',
  'Variant Compare At Price', 'Variant Requires Shipping', 'Variant Taxable', 'Image Src', 'Image Position', 'Status',
]; // prettier-ignore

/** Writes a file of products as a shop would export it: three variants and two images each, a row for a variant. */
export async function writeSheet(path: string, products: number): Promise<void> {
  await pipeline(Readable.from(pieces(products)), createWriteStream(path));
}

function* pieces(products: number): Generator<string> {
  yield line(HEADER);
  const wares = makeWares(products, new Random(SEED));
  for (let i = 0; i < wares.length; i += PIECE)
    yield wares
      .slice(i, i + PIECE)
      .flatMap((ware, n) => rowsOf(ware, i + n))
      .join('');
}

function rowsOf(ware: Ware, number: number): string[] {
  const handle = ware.title.toLowerCase().replaceAll(' ', '-');
  return ware.colors.map((color, n) => {
    const first = n === 0;
    const image = n < 2 ? [`https://images.example.com/${handle}-${n}.jpg`, n + 1] : ['', ''];
    const price = ware.price + n * 250;
    return line([
      handle,
      ...(first
        ? [ware.title, ware.descriptionHtml, ware.vendor, ware.productType, ware.tags.join(', '), 'true', 'Color']
        : ['', '', '', '', '', '', '']),
      color,
      `SKU-${number}-${n}`,
      400,
      'shopify',
      100,
      'deny',
      money(price),
      first ? money(price + 1_000) : '',
      'true',
      'true',
      ...image,
      first ? 'active' : '',
    ]);
  });
}

const money = (amount: number) => (amount / 100).toFixed(2);

const line = (cells: readonly (string | number)[]) =>
  `${cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',')}\n`;
