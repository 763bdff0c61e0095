import type { AppError } from '#libs/errors';
import type { CartAssessment } from '../cart/index.js';
import { PromotionUsedUp } from '../promotions/index.js';

type Reason = 'used_up' | 'used_by_customer';

/**
 * The error that names promotions which cannot be had any more.
 * @param reasonOf why, by the uuid of the promotion; undefined for those that can be had
 */
export function usedUp({ priced }: CartAssessment, reasonOf: (promotionId: string) => Reason | undefined): AppError {
  const gone = priced.promotions.flatMap(({ promotionId, name, code, applied, reason }) => {
    const why = code !== null || applied ? (reasonOf(promotionId) ?? null) : null;
    return why === null || reason === 'already_in_cart' ? [] : [{ code, name, reason: why }];
  });
  const names = gone.map(({ code, name }) => (code === null ? `"${name}"` : `the code ${code}`));
  return PromotionUsedUp({
    detail: `Used as often as it may: ${names.join(', ')}.`,
    errors: gone.map(({ code, name, reason }) => ({
      pointer: '/promotionCodes',
      code: reason,
      detail: code === null ? `"${name}" cannot be had any more` : `${code} cannot be used any more`,
    })),
    data: { promotions: gone },
  });
}

/** @throws promotion_used_up when a code of the cart was used as often as it may, by all or by this shopper */
export function refuseUsedUpCodes(assessment: CartAssessment): void {
  const gone = new Map<string, Reason>();
  for (const { promotionId, code, reason } of assessment.priced.promotions)
    if (code !== null && (reason === 'used_up' || reason === 'used_by_customer')) gone.set(promotionId, reason);
  if (gone.size > 0) throw usedUp(assessment, (promotionId) => gone.get(promotionId));
}
