import { defineJob } from '#libs/jobs';

export const MakeRenditionsJob = defineJob({
  name: 'catalog.make-renditions',
  queue: 'imports',
  description: 'makes the smaller versions of an uploaded picture',
});

export const RefreshCollectionsJob = defineJob({
  name: 'catalog.refresh-collections',
  queue: 'imports',
  description: 'asks the rules of collections for every product, after one of them changed',
});
