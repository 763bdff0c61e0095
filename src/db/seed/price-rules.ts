/** Where the demo shop sells in another currency, with the tax in its prices; `rate` makes hundredths of dollars its hundredths. */
export const MARKETS: readonly { key: string; name: string; countries: string[]; currency: string; rate: number }[] = [
  { key: 'uk', name: 'United Kingdom', countries: ['GB'], currency: 'GBP', rate: 0.95 },
  {
    key: 'euro',
    name: 'Euro zone',
    countries: 'AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK'.split(' '),
    currency: 'EUR',
    rate: 1.1,
  },
];

/** What a price of so many hundredths is in a market, ending in 0 or 5 tenths as prices do. */
export function inMarket(hundredths: number, { rate }: { rate: number }): number {
  return Math.max(Math.round((hundredths * rate) / 10) * 10, 10);
}

/** What is taxed at a reduced rate: the books. */
export const REDUCED_CLASS = { key: 'books', name: 'Books', categories: ['fiction', 'nonfiction'] };

/** Rates of that class: country and parts per million. Elsewhere books are taxed like everything. */
export const REDUCED_RATES: readonly (readonly [country: string, ppm: number])[] = [
  ['GB', 0],
  ['IE', 0],
  ['DE', 70_000],
  ['AT', 100_000],
  ['FR', 55_000],
  ['NL', 90_000],
  ['IT', 40_000],
  ['ES', 40_000],
];

/** The sale: what costs a fifth less, by the handle of the product. */
export const SALE = {
  key: 'sale',
  name: 'Season sale',
  off: 0.2,
  products: ['brass-desk-lamp', 'paper-pendant-light', 'wool-throw-blanket', 'stoneware-vase'],
};

/** Has an account without a password, as one that was imported: a reset mail opens it. */
export const CUSTOMER = {
  email: 'mary.somerville@example.com',
  firstName: 'Mary',
  lastName: 'Somerville',
  address: {
    firstName: 'Mary',
    lastName: 'Somerville',
    line1: '1 Harbor Street',
    city: 'Springfield',
    state: 'IL',
    postalCode: '62701',
    country: 'US',
  },
};

/** Customers with prices of their own: from how many pieces on, which part of the price is off. */
export const TRADE = {
  key: 'trade',
  name: 'Trade customers',
  steps: [
    { minQuantity: 1, off: 0.15 },
    { minQuantity: 24, off: 0.25 },
  ],
  products: ['house-blend-coffee', 'pour-over-dripper'],
};
