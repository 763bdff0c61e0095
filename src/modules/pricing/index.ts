export { Money } from './money.dto.js';
export { priceCart, type PricedCart, type PricedLine, type PricingInput, type PricingLine } from './price-cart.js';
