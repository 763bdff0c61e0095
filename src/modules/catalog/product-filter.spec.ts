import type { AppError } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { parseFacets, parseProductList, parseSuggest } from './product-filter.js';

function refusal(run: () => unknown): { code: string; pointer: string | undefined; reason: string | undefined } {
  try {
    run();
  } catch (error) {
    const { code, details } = error as AppError;
    return { code, pointer: details.errors?.[0]?.pointer, reason: details.errors?.[0]?.code };
  }
  throw new Error('nothing was refused');
}

const CATEGORY = '01920000-0000-7000-8000-000000000042';

describe('the query of the product list', () => {
  it('has defaults', () => {
    expect(parseProductList({})).toEqual({
      collections: { handles: [], ids: [] },
      categories: { handles: [], ids: [] },
      vendors: [],
      types: [],
      options: [],
      attributes: [],
      inStock: false,
      sort: [{ key: 'createdAt', descending: true }],
      limit: 20,
      page: 1,
      includeTotal: false,
    });
  });

  it('reads every filter', () => {
    const request = parseProductList({
      q: '  red mug ',
      collection: 'sale',
      category: `kitchen,${encodeId('category', CATEGORY)}`,
      vendor: ['Holm', 'ACME'],
      productType: 'Mug',
      'attribute.roast': 'Dark,light',
      'attribute.capacity_ml': '350.0',
      'attribute.capacity_ml[lte]': '1000',
      'price[gte]': '100',
      'price[lte]': '2000',
      inStock: 'true',
      'option.Color': 'Red,Blue',
      sort: '-price,title',
      limit: '7',
      page: '3',
      include: 'total',
    });
    expect(request).toEqual({
      collections: { handles: ['sale'], ids: [] },
      q: 'red mug',
      categories: { handles: ['kitchen'], ids: [CATEGORY] },
      vendors: ['holm', 'acme'],
      types: ['mug'],
      attributes: [
        { key: 'roast', wanted: ['roast=dark', 'roast=light', 'roast=dark,light'] },
        { key: 'capacity_ml', wanted: ['capacity_ml=350.0', 'capacity_ml=350'], lte: 1000 },
      ],
      priceGte: 100,
      priceLte: 2000,
      inStock: true,
      options: [{ name: 'color', wanted: ['color=red', 'color=blue', 'color=red,blue'] }],
      sort: [
        { key: 'price', descending: true },
        { key: 'title', descending: false },
      ],
      limit: 7,
      page: 3,
      includeTotal: true,
    });
  });

  it('sorts a search by relevance, the best first, whether or not a minus stands before it', () => {
    const best = [{ key: 'relevance', descending: true }];
    expect(parseProductList({ q: 'mug' }).sort).toEqual(best);
    expect(parseProductList({ q: 'mug', sort: 'relevance' }).sort).toEqual(best);
    expect(parseProductList({ q: 'mug', sort: '-relevance' }).sort).toEqual(best);
  });

  it.each([
    [{ colour: 'red' }, 'unknown_parameter', 'colour'],
    [{ 'option.': 'red' }, 'unknown_parameter', 'option.'],
    [{ price: '1' }, 'unknown_parameter', 'price'],
    [{ 'attribute.Roast': 'x' }, 'unknown_parameter', 'attribute.Roast'],
    [{ 'attribute.weight[gt]': '1' }, 'unknown_parameter', 'attribute.weight[gt]'],
    [{ 'attribute.weight[gte]': '1e3' }, 'invalid_parameter', 'attribute.weight[gte]'],
    [{ 'attribute.roast': '' }, 'invalid_parameter', 'attribute.roast'],
    [{ 'price[gt]': '1' }, 'unknown_parameter', 'price[gt]'],
    [{ limit: '0' }, 'invalid_parameter', 'limit'],
    [{ limit: '101' }, 'invalid_parameter', 'limit'],
    [{ limit: '1e1' }, 'invalid_parameter', 'limit'],
    [{ limit: ['1', '2'] }, 'invalid_parameter', 'limit'],
    [{ page: '0' }, 'invalid_parameter', 'page'],
    [{ page: '2', cursor: 'x' }, 'invalid_parameter', 'page'],
    [{ 'price[gte]': '-1' }, 'invalid_parameter', 'price[gte]'],
    [{ 'price[lte]': '1.5' }, 'invalid_parameter', 'price[lte]'],
    [{ 'price[lte]': '999999999999' }, 'invalid_parameter', 'price[lte]'],
    [{ inStock: '1' }, 'invalid_parameter', 'inStock'],
    [{ include: 'all' }, 'invalid_parameter', 'include'],
    [{ sort: 'rating' }, 'invalid_parameter', 'sort'],
    [{ sort: 'price,-price' }, 'invalid_parameter', 'sort'],
    [{ sort: ['price', 'title'] }, 'invalid_parameter', 'sort'],
    [{ sort: 'relevance' }, 'invalid_parameter', 'sort'],
    [{ q: '' }, 'invalid_parameter', 'q'],
    [{ q: 'x'.repeat(201) }, 'invalid_parameter', 'q'],
    [{ vendor: '' }, 'invalid_parameter', 'vendor'],
    [{ category: ',' }, 'invalid_parameter', 'category'],
    [{ category: Array.from({ length: 51 }, (_, i) => `c${i}`).join(',') }, 'invalid_parameter', 'category'],
  ])('refuses %j', (query, code, pointer) => {
    expect(refusal(() => parseProductList(query))).toMatchObject({ code, pointer });
  });

  it('bounds the number of attributes', () => {
    const query = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`attribute.a${i}`, 'x']));
    expect(refusal(() => parseProductList(query))).toMatchObject({ code: 'invalid_parameter', reason: 'too_many' });
  });

  it('bounds the number of options', () => {
    const query = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`option.o${i}`, 'x']));
    expect(refusal(() => parseProductList(query))).toMatchObject({ code: 'invalid_parameter', reason: 'too_many' });
  });
});

describe('other queries', () => {
  it('facets take the filters and no page', () => {
    expect(parseFacets({ vendor: 'Holm' }).vendors).toEqual(['holm']);
    expect(refusal(() => parseFacets({ limit: '3' }))).toMatchObject({ code: 'unknown_parameter', pointer: 'limit' });
  });

  it('suggestions need q', () => {
    expect(parseSuggest({ q: ' te ' })).toEqual({ q: 'te', limit: 10 });
    expect(refusal(() => parseSuggest({}))).toMatchObject({ pointer: 'q', reason: 'required' });
    expect(refusal(() => parseSuggest({ q: 'x', limit: '21' }))).toMatchObject({ pointer: 'limit' });
    expect(refusal(() => parseSuggest({ q: 'x', page: '1' }))).toMatchObject({ code: 'unknown_parameter' });
  });
});
