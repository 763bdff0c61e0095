export { PromotionsModule } from './promotions.module.js';
export { PromotionCodeGate, type CodeTry } from './promotion-code-gate.js';
export { codeOf } from './promotion-code-text.js';
export { setPromotionFacts } from './promotion-limits.repository.js';
export { promotionRules } from './promotion-rules.query.js';
export {
  PromotionCodeNotFound,
  PromotionExpired,
  PromotionUsedUp,
  TooManyPromotionCodes,
} from './promotions.errors.js';
export {
  releasePromotionUses,
  retakePromotionUses,
  takePromotionUses,
  type NewPromotionUse,
} from './promotion-uses.js';
