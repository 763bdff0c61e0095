import { marketOf, methodsFor, priceContextOf, taxRatesFor, zoneFor, type ShopSnapshot } from './shop-snapshot.js';

const rate = (id: string, country: string, state: string | null, taxClassId: string | null = null) => ({
  id,
  name: id,
  country,
  state,
  taxClassId,
  ratePpm: 1,
  shipping: true,
});
const zone = (id: string, countries: string[], methods: string[]) => ({
  id,
  name: id,
  countries,
  methods: methods.map((name, position) => ({
    id: name,
    name,
    currency: 'USD',
    position,
    rates: [],
    restrictions: {},
  })),
});
const shop: Pick<ShopSnapshot, 'taxRates' | 'zones'> = {
  taxRates: [rate('us-ca', 'US', 'ca'), rate('us', 'US', null), rate('de', 'DE', null), rate('jp-13', 'JP', '13')],
  zones: [zone('world', ['*'], ['parcel']), zone('home', ['US', 'CA'], ['ground', 'air']), zone('none', ['IS'], [])],
};

describe('taxRatesFor', () => {
  it.each([
    [{ country: 'US', state: 'CA' }, 'us-ca'],
    [{ country: 'US', state: ' ca ' }, 'us-ca'],
    [{ country: 'US', state: 'NY' }, 'us'],
    [{ country: 'US', state: '' }, 'us'],
    [{ country: 'US', state: null }, 'us'],
    [{ country: 'US' }, 'us'],
    [{ country: 'DE', state: 'CA' }, 'de'],
    [{ country: 'JP', state: '13' }, 'jp-13'],
  ])('takes the rate of the state before that of the country: %j', (address, expected) => {
    expect(taxRatesFor(shop, address).map((one) => one.id)).toEqual([expected]);
  });

  it.each([{ country: 'FR', state: 'CA' }, { country: 'JP' }, { country: 'JP', state: '27' }])(
    'finds none where the shop has none: %j',
    (address) => {
      expect(taxRatesFor(shop, address)).toEqual([]);
    },
  );

  it('finds one rate for each class, whatever stands first', () => {
    const rates = [
      rate('food-ny', 'US', 'NY', 'food'),
      rate('us', 'US', null),
      rate('food', 'US', null, 'food'),
      rate('ny', 'US', 'NY'),
      rate('books', 'US', null, 'books'),
    ];
    for (const taxRates of [rates, [...rates].reverse()]) {
      const found = taxRatesFor({ taxRates }, { country: 'US', state: 'ny' }).map((one) => one.id);
      expect(found.sort()).toEqual(['books', 'food-ny', 'ny']);
    }
  });
});

describe('zoneFor and methodsFor', () => {
  it('takes the zone that names the country, wherever the rest of the world stands in the list', () => {
    expect(zoneFor(shop, 'CA')?.id).toBe('home');
    expect(zoneFor(shop, 'FR')?.id).toBe('world');
    expect(zoneFor({ zones: [...shop.zones].reverse() }, 'CA')?.id).toBe('home');
  });

  it('does not send a country to the rest of the world when its own zone has no method', () => {
    expect(zoneFor(shop, 'IS')?.id).toBe('none');
    expect(methodsFor(shop, 'IS')).toEqual([]);
  });

  it('ships nowhere else when no zone is for the rest of the world', () => {
    expect(zoneFor({ zones: [zone('home', ['US'], ['ground'])] }, 'FR')).toBeNull();
    expect(methodsFor({ zones: [zone('home', ['US'], ['ground'])] }, 'FR')).toEqual([]);
  });

  it('keeps the order of the methods', () => {
    expect(methodsFor(shop, 'US').map((method) => method.name)).toEqual(['ground', 'air']);
  });
});

describe('markets', () => {
  const market = (id: string, countries: string[], currency: string, pricesIncludeTax: boolean) => ({
    id,
    name: id,
    countries,
    currency,
    pricesIncludeTax,
  });
  const world = {
    currency: 'USD',
    pricesIncludeTax: false,
    markets: [market('uk', ['GB'], 'GBP', true), market('euro', ['DE', 'FR'], 'EUR', true)],
  };

  it.each([
    [null, null, null, 'USD', false],
    ['US', null, null, 'USD', false],
    ['DE', null, 'euro', 'EUR', true],
    [null, 'GBP', 'uk', 'GBP', true],
    [null, 'USD', null, 'USD', false],
    [null, 'JPY', null, 'JPY', false],
    ['DE', 'GBP', 'euro', 'GBP', true],
    ['US', 'EUR', null, 'EUR', false],
  ])(
    'country %s and currency %s are market %s: %s, tax included %s',
    (country, currency, marketId, shown, taxIncluded) =>
      expect(priceContextOf(world, { country, currency })).toEqual({ marketId, currency: shown, taxIncluded }),
  );

  it('knows none for a country that no market names', () => {
    expect(marketOf(world, 'FR')?.id).toBe('euro');
    expect(marketOf(world, 'JP')).toBeNull();
    expect(marketOf(world, null)).toBeNull();
  });
});
