import { CustomerGroupMember } from './customer-group-member.entity.js';
import { CustomerGroup } from './customer-group.entity.js';
import { CustomerEntity } from './customer.entity.js';
import { WishlistItemEntity } from './wishlist-item.entity.js';

export const customerEntities = [CustomerEntity, CustomerGroup, CustomerGroupMember, WishlistItemEntity];
export { CustomerEntity, CustomerGroup, CustomerGroupMember, WishlistItemEntity };
