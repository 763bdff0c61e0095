/** Where a review stands: shoppers see published ones only, and whatever its author changes is looked at again. */
export const REVIEW_STATUSES = ['pending', 'published', 'rejected'] as const;

/** Where a review stands. */
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];
