import { defineError } from '#libs/errors';

export const AlreadyReviewed = defineError({
  code: 'already_reviewed',
  kind: 'conflict',
  title: 'You have reviewed this product before',
  help: '`reviewId` is the review: change that one.',
});
