import { seedDemoShop } from '../../src/db/seed/index.js';
import { WELL_KNOWN } from '../../src/db/seed/well-known.js';
import { decodeId } from '#libs/ids';
import { Shop } from '../support/shop.js';

let shop: Shop;
let staff: string;
beforeAll(async () => {
  shop = await Shop.start();
  await seedDemoShop(shop.app, shop.config);
  staff = await shop.staff('manager');
});
afterAll(async () => {
  await shop?.stop();
});

const get = (path: string, languages?: string, headers: Record<string, string> = {}) =>
  shop.call('GET', `/v1/${path}`, {
    headers: { ...(languages === undefined ? {} : { 'Accept-Language': languages }), ...headers },
  });
const admin = (method: string, path: string, body?: object, etag = '*') =>
  shop.call(method, `/v1/admin/${path}`, {
    bearer: staff,
    ...(body === undefined ? {} : { body }),
    headers: method === 'GET' ? {} : { 'If-Match': etag },
  });
const says = (answer: { headers: Headers }) => answer.headers.get('content-language');
const TEE = WELL_KNOWN.optionProductHandle;

describe('a shop in two languages', () => {
  it('answers in the language of Accept-Language, and says which', async () => {
    const english = await get(`products/${TEE}`);
    expect([says(english), english.body.title]).toEqual(['en', 'Organic Cotton Tee']);
    const german = await get(`products/${TEE}`, 'de-CH, fr;q=0.9, en;q=0.5');
    expect([says(german), german.body.title]).toEqual(['de', 'T-Shirt aus Bio-Baumwolle']);
    expect(german.body).toMatchObject({ id: english.body.id, handle: TEE, priceRange: english.body.priceRange });
    expect(german.body.categories[0].title).toBe('Oberteile');
    expect(german.body.options.map((one: any) => one.name)).toEqual(['Farbe', 'Größe']);
    expect(german.body.options[0].values).toEqual(['Weiß', 'Schwarz', 'Moos']);
    expect(german.body.variants[0]).toMatchObject({ title: 'Weiß / S', options: { Farbe: 'Weiß', Größe: 'S' } });
    expect(german.body.variants[0].available).toBe(english.body.variants[0].available);
    expect((await get(`products/${TEE}`, 'en, de;q=0.9')).body.title).toBe('Organic Cotton Tee');
    expect((await get(`products/${TEE}`, 'fr')).body.title).toBe('Organic Cotton Tee');
  });

  it('falls back to the original where nothing is translated', async () => {
    const plain = await get('products/bamboo-steamer', 'de');
    expect([says(plain), plain.body.title, plain.body.categories[0].title]).toEqual(['en', 'Bamboo Steamer', 'Tools']);
    const cards = (await get('products?limit=100', 'de')).body.data;
    expect(cards.find((card: any) => card.handle === 'bamboo-steamer').title).toBe('Bamboo Steamer');
    expect(cards.find((card: any) => card.handle === TEE).title).toBe('T-Shirt aus Bio-Baumwolle');
    expect(cards.every((card: any) => typeof card.available === 'boolean')).toBe(true);
  });

  it('has another ETag for each language, and says that answers vary by it', async () => {
    const [english, german] = [await get('products'), await get('products', 'de')];
    expect(says(german)).toBe('de');
    expect(german.headers.get('vary')).toMatch(/Accept-Language/);
    const etag = english.headers.get('etag')!;
    expect(german.headers.get('etag')).not.toBe(etag);
    expect((await get('products', 'de', { 'If-None-Match': etag })).status).toBe(200);
    expect((await get('products', 'de', { 'If-None-Match': german.headers.get('etag')! })).status).toBe(304);
  });

  it('pages and searches as in the original, and finds what is said in either language', async () => {
    const pages: any[] = [];
    for (let cursor = ''; ;) {
      const { data, page } = (await get(`products?sort=title&limit=13${cursor}`, 'de')).body;
      pages.push(...data.map((card: any) => card.handle));
      if (!page.next) break;
      cursor = `&cursor=${page.next}`;
    }
    const all = (await get('products?sort=title&limit=100')).body.data.map((card: any) => card.handle);
    expect(pages).toEqual(all);
    expect((await get('products?sort=title&limit=13&page=2', 'de')).body.data.map((card: any) => card.handle)).toEqual(
      all.slice(13, 26),
    );
    for (const q of ['Wollmütze', 'wollmutze', 'Wolmütze']) {
      const [first] = (await get(`products?q=${encodeURIComponent(q)}`, 'de')).body.data;
      expect([q, first?.title]).toEqual([q, 'Gerippte Wollmütze']);
    }
    expect((await get('products?q=beanie', 'de')).body.data[0].title).toBe('Gerippte Wollmütze');
  });

  it('says the language that is really served, not the one that others of the shop have', async () => {
    // German is a language of this shop, but nothing of these is said in it.
    const plain = await admin('POST', 'categories', { title: 'Plain', handle: 'plain' });
    expect(says(await get('categories/plain', 'de'))).toBe('en');
    await admin('POST', 'collections', { title: 'Bare', handle: 'bare' });
    expect(says(await get('collections/bare', 'de'))).toBe('en');
    expect(says(await get('collections/bare/products', 'de'))).toBe('en');
    expect(says(await get('products?q=Bamboo%20Steamer', 'de'))).toBe('en');
    expect(says(await get('products', 'de'))).toBe('de');
    expect(says(await get('categories', 'de'))).toBe('de');
    expect(says(await get('collections', 'de'))).toBe('de');
    const path = `categories/${plain.body.id}/translations/fr`;
    const french = { title: 'Simple', seoTitle: 'Simple et bon', seoDescription: 'Tout est simple.' };
    const saved = await admin('PUT', path, french);
    expect([saved.status, saved.body]).toEqual([200, { locale: 'fr', description: null, ...french }]);
    const shown = await get('categories/plain', 'fr, de;q=0.5');
    expect([says(shown), shown.body.seo]).toEqual(['fr', { title: 'Simple et bon', description: 'Tout est simple.' }]);
    // French is known now; the whole tree has German, but only one category is French.
    expect(says(await get(`categories/${WELL_KNOWN.categoryHandle}`, 'fr, de;q=0.5'))).toBe('de');
    await admin('DELETE', path);
    await admin('DELETE', `categories/${plain.body.id}`);
  });

  it('tells categories, collections, facets and suggestions too', async () => {
    const { data } = (await get('categories', 'de')).body;
    expect(data.map((one: any) => one.title)).toContain('Kaffee & Tee');
    const coffee = (await get(`categories/${WELL_KNOWN.categoryHandle}`, 'de')).body;
    expect(coffee.breadcrumb.map((one: any) => one.title)).toEqual(['Kaffee & Tee', 'Kaffee']);
    const collection = await get(`collections/${WELL_KNOWN.collectionHandle}`, 'de');
    expect([says(collection), collection.body.title]).toEqual(['de', 'Bestseller']);
    expect((await get('collections', 'de')).body.data.map((one: any) => one.title)).toContain('Bestseller');
    const listed = (await get(`collections/${WELL_KNOWN.collectionHandle}/products`, 'de')).body.data;
    expect(listed[0].title).toBe('Hausmischung, ganze Bohne');
    const facets = (await get('products/facets', 'de')).body.data;
    const color = facets.find((facet: any) => facet.label === 'Farbe');
    expect(color.key).toBe('option.Color');
    expect(color.values).toContainEqual(expect.objectContaining({ value: 'Moss', label: 'Moos' }));
    expect((await get('products?option.Color=Moss', 'de')).body.data[0].title).toBe('T-Shirt aus Bio-Baumwolle');
    const categories = facets.find((facet: any) => facet.key === 'category').values;
    expect(categories).toContainEqual(expect.objectContaining({ value: 'kitchen', label: 'Küche' }));
    const suggested = (await get('search/suggest?q=kaff', 'de')).body.data;
    expect(suggested).toContainEqual(expect.objectContaining({ kind: 'category', text: 'Kaffee' }));
    expect((await get('search/suggest?q=beanie', 'de')).body.data).toContainEqual(
      expect.objectContaining({ kind: 'product', text: 'Gerippte Wollmütze' }),
    );
    expect((await get('search/suggest?q=beanie')).body.data).toContainEqual(
      expect.objectContaining({ kind: 'product', text: 'Ribbed Wool Beanie' }),
    );
  });
});

