/** How the demo shop taxes: name, country, state, rate in parts per million, whether shipping is taxed. */
export const TAX_RATES: readonly {
  key: string;
  name: string;
  country: string;
  state?: string;
  ppm: number;
  shipping: boolean;
}[] = [
  { key: 'US', name: 'Sales tax', country: 'US', ppm: 82_500, shipping: false },
  { key: 'US-NY', name: 'New York sales tax', country: 'US', state: 'NY', ppm: 88_750, shipping: true },
  { key: 'US-OR', name: 'Oregon (no sales tax)', country: 'US', state: 'OR', ppm: 0, shipping: false },
  { key: 'CA', name: 'GST', country: 'CA', ppm: 50_000, shipping: true },
  { key: 'GB', name: 'VAT', country: 'GB', ppm: 200_000, shipping: true },
  { key: 'DE', name: 'MwSt.', country: 'DE', ppm: 190_000, shipping: true },
  { key: 'AT', name: 'USt.', country: 'AT', ppm: 200_000, shipping: true },
  { key: 'FR', name: 'TVA', country: 'FR', ppm: 200_000, shipping: true },
  { key: 'NL', name: 'BTW', country: 'NL', ppm: 210_000, shipping: true },
  { key: 'IT', name: 'IVA', country: 'IT', ppm: 220_000, shipping: true },
  { key: 'ES', name: 'IVA', country: 'ES', ppm: 210_000, shipping: true },
  { key: 'IE', name: 'VAT', country: 'IE', ppm: 230_000, shipping: true },
  { key: 'AU', name: 'GST', country: 'AU', ppm: 100_000, shipping: true },
  { key: 'JP', name: 'Consumption tax', country: 'JP', ppm: 100_000, shipping: true },
];

const EUROPE =
  'AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE SI SK SM VA'.split(
    ' ',
  );

/** A way to ship: at a flat price, or by weight where it has bands. */
interface DemoMethod {
  key: string;
  name: string;
  amount: number;
  /** From how many grams on it costs how much. */
  bands?: readonly { from: number; amount: number; plus: number; every: number }[];
  /** Goods for this much go free. */
  freeAbove?: number;
}

/** Where the demo shop ships, and for how much (in hundredths, like the prices). */
export const SHIPPING_ZONES: readonly {
  key: string;
  name: string;
  countries: readonly string[];
  methods: readonly DemoMethod[];
}[] = [
  {
    key: 'us',
    name: 'United States',
    countries: ['US'],
    methods: [
      { key: 'standard', name: 'Standard (3 to 5 days)', amount: 590 },
      { key: 'express', name: 'Express (1 to 2 days)', amount: 1490 },
      {
        key: 'economy',
        name: 'Economy by weight (6 to 9 days), free from 150.00 on',
        amount: 0,
        bands: [
          { from: 0, amount: 390, plus: 0, every: 0 },
          { from: 1000, amount: 490, plus: 120, every: 1000 },
        ],
        freeAbove: 15_000,
      },
    ],
  },
  {
    key: 'europe',
    name: 'Europe',
    countries: EUROPE,
    methods: [
      { key: 'standard', name: 'Standard (5 to 8 days)', amount: 1290 },
      { key: 'express', name: 'Express (2 to 3 days)', amount: 2990 },
    ],
  },
  {
    key: 'world',
    name: 'Rest of the world',
    countries: ['*'],
    methods: [
      { key: 'standard', name: 'Standard (7 to 14 days)', amount: 1990 },
      { key: 'express', name: 'Express (3 to 5 days)', amount: 3990 },
    ],
  },
];
