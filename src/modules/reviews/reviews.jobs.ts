import { defineJob } from '#libs/jobs';

export const ForgetAuthorJob = defineJob({
  name: 'reviews.forget-author',
  queue: 'maintenance',
  description: 'takes the name of a deleted customer off what they wrote',
  on: ['customer.deleted'],
});
