import { belongs, type CollectionCondition, type CollectionFacts } from './collection-rules.js';

const tee: CollectionFacts = {
  title: 'Organic Cotton Tee',
  vendor: 'Fieldwork',
  productType: 'Shirt',
  tags: ['Summer', 'sale'],
  categoryIds: ['c1', 'c2'],
  options: ['color=white', 'size=s'],
  attributes: ['fabric=cotton', 'weight=210'],
  prices: { USD: 2400, EUR: 2200 },
};

describe('a rule of a collection', () => {
  it.each<[CollectionCondition, boolean]>([
    [{ field: 'tag', operator: 'is', value: 'SALE' }, true],
    [{ field: 'tag', operator: 'is_not', value: 'sale' }, false],
    [{ field: 'tag', operator: 'is_not', value: 'winter' }, true],
    [{ field: 'vendor', operator: 'is', value: 'fieldwork' }, true],
    [{ field: 'vendor', operator: 'is_not', value: 'fieldwork' }, false],
    [{ field: 'type', operator: 'is', value: 'mug' }, false],
    [{ field: 'title', operator: 'contains', value: 'cotton' }, true],
    [{ field: 'title', operator: 'not_contains', value: 'cotton' }, false],
    [{ field: 'category', operator: 'in', value: 'c2' }, true],
    [{ field: 'category', operator: 'not_in', value: 'c2' }, false],
    [{ field: 'option', operator: 'is', option: 'Color', value: 'White' }, true],
    [{ field: 'option', operator: 'is_not', option: 'Color', value: 'Red' }, true],
    [{ field: 'attribute', operator: 'is', attribute: 'fabric', value: 'Cotton' }, true],
    [{ field: 'attribute', operator: 'is_not', attribute: 'fabric', value: 'Cotton' }, false],
    [{ field: 'attribute', operator: 'is_not', attribute: 'finish', value: 'Matt' }, true],
    [{ field: 'attribute', operator: 'gte', attribute: 'weight', value: '99.5' }, true],
    [{ field: 'attribute', operator: 'lte', attribute: 'weight', value: '99.5' }, false],
    [{ field: 'attribute', operator: 'gte', attribute: 'height', value: '0' }, false],
    [{ field: 'price', operator: 'lte', currency: 'USD', value: '2400' }, true],
    [{ field: 'price', operator: 'gte', currency: 'USD', value: '2401' }, false],
    [{ field: 'price', operator: 'lte', currency: 'GBP', value: '99999' }, false],
    [{ field: 'price', operator: 'gte', currency: 'GBP', value: '0' }, false],
  ])('%p: %p', (condition, expected) => {
    expect(belongs({ match: 'all', conditions: [condition] }, tee)).toBe(expected);
    expect(belongs({ match: 'any', conditions: [condition] }, tee)).toBe(expected);
  });

  it('asks for all conditions or for any', () => {
    const conditions: CollectionCondition[] = [
      { field: 'tag', operator: 'is', value: 'sale' },
      { field: 'vendor', operator: 'is', value: 'Acme' },
    ];
    expect(belongs({ match: 'all', conditions }, tee)).toBe(false);
    expect(belongs({ match: 'any', conditions }, tee)).toBe(true);
  });
});
