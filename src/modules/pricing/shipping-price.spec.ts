import fc from 'fast-check';
import type { PricingLine, ShippingBand, ShippingRate, ShippingRule } from './index.js';
import { quoteShipping, shippedGoods, shippingPriceOf } from './shipping-price.js';

const BULKY = 'bulky';
const line = (quantity: number, weight: number, amount: number, more: Partial<PricingLine> = {}): PricingLine => ({
  quantity,
  offers: [{ amount, priceListId: null, minQuantity: 1 }],
  taxable: true,
  taxClassId: null,
  variantId: 'v',
  productId: 'p',
  categoryIds: [],
  requiresShipping: true,
  weight,
  shippingProfileId: null,
  isGiftCard: false,
  ...more,
});
const goodsOf = (...lines: PricingLine[]) =>
  shippedGoods(
    lines,
    lines.map((l) => ({ subtotal: l.quantity * l.offers[0]!.amount })),
  );
const band = (from: number, amount: number, plus = 0, every = 0): ShippingBand => ({ from, amount, plus, every });
const rate = (more: Partial<ShippingRate>): ShippingRate => ({
  profileId: null,
  calculation: 'flat',
  amount: 500,
  bands: [],
  freeAbove: null,
  ...more,
});
const rule = (rates: ShippingRate[], restrictions: ShippingRule['restrictions'] = {}) => ({
  id: 's',
  currency: 'USD',
  rates,
  restrictions,
});
const HOME = { country: 'US', postalCode: '97205-1234' };
const outcome = (of: ReturnType<typeof rule>, goods: ReturnType<typeof goodsOf>, place = HOME) => {
  const quote = quoteShipping(of, goods, place, 'USD');
  return 'price' in quote ? quote.price : quote.reason;
};

describe('the price of a shipping method', () => {
  const byWeight = rate({ calculation: 'weight', bands: [band(0, 590), band(2000, 990, 150, 1000)] });
  it.each([
    [0, 590],
    [1999, 590],
    [2000, 990],
    [2001, 1140],
    [3000, 1140],
    [3001, 1290],
    [12_000, 2490],
  ])('by weight: %i g cost %i', (grams, price) => {
    expect(outcome(rule([byWeight]), goodsOf(line(1, grams, 1000)))).toBe(price);
  });

  it('counts pieces and subtotals of what is shipped, and nothing of what is not', () => {
    const goods = goodsOf(line(2, 100, 1000), line(5, 9999, 9999, { requiresShipping: false }));
    const byItems = rate({ calculation: 'items', bands: [band(1, 300, 100, 1)] });
    const bySubtotal = rate({ calculation: 'subtotal', bands: [band(0, 900), band(2000, 400), band(2001, 1)] });
    expect([outcome(rule([byItems]), goods), outcome(rule([bySubtotal]), goods)]).toEqual([400, 400]);
  });

  it.each([
    [14_999, 500],
    [15_000, 0],
  ])('is free above an amount: %i', (amount, price) => {
    expect(outcome(rule([rate({ freeAbove: 15_000 })]), goodsOf(line(1, 1, amount)))).toBe(price);
  });

  it('is the sum over the profiles of the goods, each by its own terms', () => {
    const goods = goodsOf(line(1, 1500, 1000), line(2, 20_000, 30_000, { shippingProfileId: BULKY }));
    const bulky = rate({ profileId: BULKY, calculation: 'items', bands: [band(1, 4900), band(2, 7900)] });
    expect(outcome(rule([byWeight, bulky]), goods)).toBe(590 + 7900);
    expect(outcome(rule([byWeight]), goods)).toBe('profile_not_taken');
    expect(outcome(rule([rate({ calculation: 'none' }), bulky]), goods)).toBe('profile_not_taken');
  });

  it('is none below the first band, and none that is larger than money can be', () => {
    const from = rate({ calculation: 'weight', bands: [band(1000, 500)] });
    expect(outcome(rule([from]), goodsOf(line(1, 999, 1)))).toBe('no_price');
    const steep = rate({ calculation: 'weight', bands: [band(0, 0, 99_999_999_999, 1)] });
    expect(outcome(rule([steep]), goodsOf(line(9999, 2_000_000_000, 1)))).toBe('no_price');
  });

  it('is a whole amount for any goods and bands', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(50_000), { minLength: 1, maxLength: 6 }),
        fc.nat(100_000),
        fc.nat(5000),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(200_000),
        (froms, amount, plus, every, grams) => {
          const bands = froms.sort((a, b) => a - b).map((from) => band(from, amount, plus, every));
          const price = shippingPriceOf(rule([rate({ calculation: 'weight', bands })]), goodsOf(line(1, grams, 1)));
          expect(price === null ? grams < froms[0]! : Number.isInteger(price) && price >= amount).toBe(true);
        },
      ),
    );
  });
});

describe('what a shipping method does not take', () => {
  const flat = [rate({})];
  const goods = goodsOf(line(2, 1000, 5000));
  it.each<[ShippingRule['restrictions'], string | number]>([
    [{ minWeight: 2000, maxWeight: 2000, minSubtotal: 10_000, maxSubtotal: 10_000 }, 500],
    [{ minWeight: 2001 }, 'too_light'],
    [{ maxWeight: 1999 }, 'too_heavy'],
    [{ minSubtotal: 10_001 }, 'subtotal_too_low'],
    [{ maxSubtotal: 9999 }, 'subtotal_too_high'],
    [{ excludedCountries: ['CA', 'US'] }, 'country_excluded'],
    [{ excludedProductIds: ['p'] }, 'product_excluded'],
    [{ excludedProductIds: ['q'] }, 500],
    [{ excludedPostalCodes: ['972*'] }, 'postal_code_excluded'],
    [{ excludedPostalCodes: ['97205'] }, 500],
    [{ excludedPostalCodes: ['97205 1234'] }, 'postal_code_excluded'],
    [{ excludedPostalCodes: ['US:9*'] }, 'postal_code_excluded'],
    [{ excludedPostalCodes: ['CA:9*'] }, 500],
    [{ excludedPostalCodes: ['*'] }, 'postal_code_excluded'],
  ])('%j', (restrictions, expected) => {
    expect(outcome(rule(flat, restrictions), goods)).toBe(expected);
  });

  it('says so for another currency', () => {
    expect(quoteShipping(rule(flat), goods, HOME, 'EUR')).toMatchObject({ reason: 'other_currency' });
  });
});
