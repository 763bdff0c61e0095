import { ReviewEntity } from './review.entity.js';

export const reviewEntities = [ReviewEntity];
export { ReviewEntity };
