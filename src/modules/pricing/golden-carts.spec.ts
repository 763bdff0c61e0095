import { readFileSync } from 'node:fs';
import { parseDecimal } from '#libs/money';
import {
  flatShipping,
  priceCart,
  type PricingCredit,
  type PricingInput,
  type PricingLine,
  type PromotionAction,
  type PromotionRule,
} from './index.js';

/** A cart of `test/fixtures/golden-carts.json`, whose expected amounts were worked out by hand, as `inWords` says. */
interface GoldenCart {
  name: string;
  currency: string;
  prices: 'exclude tax' | 'contain tax';
  tax?: string;
  reducedTax?: string;
  lines: string[];
  shipping?: string;
  shippingTaxed?: false;
  promotions?: string[];
  taxExempt?: true;
  paidWith?: string[];
  inWords: string;
  expected: {
    lines: string[];
    subtotal: string;
    discount?: string;
    shipping?: string;
    tax: string;
    total: string;
    due?: string;
  };
}

const CARTS = JSON.parse(readFileSync('test/fixtures/golden-carts.json', 'utf8')) as GoldenCart[];
const REDUCED = 'reduced';

const ppmOf = (percent: string) => Math.round(Number(percent.replace(' %', '')) * 10_000);

function inputOf(cart: GoldenCart): PricingInput {
  const money = (text: string) => parseDecimal(text, cart.currency)!;
  return {
    currency: cart.currency,
    taxIncluded: cart.prices === 'contain tax',
    at: new Date(0),
    lines: cart.lines.map((text, i) => lineOf(text, i, money)),
    customer: null,
    country: null,
    shipping: cart.shipping === undefined ? null : flatShipping('parcel', money(cart.shipping)),
    tax: cart.tax === undefined ? null : taxOf(cart),
    taxExempt: cart.taxExempt === true,
    promotions: (cart.promotions ?? []).map((text, i) => promotionOf(text, i, cart.currency, money)),
    credits: (cart.paidWith ?? []).map((text, i): PricingCredit => {
      const [, kind, balance] = /^(gift card|store credit) (.+)$/.exec(text)!;
      return { kind: kind === 'gift card' ? 'gift_card' : 'store_credit', id: `c${i}`, balance: money(balance!) };
    }),
  };
}

const taxOf = ({ tax, reducedTax, shippingTaxed }: GoldenCart) => ({
  rates: { standard: ppmOf(tax!), ...(reducedTax === undefined ? {} : { [REDUCED]: ppmOf(reducedTax) }) },
  shippingPpm: shippingTaxed === false ? 0 : ppmOf(tax!),
});

/** `10 x 9.99 reduced on sale at 8.99 from 10 at 7.99` */
function lineOf(text: string, i: number, money: (text: string) => number): PricingLine {
  const [, quantity, price, rest] = /^(\d+) x ([\d.]+)(.*)$/.exec(text)!;
  const own = money(price!);
  const sale = /on sale at ([\d.]+)/.exec(rest!);
  const tier = /from (\d+) at ([\d.]+)/.exec(rest!);
  return {
    quantity: Number(quantity),
    offers: [
      { amount: own, priceListId: null, minQuantity: 1 },
      ...(sale ? [{ amount: money(sale[1]!), priceListId: 'sale', minQuantity: 1 }] : []),
      ...(tier ? [{ amount: money(tier[2]!), priceListId: 'tier', minQuantity: Number(tier[1]) }] : []),
    ],
    compareAt: own,
    taxable: !rest!.includes('untaxed'),
    taxClassId: rest!.includes('reduced') ? REDUCED : null,
    variantId: `v${i}`,
    productId: `p${i}`,
    categoryIds: [],
    requiresShipping: true,
    shippingProfileId: null,
    weight: 0,
    isGiftCard: rest!.includes('gift card'),
  };
}

function promotionOf(text: string, i: number, currency: string, money: (text: string) => number): PromotionRule {
  return {
    id: `promotion${i}`,
    name: text,
    code: /with code (\w+)/.exec(text)?.[1] ?? null,
    priority: 100,
    exclusive: false,
    combinesWith: ['product', 'order', 'shipping'],
    startsAt: null,
    endsAt: null,
    conditions: {},
    action: actionOf(text, (amount) => ({ [currency]: money(amount) })),
  };
}

function actionOf(text: string, amounts: (text: string) => Record<string, number>): PromotionAction {
  if (text === 'free shipping') return { type: 'free_shipping' };
  const buy = /^buy (\d+) get (\d+) free$/.exec(text);
  if (buy) return { type: 'buy_x_get_y', buyQuantity: Number(buy[1]), getQuantity: Number(buy[2]), ratePpm: 1_000_000 };
  const percent = /^(\S+ %) off (the order|each line)/.exec(text);
  if (percent)
    return {
      type: percent[2] === 'the order' ? 'percent_off_order' : 'percent_off_lines',
      ratePpm: ppmOf(percent[1]!),
    };
  const amount = /^(\S+) off (the order|each piece)/.exec(text);
  if (amount)
    return { type: amount[2] === 'the order' ? 'amount_off_order' : 'amount_off_each', amounts: amounts(amount[1]!) };
  throw new Error(`what is "${text}"?`);
}

describe('carts that were worked out by hand', () => {
  it('are 60, in currencies of no, two and three digits, with tax on top and in the price', () => {
    expect(CARTS).toHaveLength(60);
    expect(new Set(CARTS.map((cart) => cart.name)).size).toBe(60);
    for (const { inWords } of CARTS) expect(inWords).not.toBe('');
  });

  it.each(CARTS.map((cart) => [cart.name, cart] as const))('%s', (_name, cart) => {
    const money = (text: string) => parseDecimal(text, cart.currency)!;
    const { expected } = cart;
    const priced = priceCart(inputOf(cart));
    expect({
      lines: priced.lines.map((line) => line.total),
      subtotal: priced.subtotal,
      discount: priced.discountTotal,
      shipping: priced.shippingTotal,
      tax: priced.taxTotal,
      total: priced.total,
      due: priced.amountDue,
    }).toEqual({
      lines: expected.lines.map(money),
      subtotal: money(expected.subtotal),
      discount: money(expected.discount ?? '0'),
      shipping: money(expected.shipping ?? '0'),
      tax: money(expected.tax),
      total: money(expected.total),
      due: money(expected.due ?? expected.total),
    });
  });
});
