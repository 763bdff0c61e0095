import { taxOf } from '#libs/money';

/** A line as the shopper chose it, at the price of this moment. */
export interface PricingLine {
  quantity: number;
  /** minor units; includes tax when `taxIncluded` */
  unitPrice: number;
  taxable: boolean;
}

/** Everything that a price depends on. */
export interface PricingInput {
  lines: readonly PricingLine[];
  /** minor units, or null when no shipping method is chosen or needed */
  shipping: number | null;
  /** Whether the prices of the shop contain the tax. */
  taxIncluded: boolean;
  /** The rate where the goods go, in parts per million; null where no tax is due or the place is not known yet. */
  tax: { ratePpm: number; shipping: boolean } | null;
}

/** One priced line. */
export interface PricedLine {
  subtotal: number;
  discountTotal: number;
  taxTotal: number;
  taxPpm: number;
  /** What the buyer pays for it: subtotal - discount, plus tax where prices exclude it. */
  total: number;
}

/** A priced cart, all amounts in minor units; `total` is the sum of what is shown above it, exactly. */
export interface PricedCart {
  lines: PricedLine[];
  subtotal: number;
  discountTotal: number;
  shippingTotal: number;
  shippingTax: number;
  taxTotal: number;
  total: number;
}

/**
 * Prices a cart: pure and exact. Tax is rounded half up for each line and for shipping, so that the parts add up to the
 * total; the same function prices the cart, the checkout and the order.
 */
export function priceCart(input: PricingInput): PricedCart {
  const ratePpm = input.tax?.ratePpm ?? 0;
  const lines = input.lines.map((line): PricedLine => {
    const subtotal = line.quantity * line.unitPrice;
    const taxPpm = line.taxable ? ratePpm : 0;
    const taxTotal = taxOf(subtotal, taxPpm, input.taxIncluded);
    return { subtotal, discountTotal: 0, taxTotal, taxPpm, total: subtotal + (input.taxIncluded ? 0 : taxTotal) };
  });
  const sum = (pick: (line: PricedLine) => number) => lines.reduce((total, line) => total + pick(line), 0);
  const shippingTotal = input.shipping ?? 0;
  const shippingTax = input.tax?.shipping ? taxOf(shippingTotal, ratePpm, input.taxIncluded) : 0;
  const subtotal = sum((l) => l.subtotal);
  const discountTotal = sum((l) => l.discountTotal);
  const taxTotal = sum((l) => l.taxTotal) + shippingTax;
  return {
    lines,
    subtotal,
    discountTotal,
    shippingTotal,
    shippingTax,
    taxTotal,
    total: subtotal - discountTotal + shippingTotal + (input.taxIncluded ? 0 : taxTotal),
  };
}
