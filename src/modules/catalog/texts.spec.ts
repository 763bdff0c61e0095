import { plainText, sanitizeDescription } from './description.js';
import { bandEnd } from './facets-sql.js';
import { handleOf } from './handle.js';
import { imageTypeOf } from './image-type.js';
import type { ListingSource, ListingVariant } from './listing-source.js';
import { listingRows } from './listing-text.js';
import { fullMediaUrl, localMediaUrl, withFullMediaUrls } from './media-url.js';
import { mergeStock } from './product-page.query.js';

describe('descriptions', () => {
  it('keep harmless formatting only', () => {
    expect(
      sanitizeDescription(
        '<p onclick="x()">Hi <b>you</b><script>alert(1)</script><style>p{}</style><a href="javascript:x()">a</a><iframe src="//e"></iframe></p>',
      ),
    ).toBe('<p>Hi <b>you</b><a rel="noopener nofollow">a</a></p>');
    expect(
      sanitizeDescription('<img src="data:image/png;base64,AAAA" alt="x"><img src="https://e.example/i.png">'),
    ).toBe('<img alt="x" /><img src="https://e.example/i.png" />');
  });

  it('come out the same when they are cleaned again', () => {
    for (const html of ['plain & <simple', '<p>a<br>b &amp; c &lt; d</p>', '<ul><li>x<li>y</ul>', '5 > 3 "quoted"']) {
      const once = sanitizeDescription(html);
      expect(sanitizeDescription(once)).toBe(once);
    }
  });

  it('are searched without their markup', () => {
    expect(plainText('<p>Red&nbsp;&amp; blue</p><p>caf&#233; &#x1F600;</p>&unknown;')).toBe('Red & blue café 😀');
  });
});

describe('handles', () => {
  it.each([
    ['Crème Brûlée Set', 'creme-brulee-set'],
    ["Men's T-Shirt (L)", 'mens-t-shirt-l'],
    ['  ---  ', 'product'],
    ['日本', 'product'],
    ['x'.repeat(400), 'x'.repeat(200)],
  ])('%s → %s', (title, handle) => expect(handleOf(title, 'product')).toBe(handle));
});

