import { seedDemoShop } from '../../src/db/seed/index.js';
import { WELL_KNOWN } from '../../src/db/seed/well-known.js';
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
      await refused(admin('PUT', `categories/${WELL_KNOWN.categoryId}/translations/de`, { seoTitle: 'x' })),
    ).toEqual([400, 'validation_failed', '/seoTitle']);
    const noProduct = 'products/prod_7zzzzzzzzzzzzzzzzzzzzzzzzz/translations/de';
    expect((await refused(admin('PUT', noProduct, { title: 'x' })))[1]).toBe('product_not_found');
    const missing = await shop.call('PUT', `/v1/admin/${path}/de`, { bearer: staff, body: { title: 'x' } });
    expect(missing.status).toBe(428);
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
