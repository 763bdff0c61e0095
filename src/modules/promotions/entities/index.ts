import { PromotionCode } from './promotion-code.entity.js';
import { PromotionCustomer, PromotionLimit } from './promotion-counters.entity.js';
import { PromotionUse } from './promotion-use.entity.js';
import { Promotion } from './promotion.entity.js';

export const promotionEntities = [Promotion, PromotionCode, PromotionUse, PromotionLimit, PromotionCustomer];
export { Promotion, PromotionCode };
