import {
  type PricedCart,
  priceCart,
  type PricingInput,
  type PricingLine,
  type ShippingRule,
  STANDARD_TAX_CLASS,
} from '../pricing/index.js';
import { type ShippingMethodSnapshot, type ShopSnapshot, taxRateFor } from '../settings/index.js';
import type { CartLineSnapshot, CartSnapshot } from './cart.snapshot.js';
import { type ShippingOption, shippingOptions } from './shipping-options.js';

/** Advice on a cart. `blocking` ones keep it from being checked out, `warning` ones are worth showing. */
export interface CartIssue {
  code:
    | 'out_of_stock'
    | 'variant_unavailable'
    | 'price_changed'
    | 'email_missing'
    | 'shipping_address_missing'
    | 'shipping_method_missing'
    | 'shipping_method_unavailable'
    | 'cart_empty';
  severity: 'blocking' | 'warning';
  pointer: string;
  detail: string;
  /** of `out_of_stock`: how many can be had */
  available?: number;
  /** of `price_changed`: what it was when the line was put in */
  previousAmount?: number;
}

/** A cart with its prices, its shipping and its issues. */
export interface CartAssessment {
  priced: PricedCart;
  taxIncluded: boolean;
  requiresShipping: boolean;
  shippingMethod: ShippingMethodSnapshot | null;
  /** All methods of where the cart goes, with their prices or with the reason why they cannot be chosen. */
  shippingOptions: ShippingOption[];
  /** What the prices were made of. */
  input: PricingInput;
  issues: CartIssue[];
}

/** Prices a cart and says what stands between it and an order. Pure: the cart and the shop are all it looks at. */
export function assessCart(cart: CartSnapshot, shop: ShopSnapshot): CartAssessment {
  const issues: CartIssue[] = [];
  if (cart.lines.length === 0)
    issues.push({
      code: 'cart_empty',
      severity: 'blocking',
      pointer: '/lines',
      detail: 'There is nothing in the cart.',
    });
  for (const [i, line] of cart.lines.entries()) {
    const pointer = `/lines/${i}`;
    if (line.unitPrice === null) {
      issues.push({
        code: 'variant_unavailable',
        severity: 'blocking',
        pointer,
        detail: `${line.title} is not for sale any more.`,
      });
      continue;
    }
    if (line.available !== null && line.available < line.quantity) {
      const detail =
        line.available === 0 ? `${line.title} is sold out.` : `Only ${line.available} of ${line.title} left.`;
      issues.push({ code: 'out_of_stock', severity: 'blocking', pointer, detail, available: line.available });
    }
    if (line.unitPrice !== line.seenAmount) {
      issues.push({
        code: 'price_changed',
        severity: 'warning',
        pointer: `${pointer}/unitPrice`,
        detail: `The price of ${line.title} changed.`,
        previousAmount: line.seenAmount,
      });
    }
  }
  if (!cart.email)
    issues.push({
      code: 'email_missing',
      severity: 'blocking',
      pointer: '/email',
      detail: 'The order confirmation needs an e-mail address.',
    });

  const requiresShipping = cart.lines.some((line) => line.requiresShipping);
  const destination = cart.shippingAddress ?? (requiresShipping ? null : cart.billingAddress);
  const lines = cart.lines.map(toPricingLine);
  const options = requiresShipping ? shippingOptions(shop, cart, lines) : [];
  const wanted = options.find(({ method }) => method.id === cart.shippingMethodId);
  const chosen = wanted && 'price' in wanted.quote ? wanted.method : null;
  if (requiresShipping) {
    if (!cart.shippingAddress) {
      issues.push({
        code: 'shipping_address_missing',
        severity: 'blocking',
        pointer: '/shippingAddress',
        detail: 'Where shall it go?',
      });
    } else if (cart.shippingMethodId === null) {
      issues.push({
        code: 'shipping_method_missing',
        severity: 'blocking',
        pointer: '/shippingMethodId',
        detail: 'How shall it be shipped?',
      });
    } else if (!chosen) {
      issues.push({
        code: 'shipping_method_unavailable',
        severity: 'blocking',
        pointer: '/shippingMethodId',
        detail:
          wanted && 'detail' in wanted.quote
            ? `${wanted.method.name}: ${wanted.quote.detail}`
            : 'The chosen shipping method does not go to this address.',
      });
    }
  }

  const rate = destination ? taxRateFor(shop, destination) : null;
  const input: PricingInput = {
    currency: cart.currency,
    taxIncluded: shop.pricesIncludeTax,
    at: cart.readAt,
    lines,
    customer: null,
    country: destination?.country ?? null,
    shipping: chosen,
    tax: rate && { rates: { [STANDARD_TAX_CLASS]: rate.ratePpm }, shippingPpm: rate.shipping ? rate.ratePpm : 0 },
    promotions: [],
    credits: [],
  };
  return {
    priced: priceCart(input),
    input,
    taxIncluded: shop.pricesIncludeTax,
    requiresShipping,
    shippingMethod: chosen,
    shippingOptions: options,
    issues,
  };
}

/** What shipping by a method would cost this cart, after everything that is taken off. */
export function shippingTotalBy(rule: ShippingRule, { input }: Pick<CartAssessment, 'input'>): number {
  return priceCart({ ...input, shipping: rule }).shippingTotal;
}

/** A line as the pipeline takes it. */
export function toPricingLine(line: CartLineSnapshot): PricingLine {
  return {
    quantity: line.quantity,
    offers: [{ amount: line.unitPrice ?? 0, priceListId: null, minQuantity: 1 }],
    taxable: line.taxable,
    taxClassId: null,
    variantId: line.variantId,
    productId: line.productId,
    categoryIds: [],
    requiresShipping: line.requiresShipping,
    weight: line.weight,
    shippingProfileId: line.shippingProfileId,
    isGiftCard: false,
  };
}
