import type { ObjectLiteral } from 'typeorm';
import { authEntities } from '../modules/auth/entities/index.js';
import { cartEntities } from '../modules/cart/entities/index.js';
import { catalogEntities } from '../modules/catalog/entities/index.js';
import { creditEntities } from '../modules/credits/entities/index.js';
import { customerEntities } from '../modules/customers/entities/index.js';
import { inventoryEntities } from '../modules/inventory/entities/index.js';
import { orderEntities } from '../modules/orders/entities/index.js';
import { paymentEntities } from '../modules/payments/entities/index.js';
import { reviewEntities } from '../modules/reviews/entities/index.js';
import { promotionEntities } from '../modules/promotions/entities/index.js';
import { settingsEntities } from '../modules/settings/entities/index.js';

/** Every entity of every module, for TypeORM. */
export const entities: (new () => ObjectLiteral)[] = [
  ...authEntities,
  ...settingsEntities,
  ...catalogEntities,
  ...inventoryEntities,
  ...promotionEntities,
  ...cartEntities,
  ...orderEntities,
  ...customerEntities,
  ...reviewEntities,
  ...paymentEntities,
  ...creditEntities,
];
