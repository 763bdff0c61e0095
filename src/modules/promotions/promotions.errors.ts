import { defineError } from '#libs/errors';

export const PromotionCodeNotFound = defineError({
  code: 'promotion_code_not_found',
  kind: 'unprocessable',
  title: 'This promotion code does not exist',
});
export const PromotionExpired = defineError({
  code: 'promotion_expired',
  kind: 'unprocessable',
  title: 'This promotion code is not valid any more',
  help: 'Its promotion is over, or the code was taken back.',
});
export const PromotionUsedUp = defineError({
  code: 'promotion_used_up',
  kind: 'conflict',
  title: 'This promotion has been used as often as it may',
  help: '`promotions` names each, with its `code`: take it off with DELETE /v1/carts/:id/promotions/:code and the cart can be ordered without it.',
});
export const TooManyPromotionCodes = defineError({
  code: 'too_many_promotion_codes',
  kind: 'unprocessable',
  title: 'A cart holds at most 10 promotion codes',
});
export const PromotionCodeTaken = defineError({
  code: 'promotion_code_taken',
  kind: 'conflict',
  title: 'This code is in use already',
  help: 'Codes are unique in the shop, whatever their case, also those of promotions that are over.',
});
export const PromotionArchived = defineError({
  code: 'promotion_archived',
  kind: 'conflict',
  title: 'The promotion is archived',
  help: 'It cannot be changed or activated any more; make a new one.',
});
export const PromotionWithoutCodes = defineError({
  code: 'promotion_without_codes',
  kind: 'conflict',
  title: 'An automatic promotion has no codes',
  help: 'Codes belong to promotions whose `method` is `code`.',
});
