import { decodeId, encodeId, newUuid } from '#libs/ids';
import { fileOf, importInto } from '../support/files.js';
import { Shop } from '../support/shop.js';

/** What exports of shops have in common, and where each is different. */
const HEADER =
  'Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,SEO Title,SEO Description,Google Shopping / Gender,Variant Image,Variant Weight Unit,Variant Tax Code';
const img = (name: string) => `https://img.example.com/${name}_925x.jpg`;
const FILES = {
  'one variant each, no tracker, no SKU, whole prices, text with a blank at its end': [
    HEADER,
    `sea-shirt,Sea Shirt,Cotton shirt with a narrow collar. ,demo,,men,true,Title,Default Title,,,,,,0,,1,deny,manual,50,,true,true,,${img('sea')},1,,false,,,,,kg,`,
    `tops,Tops,"<p>Two ""tops"",
of wool</p>",demo,,"women, wool",true,Size,S,Color,Red,,,,250.4,,3,deny,manual,9.5,12,true,false,,${img('tops')},1,Tops,false,Tops,Of wool,,,g,`,
    `tops,,,,,,,,M,,Red,,,,250,,3,deny,manual,9.50,,true,false,,${img('tops-2')},2,,,,,,,g,`,
    `tops,,,,,,,,,,,,,,,,,,,,,,,,${img('tops-3')},3,From behind,,,,,,,`,
    '',
  ].join('\n'),
  'another column whose name ends with a blank, options of one value, a draft': [
    `${HEADER},Cost `,
    `pot,Clay Pot,<p>Pot</p>,Company 123,Outdoor,"Pot, Plants",true,Size,Regular,,,,,,0,shopify,7,continue,manual,9.99,,true,true,,${img('pot')},1,,false,,,,,kg,,4.10`,
    `bench,Bench,,Company 123,Outdoor,,false,Title,Default Title,,,,,B-1,12000,shopify,0,deny,manual,199.00,249.00,true,true,0123456789012,,,,false,,,,,kg,,`,
    '',
  ].join('\r\n'),
  'images of variants, prices that are compared, semicolons': [
    HEADER.replaceAll(',', ';'),
    `chain;Chain & Co;"Blue; or black.";Company 123;Bracelet;Beads;true;Color;Blue;;;;;;0;;1;deny;manual;42,99;44,99;true;true;;${img('chain')};1;;false;;;;${img('chain-navy')};kg;`,
    `chain;;;;;;;;Black;;;;;;0;;1;deny;manual;42,99;44,99;true;true;;${img('chain-navy')};2;;;;;;${img('chain')};kg;`,
    '',
  ].join('\n'),
};
const UNCHANGED = { created: 0, updated: 0, failed: 0 };

