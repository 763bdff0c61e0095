export { Money } from './money.dto.js';
export { priceCart, STANDARD_TAX_CLASS } from './price-cart.js';
export type * from './pricing.types.js';
export { classOf } from './promotions/promotion-class.js';
export { explainPromotion } from './promotions/explain-promotion.js';
export { PROMOTION_CLASSES } from './promotions/promotion.types.js';
export type * from './promotions/promotion.types.js';
export { flatShipping, quoteShipping, shippedGoods, type ShippingPlace, type ShippingQuote } from './shipping-price.js';
export { unitPriceOf } from './unit-price.js';
