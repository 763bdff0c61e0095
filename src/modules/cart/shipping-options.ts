import {
  type PricingLine,
  quoteShipping,
  shippedGoods,
  type ShippingPlace,
  type ShippingQuote,
  unitPriceOf,
} from '../pricing/index.js';
import { methodsFor, type ShippingMethodSnapshot, type ShopSnapshot } from '../settings/index.js';

/** A shipping method of where a cart goes, with its price or with the reason why it cannot be chosen. */
export interface ShippingOption {
  method: ShippingMethodSnapshot;
  quote: ShippingQuote;
}

/** The methods of where a cart goes, in the order in which shoppers see them; none while the address is not known. */
export function shippingOptions(
  shop: ShopSnapshot,
  { currency, shippingAddress }: { currency: string; shippingAddress: ShippingPlace | null },
  lines: readonly PricingLine[],
): ShippingOption[] {
  if (!shippingAddress) return [];
  const goods = shippedGoods(
    lines,
    lines.map((line) => ({ subtotal: line.quantity * unitPriceOf(line).amount })),
  );
  return methodsFor(shop, shippingAddress.country).map((method) => ({
    method,
    quote: quoteShipping(method, goods, shippingAddress, currency),
  }));
}
