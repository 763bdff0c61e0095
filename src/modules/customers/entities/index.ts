import { CustomerEntity } from './customer.entity.js';
import { WishlistItemEntity } from './wishlist-item.entity.js';

export const customerEntities = [CustomerEntity, WishlistItemEntity];
export { CustomerEntity, WishlistItemEntity };
