import {
  type PricedCart,
  priceCart,
  type PricingCredit,
  type PricingInput,
  type PricingLine,
  type TaxExemption,
  taxExemptionOf,
  unitPriceOf,
  withoutTax,
} from '../pricing/index.js';
import { marketOf, type ShippingMethodSnapshot, type ShopSnapshot } from '../settings/index.js';
import type { CartIssue } from './cart.issue.js';
import { availabilityOf } from './cart-stock.js';
import { buyerOf, promotionIssues, promotionsOf } from './cart-promotions.js';
import { type CartLineSnapshot, type CartSnapshot, destinationOf, quotedTaxOf } from './cart.snapshot.js';
import type { Address } from './dto/address.dto.js';
import { type ShippingOption, shippingOptions } from './shipping-options.js';
import { taxOfPlace } from './tax/tax-of-place.js';

/** Each piece becomes a card of its own, and is taken back as one. */
const MAX_GIFT_CARDS = 500;

/** A cart with its prices, its shipping and its issues. */
export interface CartAssessment {
  priced: PricedCart;
  taxIncluded: boolean;
  /** Why no tax is due; null where it is. */
  taxExemption: TaxExemption | null;
  requiresShipping: boolean;
  shippingMethod: ShippingMethodSnapshot | null;
  /** All methods of where the cart goes, with their prices or with the reason why they cannot be chosen. */
  shippingOptions: ShippingOption[];
  issues: CartIssue[];
}

/**
 * Prices a cart and says what stands between it and an order. Pure: the cart and the shop are all it looks at.
 * @param needsQuote whether it is not sold by our own tax table
 * @param toldTo staff are told of each promotion what became of it
 */
