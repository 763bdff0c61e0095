import { defineJob } from '#libs/jobs';

export const MakeRenditionsJob = defineJob({
  name: 'catalog.make-renditions',
  queue: 'imports',
  description: 'makes the smaller versions of an uploaded picture',
});
