import { CustomerEntity } from './customer.entity.js';

export const customerEntities = [CustomerEntity];
export { CustomerEntity };
