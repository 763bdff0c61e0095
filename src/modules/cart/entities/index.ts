import { CartLine } from './cart-line.entity.js';
import { Cart } from './cart.entity.js';

export const cartEntities = [Cart, CartLine];
export { Cart, CartLine };