describe('uploaded images', () => {
  it.each([
    ['png', Buffer.from('89504e470d0a1a0a0000', 'hex')],
    ['jpg', Buffer.from('ffd8ffe000104a46', 'hex')],
    ['gif', Buffer.from('GIF89a......')],
    ['webp', Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1')],
    ['avif', Buffer.from('\0\0\0\x1cftypavif\0\0\0\0', 'latin1')],
    [null, Buffer.from('<svg xmlns="http://www.w3.org/2000/svg">')],
    [null, Buffer.from('<html><script>')],
    [null, Buffer.from('RIFF\x10\0\0\0WAVEfmt ', 'latin1')],
    [null, Buffer.alloc(0)],
  ])('are known by their first bytes: %s', (type, head) => expect(imageTypeOf(head)).toBe(type));

  it('are stored without the address of the day and shown with it', () => {
    const shop = 'https://shop.example';
    expect(localMediaUrl(`${shop}/media/a.png`, shop)).toBe('/media/a.png');
    expect(localMediaUrl('https://other.example/media/a.png', shop)).toBe('https://other.example/media/a.png');
    expect(fullMediaUrl('/media/a.png', shop)).toBe(`${shop}/media/a.png`);
    expect(fullMediaUrl('https://cdn.example/a.png', shop)).toBe('https://cdn.example/a.png');
    expect(JSON.parse(withFullMediaUrls(JSON.stringify({ a: '/media/x.png', b: 'no /media/ here' }), shop))).toEqual({
      a: `${shop}/media/x.png`,
      b: 'no /media/ here',
    });
  });
});

describe('price bands', () => {
  it.each([
    [0, 99],
    [100, 199],
    [200, 499],
    [500, 999],
    [1000, 1999],
    [20_000, 49_999],
    [5_000_000, 9_999_999],
  ])('from %i to %i', (lower, end) => expect(bandEnd(lower)).toBe(end));
});

const variant = (
  id: string,
  color: string,
  amounts: Record<string, number>,
  compareAt: number | null = null,
): ListingVariant => ({
  id,
  title: color,
  sku: null,
  barcode: null,
  option_values: [color],
  weight_grams: 1,
  requires_shipping: true,
  image_id: null,
  track_inventory: true,
  allow_backorder: false,
  sellable: true,
  parts: null,
  prices: Object.entries(amounts).map(([currency, amount]) => ({
    currency,
    amount,
    compare_at: compareAt,
    lowest: compareAt === null ? null : amount + 10,
    tiers: [
      [2, amount],
      [5, amount - 20],
      [8, amount - 10],
    ],
  })),
});

const source: ListingSource = {
  id: '01920000-0000-7000-8000-000000000001',
  handle: 'mug',
  title: 'Tab\there "quoted"',
  description_html: '<p>\t tabs \u001d and \u001e</p>',
  vendor: 'Holm',
  product_type: 'Mug',
  tags: [],
  option_names: ['Color'],
  seo_title: null,
  seo_description: null,
  attributes: null,
  created_at: new Date(0),
  updated_at: new Date(0),
  rating: null,
  collection_ids: [],
  images: [],
  categories: [],
  translations: null,
  variants: [
    variant('01920000-0000-7000-8000-000000000011', 'Red', { USD: 500, EUR: 450 }, 700),
    variant('01920000-0000-7000-8000-000000000012', 'Blue', { USD: 400 }),
  ],
};

describe('the read model of a product', () => {
  it('has a row for each currency, with the variants that have a price in it', () => {
    const rows = listingRows(source);
    expect(
      rows.map(({ listing }) => [listing.currency, listing.price_min, listing.price_max, listing.options]),
    ).toEqual([
      ['EUR', 450, 450, ['color=red']],
      ['USD', 400, 500, ['color=red', 'color=blue']],
    ]);
    expect(listingRows({ ...source, variants: [] })).toEqual([]);
  });

  it('shows what a price is reduced from, with the lowest price before, and what is cheaper by the dozen', () => {
    const [eur, usd] = listingRows(source);
    expect(JSON.parse(eur!.listing.card).compareAt).toEqual({ amount: 700, currency: 'EUR' });
    expect(JSON.parse(eur!.listing.card).lowestPrice30Days).toEqual({ amount: 460, currency: 'EUR' });
    expect(JSON.parse(usd!.listing.card)).not.toHaveProperty('compareAt');
    expect(JSON.parse(usd!.listing.card)).not.toHaveProperty('lowestPrice30Days');
    expect(JSON.parse(usd!.page.detail).variants[0].tiers).toEqual([
      { minQuantity: 5, price: { amount: 480, currency: 'USD' } },
    ]);
  });

  it('takes the stock of the moment in at the marks, whatever the texts hold', () => {
    const usd = listingRows(source)[1]!;
    const states = (stock: string | null) =>
      JSON.parse(mergeStock(usd.page.detail, stock, 5)).variants.map((v: any) => [
        v.options.Color,
        v.available,
        v.stock,
      ]);
    expect(JSON.parse(mergeStock(usd.page.detail, '1:5', 5))).toMatchObject({
      title: 'Tab\there "quoted"',
      available: true,
    });
    expect(states('1:5,2:0')).toEqual([
      ['Red', true, 'low_stock'],
      ['Blue', false, 'out_of_stock'],
    ]);
    expect(states('2:3,1:-1,2:3')).toEqual([
      ['Red', false, 'out_of_stock'],
      ['Blue', true, 'in_stock'],
    ]);
    expect(JSON.parse(mergeStock(usd.page.detail, null, 5)).available).toBe(false);
    expect(JSON.parse(usd.page.detail)).toMatchObject({ handle: 'mug' });
  });

  it('knows which variants are not counted, and which are sold without stock', () => {
    const [first, second] = source.variants;
    const variants = [
      { ...first!, track_inventory: false },
      { ...second!, allow_backorder: true },
    ];
    const usd = listingRows({ ...source, variants })[1]!;
    const page = JSON.parse(mergeStock(usd.page.detail, '2:1', 5));
    expect(page.variants.map((v: any) => v.stock)).toEqual(['in_stock', 'in_stock']);
    expect(JSON.parse(mergeStock(usd.page.detail, '2:0', 5)).variants[1].available).toBe(false);
  });
});
