import type { ImportSource } from './csv-rows.js';
import { type ReadProduct, productFromRows } from './product-from-rows.js';
import { outlineOf, readProductGroups } from './product-groups.js';

async function products(text: string, currency = 'USD'): Promise<ReadProduct[]> {
  const bytes = Buffer.from(text);
  const source: ImportSource = {
    name: 'test.csv',
    size: bytes.length,
    async *open() {
      yield bytes;
    },
  };
  const outline = await outlineOf(source);
  const read: ReadProduct[] = [];
  for await (const group of readProductGroups(source, outline)) {
    read.push(productFromRows(outline.columns, group, currency));
  }
  return read;
}

/** The only product of a file that is given as columns and rows. */
async function product(rows: Record<string, string>[], currency?: string): Promise<ReadProduct> {
  const columns = [...new Set(['Handle', 'Title', 'Variant Price', ...rows.flatMap(Object.keys)])];
  const text = rows.map((row, i) =>
    columns
      .map(
        (column) =>
          row[column] ?? { Handle: 'thing', Title: i === 0 ? 'Thing' : '', 'Variant Price': '5' }[column] ?? '',
      )
      .map((cell) => `"${cell.replaceAll('"', '""')}"`)
      .join(','),
  );
  const read = await products([columns.join(','), ...text].join('\n'), currency);
  expect(read).toHaveLength(1);
  return read[0]!;
}

const reasons = (read: ReadProduct) => read.errors.map(({ line, reason }) => `${line}: ${reason}`);
const variant = async (row: Record<string, string>, currency?: string) =>
  (await product([row], currency)).draft!.variants[0]!;