describe('staff', () => {
  const path = `products/${WELL_KNOWN.secondProductId}/translations`;

  it('write a language, narrow it by country, and take it back', async () => {
    const before = await admin('GET', path);
    expect(before.body.data.map((one: any) => one.locale)).toEqual(['de']);
    const etag = before.headers.get('etag')!;
    const french = { title: 'Cafetière filtre', descriptionHtml: '<p>Oui<script>x</script></p>', seoTitle: 'Filtre' };
    const saved = await admin('PUT', `${path}/fr`, french, etag);
    expect([saved.status, saved.body]).toEqual([
      200,
      {
        locale: 'fr',
        title: 'Cafetière filtre',
        descriptionHtml: '<p>Oui</p>',
        seoTitle: 'Filtre',
        seoDescription: null,
      },
    ]);
    expect((await admin('PUT', `${path}/fr`, french, etag)).body.code).toBe('version_mismatch');
    const shown = await get('products/pour-over-dripper', 'fr-FR');
    expect([says(shown), shown.body.title, shown.body.seo.title]).toEqual(['fr', 'Cafetière filtre', 'Filtre']);

    // What Austria says otherwise, and what it leaves to German.
    expect((await admin('PUT', `${path}/de-at`, { title: 'Filterhalter' })).body.locale).toBe('de-AT');
    const austrian = await get('products/pour-over-dripper', 'de-AT');
    expect([says(austrian), austrian.body.title]).toEqual(['de-AT', 'Filterhalter']);
    expect(austrian.body.descriptionHtml).toMatch(/Keramik/);
    expect((await get('products/stoneware-mug', 'de-AT')).body.title).toBe('Steingutbecher');

    expect((await admin('DELETE', `${path}/de-AT`)).status).toBe(204);
    expect((await admin('DELETE', `${path}/de-AT`)).body.code).toBe('translation_not_found');
    expect((await get('products/pour-over-dripper', 'de-AT')).body.title).toBe('Handfilter');
  });

  it('see titles of categories and names of options follow on the pages of products', async () => {
    await admin('PUT', `categories/${WELL_KNOWN.categoryId}/translations/de`, { title: 'Bohnen' });
    expect((await get(`products/${WELL_KNOWN.productHandle}`, 'de')).body.categories[0].title).toBe('Bohnen');
    expect((await get('products?q=Bohnen', 'de')).body.data.map((card: any) => card.handle)).toContain(
      WELL_KNOWN.productHandle,
    );
    const dictionary = await admin('GET', 'option-translations/de');
    const options = [{ name: 'color', label: 'Farbton', values: [{ value: 'white', label: 'Schneeweiß' }] }];
    const saved = await admin('PUT', 'option-translations/de', { options }, dictionary.headers.get('etag')!);
    expect([saved.status, saved.body]).toEqual([200, { locale: 'de', options, version: 2 }]);
    await shop.until(
      async () => (await get(`products/${TEE}`, 'de')).body.options[0].name === 'Farbton',
      'the pages to follow',
    );
    expect((await get(`products/${TEE}`, 'de')).body.variants[0].options).toEqual({ Farbton: 'Schneeweiß', Size: 'S' });
  });

  it('are refused by name what makes no sense', async () => {
    const refused = async (answer: Promise<any>) => {
      const { status, body } = await answer;
      return [status, body.code, body.errors?.[0]?.pointer];
    };
    expect(await refused(admin('PUT', `${path}/en`, { title: 'x' }))).toEqual([400, 'invalid_parameter', 'locale']);
    expect(await refused(admin('PUT', `${path}/klingon-language-x`, { title: 'x' }))).toEqual([
      400,
      'invalid_parameter',
      'locale',
    ]);
    expect(await refused(admin('PUT', `${path}/de`, {}))).toEqual([400, 'validation_failed', '/title']);
    expect(await refused(admin('PUT', `${path}/de`, { title: 7 }))).toEqual([400, 'validation_failed', '/title']);
    expect(
      await refused(admin('PUT', `categories/${WELL_KNOWN.categoryId}/translations/de`, { descriptionHtml: 'x' })),
    ).toEqual([400, 'validation_failed', '/descriptionHtml']);
    const noProduct = 'products/prod_7zzzzzzzzzzzzzzzzzzzzzzzzz/translations/de';
    expect((await refused(admin('PUT', noProduct, { title: 'x' })))[1]).toBe('product_not_found');
    const missing = await shop.call('PUT', `/v1/admin/${path}/de`, { bearer: staff, body: { title: 'x' } });
    expect(missing.status).toBe(428);
  });

  it('may translate what only options say: facets speak it at once', async () => {
    const options = [{ name: 'Color', label: 'Colore', values: [{ value: 'Moss', label: 'Muschio' }] }];
    expect((await admin('PUT', 'option-translations/it', { options })).status).toBe(200);
    const { data } = (await get('products/facets', 'it')).body;
    const color = data.find((facet: any) => facet.key === 'option.Color');
    expect(color.label).toBe('Colore');
    expect(color.values).toContainEqual(expect.objectContaining({ value: 'Moss', label: 'Muschio' }));
    expect(says(await get(`products/${TEE}`, 'it'))).toBe('en');
  });

  it('cannot call two values of an option, or two options, by the same word', async () => {
    const white = { value: 'White', label: 'Hell' };
    const color = (values: object[], name = 'Color', label = 'Farbe') => ({ name, label, values });
    const refused = async (options: object[]) => {
      const { status, body } = await admin('PUT', 'option-translations/nl', { options });
      return [status, body.code, body.errors?.[0].pointer];
    };
    const values = [white, { value: 'Cream', label: ' hell' }];
    expect(await refused([color(values)])).toEqual([422, 'option_labels_repeated', '/options/0/values/1/label']);
    expect(await refused([color([white, { value: 'white', label: 'Weiß' }])])).toEqual([
      422,
      'option_labels_repeated',
      '/options/0/values/1/value',
    ]);
    expect(await refused([color([]), color([], 'color', 'Ton')])).toEqual([
      422,
      'option_labels_repeated',
      '/options/1/name',
    ]);
    expect(await refused([color([]), color([], 'Shade', 'FARBE')])).toEqual([
      422,
      'option_labels_repeated',
      '/options/1/label',
    ]);
    // What comes together from a wider language or the original keeps its own name on the page.
    const { etag } = { etag: (await admin('GET', 'option-translations/de-CH')).headers.get('etag')! };
    const swiss = [color([{ value: 'White', label: 'Moos' }])];
    expect((await admin('PUT', 'option-translations/de-CH', { options: swiss }, etag)).status).toBe(200);
    await admin('PUT', `products/${WELL_KNOWN.optionProductId}/translations/de-CH`, { title: 'Liibli' });
    const { options, variants } = (await get(`products/${TEE}`, 'de-CH')).body;
    expect(new Set(options[0].values).size).toBe(3);
    expect(new Set(variants.map((one: any) => one.title)).size).toBe(variants.length);
  });

  it('are never said to be read where nothing is said in them, and tell apart what only a wider language calls the same', async () => {
    const facets = async (query: string, language: string) => {
      const answer = await get(`products/facets${query}`, language);
      const color = answer.body.data.find((facet: any) => facet.key === 'option.Color');
      return { says: says(answer), color, labels: color?.values.map((one: any) => one.label) };
    };
    const suggest = async (q: string, language: string) => says(await get(`search/suggest?q=${q}`, language));
    const options = [{ name: 'Color', label: 'Barva', values: [{ value: 'White', label: 'Bílá' }] }];
    await admin('PUT', 'option-translations/cs', { options });
    expect((await facets('', 'cs')).says).toBe('cs');
    expect((await facets('?q=bamboo%20steamer', 'cs')).says).toBe('en');
    expect([await suggest('cotton', 'cs'), await suggest('zzzzzz', 'de'), await suggest('cotton', 'de')]).toEqual(['en', 'en', 'de']); // prettier-ignore

    const { id, handle } = (await get('categories')).body.data[0];
    await admin('PUT', `categories/${id}/translations/cs`, { description: 'Popis' });
    expect(says(await get('categories', 'cs'))).toBe('en');
    expect(says(await get(`categories/${handle}`, 'cs'))).toBe('cs');
    await admin('PUT', `categories/${id}/translations/cs`, { title: 'Nadpis' });
    expect(says(await get('categories', 'cs'))).toBe('cs');

    const swiss = [{ name: 'Color', label: 'Farb', values: [{ value: 'Moss', label: 'BÍLÁ' }] }, { name: 'Size', label: 'Barva', values: [] }]; // prettier-ignore
    await admin('PUT', 'option-translations/cs-CZ', { options: [swiss[0]!] });
    const own = (await facets('', 'en')).labels;
    const found = await facets('', 'cs-CZ');
    expect([found.says, found.color.label, found.labels]).toEqual(['cs-CZ', 'Farb', own]);
    await admin('PUT', 'option-translations/cs-CZ', { options: [swiss[1]!] });
    const other = await get('products/facets', 'cs-CZ');
    const labels = other.body.data.map((facet: any) => facet.label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(labels).toEqual(expect.arrayContaining(['Color', 'Size']));
  });

  it('rename a category with very many translated products in a moment: they follow in the background', async () => {
    const { body: many } = await admin('POST', 'categories', { title: 'Many', handle: 'many' });
    await shop.db.query(
      `WITH p AS (
         INSERT INTO products (id, handle, title, status, option_names)
         SELECT gen_random_uuid(), 'many-' || n, 'Many ' || n, 'active', '{}' FROM generate_series(1, 501) AS n RETURNING id),
       v AS (
         INSERT INTO variants (id, product_id, position, title, option_values, option_key, track_inventory)
         SELECT gen_random_uuid(), id, 0, '', '{}', '', false FROM p RETURNING id),
       prices AS (INSERT INTO prices (variant_id, currency, amount) SELECT id, 'USD', 100 FROM v),
       c AS (INSERT INTO product_categories (product_id, category_id) SELECT id, $1 FROM p)
       INSERT INTO product_translations (target_id, locale, title) SELECT id, 'de', 'Viele' FROM p`,
      [decodeId('category', many.id)],
    );
    const jobs = async () =>
      (
        await shop.db.query(
          `SELECT FROM jobs WHERE name = 'catalog.refresh-category' AND payload ->> 'categoryId' = $1`,
          [decodeId('category', many.id)],
        )
      ).length;
    expect((await admin('PUT', `categories/${many.id}/translations/de`, { title: 'Vieles' })).status).toBe(200);
    expect(await jobs()).toBe(1);
    await shop.until(
      async () => (await get('products/many-501', 'de')).body.categories?.[0].title === 'Vieles',
      'the products to follow',
    );
    expect((await admin('DELETE', `categories/${many.id}/translations/de`)).status).toBe(204);
    expect(await jobs()).toBe(2);
    // Where few follow, they do at once.
    await shop.db.query(`DELETE FROM product_translations t USING products p WHERE p.id = t.target_id AND p.handle LIKE 'many-%' AND p.handle <> 'many-1'`); // prettier-ignore
    expect((await admin('PUT', `categories/${many.id}/translations/de`, { title: 'Wenige' })).status).toBe(200);
    expect((await get('products/many-1', 'de')).body.categories[0].title).toBe('Wenige');
    expect(await jobs()).toBe(2);
  });

  it('are audited', async () => {
    const owner = await shop.staff('owner');
    const log = await shop.call('GET', '/v1/admin/audit-log?recordType=product_translations', { bearer: owner });
    expect(log.body.data.map((one: any) => one.action)).toEqual(expect.arrayContaining(['insert', 'delete']));
  });
});

describe('a shop without translations', () => {
  it('pays nothing: the wish of a shopper costs no statement for a page', async () => {
    await shop.db.query(`DELETE FROM product_translations`);
    await shop.db.query(`DELETE FROM category_translations`);
    await shop.db.query(`DELETE FROM collection_translations`);
    await shop.db.query(`DELETE FROM option_translations`);
    await shop.until(async () => says(await get('products', 'de')) === 'en', 'the language to be gone');
    const pool = (shop.db.dataSource.driver as any).master;
    let least = Infinity;
    for (let round = 0; round < 3; round += 1) {
      let count = 0;
      const counted = () => (count += 1);
      pool.on('acquire', counted);
      await get(`products/${TEE}`, 'de-DE,de;q=0.9,en;q=0.8');
      pool.off('acquire', counted);
      least = Math.min(least, count);
    }
    expect(least).toBe(1);
  });
});
