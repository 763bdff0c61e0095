import { Injectable } from '@nestjs/common';
import { defineJob, HandlesJob, type JobHandler } from '#libs/jobs';
import { FacetCounts } from './facet-counts.service.js';

export const FoldFacetCountsJob = defineJob({
  name: 'catalog.fold-facet-counts',
  queue: 'maintenance',
  description: 'makes one row of each count of facets, categories and collections of what was written lately',
  everyMs: 30_000,
});

/** Twice a minute: an import adds some fifty thousand rows in that time, with which the whole shop still counts within 30 ms. */
@HandlesJob(FoldFacetCountsJob)
@Injectable()
export class FoldFacetCounts implements JobHandler {
  constructor(private readonly counts: FacetCounts) {}

  async handle(): Promise<void> {
    await this.counts.fold();
  }
}