describe('what is exported', () => {
  let shop: Shop;
  let other: Shop;
  let owner: string;
  let others: string;
  beforeAll(async () => {
    [shop, other] = await Promise.all([Shop.start({ stripe: false }), Shop.start({ stripe: false })]);
    [owner, others] = await Promise.all([shop.staff(), other.staff()]);
  });
  afterAll(() => Promise.all([shop?.stop(), other?.stop()]));

  const versions = (target: Shop) =>
    target.db.query(
      `SELECT p.id, p.version, p.updated_at, v.id AS variant, v.version AS of_variant, (SELECT count(*) FROM stock_movements) AS moved
       FROM products p LEFT JOIN variants v ON v.product_id = p.id ORDER BY p.id, v.id`,
    );
  /** A file goes in without a difference, whatever is done with stock, and comes out again as it is. */
  async function isAtHome(target: Shop, bearer: string, file: string, asked: any, options = {}): Promise<void> {
    const before = await versions(target);
    for (const stock of ['keep', 'set']) {
      const again = await importInto(target, bearer, file, asked.kind, { ...options, stock });
      expect(again).toMatchObject({ summary: UNCHANGED, errors: [], warnings: [] });
      expect(again.summary.unchanged).toBeGreaterThan(0);
    }
    expect(await versions(target)).toEqual(before);
    expect(await fileOf(target, bearer, asked)).toBe(file);
  }

  it.each(Object.entries(FILES))('of %s comes back byte by byte, also from another shop', async (_name, source) => {
    const [handle] = /^[a-z-]+/m.exec(source.split('\n')[1]!)!;
    const vendor = handle === 'sea-shirt' ? 'demo' : 'Company 123';
    const made = await importInto(shop, owner, source);
    expect(made).toMatchObject({ summary: { failed: 0, updated: 0, unchanged: 0 }, errors: [], warnings: [] });
    const asked = { kind: 'products', filter: { vendor } };
    const file = await fileOf(shop, owner, asked);
    await isAtHome(shop, owner, file, asked);
    const reread = await importInto(shop, owner, source);
    expect(reread).toMatchObject({ summary: { ...UNCHANGED, unchanged: made.summary.created } });
    expect(await fileOf(shop, owner, asked)).toBe(file);
    await importInto(other, others, source);
    expect(await fileOf(other, others, asked)).toBe(file);
    await isAtHome(other, others, file, asked);
  });

  describe('of a shop that has everything', () => {
    const inHours = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();
    const make = async (target: Shop, bearer: string, path: string, body: object) => {
      const answer = await target.call('POST', `/v1/admin/${path}`, { bearer, body });
      if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    /** What files name and do not bring along. */
    async function prepare(target: Shop, bearer: string): Promise<{ groupId: string; marketId: string }> {
      await make(target, bearer, 'attributes', { key: 'wool', label: 'Wool', type: 'choice', choices: ['Merino', 'Cashmere, "fine"'] }); // prettier-ignore
      await make(target, bearer, 'tax-classes', { name: 'Reduced' });
      const group = await make(target, bearer, 'customer-groups', { name: 'Trade, "big"' });
      const market = await make(target, bearer, 'markets', { name: 'Gulf', countries: ['KW'], currency: 'KWD', pricesIncludeTax: false }); // prettier-ignore
      return { groupId: group.id, marketId: market.id };
    }
    /** The same wherever the products stand in it. */
    const sorted = (file: string) => file.split('\n').sort();
    /** All variants have a price in the first one. */
    const CURRENCIES = ['EUR', 'USD', 'JPY', 'KWD'];
    const inCurrency = (currency: string) => ({ kind: 'products', filter: { currency, vendor: 'Rich' } });
    const LISTS = { kind: 'price_lists' };
    const CUSTOMERS = { kind: 'customers' };

    it('comes back byte by byte, in each currency, with lists and customers, also from another shop', async () => {
      const { groupId, marketId } = await prepare(shop, owner);
      const prices = (base: number) => [
        { amount: base, currency: 'USD', compareAt: base + 501 },
        { amount: base - 99, currency: 'EUR' },
        { amount: base / 10, currency: 'JPY' },
        { amount: base * 3 + 1, currency: 'KWD' },
      ];
      const coat = await make(shop, owner, 'products', {
        title: 'Coat; of "wool", é',
        vendor: 'Rich',
        tags: ['a, b', 'c'],
        options: ['Size', 'Color'],
        attributes: { wool: 'Cashmere, "fine"' },
        status: 'draft',
        publishAt: inHours(3),
        unpublishAt: inHours(30),
        variants: [
          { options: { Size: 'S', Color: 'Red' }, sku: 'COAT-S', prices: prices(12_990) },
          {
            options: { Size: 'M', Color: 'Red' },
            sku: 'COAT-M',
            prices: prices(13_990).slice(0, 2),
            trackInventory: false,
          },
          { options: { Size: 'M', Color: '-2' }, sku: '=COAT', prices: prices(14_990).slice(1) },
        ],
      });
      const scarf = await make(shop, owner, 'products', {
        title: 'Scarf',
        vendor: 'Rich',
        status: 'active',
        unpublishAt: inHours(5),
        variants: [{ prices: prices(1_990), weightGrams: 80 }],
      });
      for (const [productId, name] of [
        [coat.id, 'coat'],
        [coat.id, 'coat-2'],
        [scarf.id, 'scarf'],
      ])
        // prettier-ignore
        await make(shop, owner, `products/${productId}/images`, { url: img(name!), alt: `The ${name}, "front"` });
      const [small] = coat.variants;
      const away = newUuid();
      await shop.db.query(`INSERT INTO locations (id, name) VALUES ($1, 'Away')`, [away]);
      await shop.db.query(`INSERT INTO stock_levels (variant_id, location_id) VALUES ($1, $2)`, [
        decodeId('variant', small.id),
        away,
      ]);
      for (const [locationId, onHand] of [
        [undefined, 7],
        [encodeId('location', away), 5],
      ])
        // prettier-ignore
        expect(
          await shop.call('POST', '/v1/admin/stock-adjustments', {
            bearer: owner,
            key: newUuid(),
            body: { variantId: small.id, onHand, reason: 'count', ...(locationId ? { locationId } : {}) },
          }),
        ).toMatchObject({ status: 201 });
      const stockOf = () => shop.db.query(`SELECT location_id, on_hand FROM stock_levels WHERE on_hand > 0 ORDER BY 2`);
      const [trade, gulf] = [
        await make(shop, owner, 'price-lists', { name: "'=Trade", currency: 'EUR', customerGroupId: groupId, startsAt: inHours(1), endsAt: inHours(99) }), // prettier-ignore
        await make(shop, owner, 'price-lists', { name: 'Gulf', currency: 'KWD', marketId }),
      ];
      await make(shop, owner, 'price-lists', { name: 'Nothing yet', currency: 'JPY' });
      for (const [list, amount] of [
        [trade, 9_999],
        [gulf, 12_345],
      ])
        // prettier-ignore
        expect(
          await shop.call('PUT', `/v1/admin/price-lists/${list.id}/entries`, {
            bearer: owner,
            headers: { 'If-Match': '*' },
            body: { entries: [{ variantId: small.id, amount }, { variantId: small.id, amount: amount - 5, minQuantity: 10 }] }, // prettier-ignore
          }),
        ).toMatchObject({ status: 200 });
      for (const email of ['ada@example.com', 'bob@example.com']) {
        const { id } = await make(shop, owner, 'customers', {
          email,
          firstName: "'=Ada",
          lastName: 'L, "B"',
          note: '=Calls,\nbefore "noon"',
          tags: ['wholesale', 'a, b', '+1'],
        });
        if (email.startsWith('ada'))
          await shop.call('PUT', `/v1/admin/customer-groups/${groupId}/members/${id}`, { bearer: owner });
      }

      const stock = await stockOf();
      expect(stock.map((level: any) => level.on_hand)).toContain(5);
      const files = new Map<string, string>();
      for (const currency of CURRENCIES) {
        files.set(currency, await fileOf(shop, owner, inCurrency(currency)));
        await isAtHome(shop, owner, files.get(currency)!, inCurrency(currency), { currency });
      }
      const [lists, customers] = [await fileOf(shop, owner, LISTS), await fileOf(shop, owner, CUSTOMERS)];
      await isAtHome(shop, owner, lists, LISTS);
      await isAtHome(shop, owner, customers, CUSTOMERS);
      expect(await stockOf()).toEqual(stock);

      await prepare(other, others);
      // A variant is not made without a price, and neither is its product.
      const dollars = await importInto(other, others, files.get('USD')!);
      expect(dollars).toMatchObject({ summary: { created: 1, failed: 1 } });
      expect(dollars.errors).toEqual([{ line: 4, handle: 'coat-of-wool-e', reason: 'Variant Price is empty.' }]);
      for (const [currency, file] of files)
        expect(await importInto(other, others, file, 'products', { currency })).toMatchObject({
          errors: [],
          summary: { failed: 0 },
        });
      for (const [kind, file] of [
        ['price_lists', lists],
        ['customers', customers],
      ] as const)
        // prettier-ignore
        expect(await importInto(other, others, file, kind)).toMatchObject({ errors: [], summary: { failed: 0 } });
      for (const [currency, file] of files) {
        expect(sorted(await fileOf(other, others, inCurrency(currency)))).toEqual(sorted(file));
        await isAtHome(other, others, await fileOf(other, others, inCurrency(currency)), inCurrency(currency), { currency }); // prettier-ignore
      }
      await isAtHome(other, others, await fileOf(other, others, LISTS), LISTS);
      expect(await fileOf(other, others, CUSTOMERS)).toBe(customers);
    });
  });
});
