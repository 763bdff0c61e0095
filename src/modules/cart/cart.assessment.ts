import { type PricedCart, priceCart } from '../pricing/index.js';
import { methodsFor, type ShippingMethodSnapshot, type ShopSnapshot, taxRateFor } from '../settings/index.js';
import type { CartSnapshot } from './cart.snapshot.js';

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
  /** Those that can ship this cart to its address. */
  shippingMethods: ShippingMethodSnapshot[];
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
  const shippingMethods =
    requiresShipping && cart.shippingAddress
      ? methodsFor(shop, cart.shippingAddress.country).filter((method) => method.currency === cart.currency)
      : [];
  const chosen = shippingMethods.find((method) => method.id === cart.shippingMethodId) ?? null;
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
        detail: 'The chosen shipping method does not go to this address.',
      });
    }
  }

  const rate = destination ? taxRateFor(shop, destination) : null;
  const priced = priceCart({
    lines: cart.lines.map((line) => ({
      quantity: line.quantity,
      unitPrice: line.unitPrice ?? 0,
      taxable: line.taxable,
    })),
    shipping: chosen?.amount ?? null,
    taxIncluded: shop.pricesIncludeTax,
    tax: rate ? { ratePpm: rate.ratePpm, shipping: rate.shipping } : null,
  });
  return {
    priced,
    taxIncluded: shop.pricesIncludeTax,
    requiresShipping,
    shippingMethod: chosen,
    shippingMethods,
    issues,
  };
}