export function assessCart(
  cart: CartSnapshot,
  shop: ShopSnapshot,
  needsQuote = false,
  toldTo: 'shopper' | 'staff' = 'shopper',
): CartAssessment {
  const issues: CartIssue[] = [];
  if (cart.lines.length === 0)
    issues.push({
      code: 'cart_empty',
      severity: 'blocking',
      pointer: '/lines',
      detail: 'There is nothing in the cart.',
    });
  const availability = availabilityOf(cart.lines);
  let giftCards = 0;
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
    if (line.isGiftCard && (giftCards += line.quantity) > MAX_GIFT_CARDS)
      issues.push({
        code: 'gift_card_quantity',
        severity: 'blocking',
        pointer: `${pointer}/quantity`,
        detail: `One order buys ${MAX_GIFT_CARDS} gift cards at most: take ${Math.min(giftCards - MAX_GIFT_CARDS, line.quantity)} of ${line.title} out.`,
      });
    const available = availability[i]!;
    if (available !== null && available < line.quantity) {
      const detail =
        available > 0
          ? `Only ${available} of ${line.title} left.`
          : line.available === 0
            ? `${line.title} is sold out.`
            : `Nothing is left of ${line.title} beside what else is in the cart.`;
      issues.push({ code: 'out_of_stock', severity: 'blocking', pointer, detail, available });
    }
    if (line.seenAmount !== null && unitPriceOf(toPricingLine(line)).amount !== line.seenAmount) {
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

  for (const [i, card] of cart.giftCards.entries()) {
    if (card.isUsable && card.balance > 0) continue;
    const why = card.isUsable ? 'Nothing is left' : 'It is withdrawn or has expired: nothing can be taken any more';
    issues.push({
      code: 'gift_card_unusable',
      severity: 'blocking',
      pointer: `/giftCards/${i}`,
      detail: `${why} of the gift card that ends in ${card.last4}. Take it off.`,
    });
  }

  const {
    destination,
    taxExemption,
    requiresShipping,
    shippingOptions: options,
    input,
  } = beforePricing(cart, shop, toldTo);
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

  const market = cart.shippingAddress && marketOf(shop, cart.shippingAddress.country);
  if (cart.shippingAddress && (market?.id ?? null) !== cart.marketId) {
    issues.push({
      code: 'market_mismatch',
      severity: 'warning',
      pointer: '/shippingAddress/country',
      detail:
        'The cart keeps the prices of the market in which it was begun; those of the country it goes to may differ.',
    });
  }
  if (needsQuote && destination && !quotedTaxOf(cart) && cart.lines.length > 0) {
    issues.push({
      code: 'tax_unavailable',
      severity: 'blocking',
      pointer: '/taxTotal',
      detail: 'The tax cannot be told at the moment. Please try again in a minute.',
    });
  }
  const priced = priceCart({ ...input, shipping: chosen });
  if (cart.promotionCodes.length > 0) issues.push(...promotionIssues(cart, priced));
  return {
    priced,
    taxIncluded: priced.taxIncluded,
    taxExemption,
    requiresShipping,
    shippingMethod: chosen,
    shippingOptions: options,
    issues,
  };
}

/** A cart on its way to its prices. */
interface BeforePricing {
  /** Where it goes, as far as that is known. */
  destination: Address | null;
  taxExemption: TaxExemption | null;
  requiresShipping: boolean;
  shippingOptions: ShippingOption[];
  /** What prices are made of, with no shipping yet. */
  input: PricingInput;
}

/** What a cart is priced by, and how it can be shipped. Pure. */
export function beforePricing(
  cart: CartSnapshot,
  shop: ShopSnapshot,
  toldTo: 'shopper' | 'staff' = 'shopper',
): BeforePricing {
  const destination = destinationOf(cart);
  const lines = cart.lines.map(toPricingLine);
  const taxExemption = taxExemptionOf(cart.customer, shop.country, destination?.country ?? null);
  const input: PricingInput = {
    currency: cart.currency,
    marketId: cart.marketId,
    taxIncluded: cart.taxIncluded ?? shop.pricesIncludeTax,
    at: cart.readAt,
    lines,
    customer: buyerOf(cart),
    country: destination?.country ?? null,
    shipping: null,
    tax: destination && (quotedTaxOf(cart) ?? taxOfPlace(shop, destination)),
    taxExempt: taxExemption !== null,
    promotions: promotionsOf(cart.promotionFacts, shop),
    toldTo,
    credits: creditsOf(cart),
  };
  const requiresShipping = cart.lines.some((line) => line.requiresShipping);
  // Bands and limits look at what the goods really cost: without the tax in them, for who owes none.
  const sold = taxExemption === null ? lines : withoutTax(input).lines;
  const options = requiresShipping ? shippingOptions(shop, cart, sold) : [];
  return { destination, taxExemption, requiresShipping, shippingOptions: options, input };
}

/** Gift cards in the order in which they were applied, then store credit. */
function creditsOf(cart: CartSnapshot): PricingCredit[] {
  return [
    ...cart.giftCards
      .filter((card) => card.isUsable)
      .map(({ id, balance }) => ({ kind: 'gift_card' as const, id, balance })),
    ...(cart.useStoreCredit && cart.storeCredit ? [{ kind: 'store_credit' as const, ...cart.storeCredit }] : []),
  ];
}

/** A line as the pipeline takes it. */
export function toPricingLine(line: CartLineSnapshot): PricingLine {
  const own = line.unitPrice ?? 0;
  return {
    quantity: line.quantity,
    // What is not for sale any more costs nothing, whatever a list says.
    offers: [{ amount: own, priceListId: null, minQuantity: 1 }, ...(line.unitPrice === null ? [] : line.offers)],
    compareAt: Math.max(own, line.compareAt ?? 0),
    taxable: line.taxable,
    taxClassId: line.taxClassId,
    variantId: line.variantId,
    productId: line.productId,
    categoryIds: line.categoryIds,
    requiresShipping: line.requiresShipping,
    weight: line.weight,
    shippingProfileId: line.shippingProfileId,
    isGiftCard: line.isGiftCard,
  };
}
