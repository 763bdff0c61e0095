export { Money } from './money.dto.js';
export { priceCart, STANDARD_TAX_CLASS } from './price-cart.js';
export type * from './pricing.types.js';
