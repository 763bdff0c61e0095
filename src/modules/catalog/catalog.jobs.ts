import { defineJob } from '#libs/jobs';

export const MakeRenditionsJob = defineJob({
  name: 'catalog.make-renditions',
  queue: 'imports',
  description: 'makes the smaller versions of an uploaded picture',
});

export const RefreshCategoryJob = defineJob({
  name: 'catalog.refresh-category',
  queue: 'imports',
  description: 'lets the many products in a category follow its new name or place',
});

export const RefreshAttributeJob = defineJob({
  name: 'catalog.refresh-attribute',
  queue: 'imports',
  description: 'lets the pages of products follow a changed attribute; takes the values of a deleted one off them',
});

export const RefreshCollectionsJob = defineJob({
  name: 'catalog.refresh-collections',
  queue: 'imports',
  description: 'asks the rules of collections for every product, after one of them changed',
});

export const RefreshTranslationsJob = defineJob({
  name: 'catalog.refresh-translations',
  queue: 'imports',
  description: 'writes the pages of translated products anew, after what options are called changed',
});