describe('productFromRows', () => {
  it('needs no more than handle, title and price', async () => {
    const read = await product([{}]);
    expect(read.errors).toEqual([]);
    expect(read.draft).toEqual({
      handle: 'thing',
      title: 'Thing',
      descriptionHtml: '',
      vendor: '',
      productType: '',
      tags: [],
      status: 'active',
      optionNames: [],
      images: [],
      variants: [
        {
          optionValues: [],
          sku: null,
          barcode: null,
          weightGrams: 0,
          requiresShipping: true,
          taxable: true,
          trackInventory: false,
          allowBackorder: false,
          prices: [{ currency: 'USD', amount: 500, compareAt: null }],
        },
      ],
    });
    expect(read.quantities).toEqual([null]);
  });
  it('tells apart a blank cell, which is FALSE as exports mean it, and a missing column', async () => {
    expect(await variant({ 'Variant Requires Shipping': '', 'Variant Taxable': '' })).toMatchObject({
      requiresShipping: false,
      taxable: false,
    });
  });
  it.each([
    ['USD', '19.99', 1999],
    ['USD', '20', 2000],
    ['JPY', '1999.00', 1999],
    ['KWD', '1.5', 1500],
  ])('reads a price in %s', async (currency, text, amount) => {
    expect((await variant({ 'Variant Price': text }, currency)).prices).toEqual([
      { currency, amount, compareAt: null },
    ]);
  });
  it.each(['1,999.00', '$5', '5.999', '-1', 'free', '99999999999999'])('refuses the price %s', async (text) => {
    expect(reasons(await product([{ 'Variant Price': text }]))).toEqual([
      expect.stringMatching(/^2: Variant Price (must|is)/),
    ]);
  });
  it('takes a compare-at price of zero for none', async () => {
    expect((await variant({ 'Variant Compare At Price': '0.00' })).prices[0]!.compareAt).toBeNull();
    expect((await variant({ 'Variant Compare At Price': '7.5' })).prices[0]!.compareAt).toBe(750);
  });
  it.each([
    [{ 'Variant Grams': '453.6' }, 454],
    [{ 'Variant Weight': '2.5', 'Variant Weight Unit': 'kg' }, 2500],
    [{ 'Variant Weight': '1', 'Variant Weight Unit': 'lb' }, 454],
    [{ 'Variant Weight': '2', 'Variant Weight Unit': 'oz' }, 57],
    [{ 'Variant Grams': '10', 'Variant Weight': '9', 'Variant Weight Unit': 'kg' }, 10],
  ])('reads the weight of %j', async (row, grams) => {
    expect((await variant(row as Record<string, string>)).weightGrams).toBe(grams);
  });

  it('tracks stock only where the file names a tracker', async () => {
    const read = await product([
      { 'Option1 Name': 'Size', 'Option1 Value': 'S', 'Variant Inventory Tracker': '', 'Variant Inventory Qty': '4' },
      { 'Option1 Value': 'M', 'Variant Inventory Tracker': 'shopify', 'Variant Inventory Qty': '4' },
      { 'Option1 Value': 'L', 'Variant Inventory Tracker': 'shopify', 'Variant Inventory Qty': '-2' },
      { 'Option1 Value': 'XL', 'Variant Inventory Tracker': 'shopify', 'Variant Inventory Policy': 'continue' },
    ]);
    expect(read.draft!.variants.map((v) => [v.trackInventory, v.allowBackorder])).toEqual([
      [false, false],
      [true, false],
      [true, false],
      [true, true],
    ]);
    expect(read.quantities).toEqual([null, 4, 0, null]);
    expect(read.warnings).toEqual([
      { line: 4, handle: 'thing', reason: 'Variant Inventory Qty is -2; 0 is taken instead.' },
    ]);
  });
  it('knows further images from further variants, and puts images in their order', async () => {
    const read = await product([
      { 'Option1 Name': 'Color', 'Option1 Value': 'Red', 'Image Src': 'https://a.example/2.jpg', 'Image Position': '2', 'Variant Image': 'https://a.example/2.jpg' },
      { 'Option1 Value': 'Blue', 'Image Src': '//a.example/1.jpg', 'Image Position': '1', 'Image Alt Text': 'One' },
      { 'Variant Price': '', 'Image Src': 'https://a.example/3.jpg', 'Image Position': '10' },
      { 'Variant Price': '', 'Image Src': 'https://a.example/2.jpg', 'Image Alt Text': 'Two' },
      { 'Variant Price': '', 'Image Src': 'javascript:alert(1)' },
    ]); // prettier-ignore
    expect(read.draft!.images).toEqual([
      { url: 'https://a.example/1.jpg', alt: 'One' },
      { url: 'https://a.example/2.jpg', alt: 'Two' },
      { url: 'https://a.example/3.jpg', alt: '' },
    ]);
    expect(read.draft!.variants.map((v) => [v.optionValues, v.imageUrl])).toEqual([
      [['Red'], 'https://a.example/2.jpg'],
      [['Blue'], null],
    ]);
    expect(read.warnings.map((w) => w.reason)).toEqual(['Image Src is not an http address; the image is left out.']);
  });
  it.each([
    [{ Published: 'TRUE', Status: 'active' }, 'active'],
    [{ Published: 'false', Status: 'active' }, 'draft'],
    [{ Published: 'false' }, 'draft'],
    [{ Published: '' }, 'active'],
    [{ Status: 'Draft' }, 'draft'],
    [{ Status: 'archived', Published: 'true' }, 'archived'],
    [{ 'Gift Card': 'true' }, 'active'],
  ])('%j is %s', async (row, status) => {
    expect((await product([row as Record<string, string>])).draft!.status).toBe(status);
  });

  it.each<[string, Record<string, string>[], string[]]>([
    [
      'a variant that is there twice, whatever its case',
      [{ 'Option1 Name': 'Color', 'Option1 Value': 'Red' }, { 'Option1 Value': 'RED' }],
      ['3: the variant RED is on line 2 already.'],
    ],
    ['a second variant without options', [{}, {}], ['3: the product has no options, so it can have only one variant.']],
    [
      'a variant without a value of an option',
      [
        { 'Option1 Name': 'Color', 'Option1 Value': 'Red', 'Option2 Name': 'Size', 'Option2 Value': 'S' },
        { 'Option1 Value': 'Blue' },
      ],
      ['3: Option2 Value (Size) is empty.'],
    ],
    [
      'an option without a name',
      [{ 'Option1 Value': 'Red' }],
      ['2: Option1 Value has a value, but Option1 Name is empty.'],
    ],
    [
      'two options of one name',
      [{ 'Option1 Name': 'Color', 'Option1 Value': 'Red', 'Option2 Name': 'color', 'Option2 Value': 'S' }],
      ['2: two options are called "color".'],
    ],
    ['a missing title', [{ Title: '' }], ['2: Title is empty on every row of the product.']],
    ['a long title', [{ Title: 'x'.repeat(256) }], ['2: Title is longer than 255 characters.']],
    ['an unknown status', [{ Status: 'sold' }], ['2: Status must be active, draft or archived, not "sold".']],
    [
      'all mistakes of a row at once',
      [
        {
          Published: 'maybe',
          'Variant Grams': 'heavy',
          'Variant Inventory Tracker': 'shopify',
          'Variant Inventory Qty': '1.5',
        },
      ],
      [
        '2: Variant Grams must be a number, not "heavy".',
        '2: Variant Inventory Qty must be a whole number, not "1.5".',
        '2: Published must be TRUE or FALSE, not "maybe".',
      ],
    ],
  ])('refuses %s', async (_name, rows, expected) => {
    const read = await product(rows);
    expect(reasons(read)).toEqual(expected);
    expect(read.draft).toBeNull();
  });

  it('puts the rows of a product together wherever they are, and keeps the others in their order', async () => {
    const read = await products(
      [
        'Handle,Title,Option1 Name,Option1 Value,Variant Price',
        'a,A,Size,S,1',
        'b,B,,,2',
        'a,,,M,1',
        'c,C,,,3',
        ' A ,,,L,1',
      ].join('\n'),
    );
    expect(read.map((p) => [p.handle, p.draft!.variants.length])).toEqual([
      ['b', 1],
      ['c', 1],
      ['a', 3],
    ]);
  });
  it('tells of rows that belong to no product, and passes over blank ones', async () => {
    const read = await products('Handle,Title,Variant Price\n,Nameless,1\n,,\na,A,1');
    expect(read.map((p) => [p.handle, reasons(p)])).toEqual([
      [null, ['2: Handle is empty, so the row belongs to no product.']],
      ['a', []],
    ]);
  });
  it.each([
    ['Name,Price\na,1', 'Line 1: there is no column "Handle" and "Title"; this is not a Shopify product export.'],
    ['{"products": []}', 'Line 1: '],
    ['Handle,Title\n', 'Line 1: there are no products below the header.'],
  ])('refuses a file that is something else: %j', async (text, message) => {
    await expect(products(text)).rejects.toThrow(message);
  });

  it('takes commas for decimal points where semicolons separate the columns', async () => {
    const [read] = await products('Handle;Title;Variant Price;Variant Grams\nb;B;19,99;1,5');
    expect(read!.draft!.variants[0]).toMatchObject({ prices: [{ amount: 1999 }], weightGrams: 2 });
  });
  it("takes off the ' that keeps a text from being a formula", async () => {
    const [read] = await products(`Handle,Title,Variant Price,Variant SKU\nb,'=Sum,5,''-5`);
    expect(read!.draft).toMatchObject({ title: '=Sum', variants: [{ sku: "'-5" }] });
  });
});
