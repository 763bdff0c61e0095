import { defineJob } from '#libs/jobs';

/** Besides the one for each moment that staff chose, one a minute catches up on what was missed. */
export const PublishProductsJob = defineJob({
  name: 'catalog.publish-products',
  queue: 'maintenance',
  description: 'shows products whose time has come, and hides those whose time is over',
  everyMs: 60_000,
  leaseMs: 600_000,
});
