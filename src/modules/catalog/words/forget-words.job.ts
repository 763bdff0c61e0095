import { Injectable } from '@nestjs/common';
import { defineJob, HandlesJob, type JobContext, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';
import { DeadWords } from './dead-words.service.js';

export const ForgetWordsJob = defineJob({
  name: 'catalog.forget-words',
  queue: 'maintenance',
  description: 'takes the words out of typo correction and suggestions that no product has any more',
  everyMs: 3_600_000,
  leaseMs: 600_000,
});

/** Once an hour: until then a typo may be corrected to the name of what has just been sold off. */
@HandlesJob(ForgetWordsJob)
@Injectable()
export class ForgetWordsProcessor implements JobHandler {
  constructor(private readonly words: DeadWords) {}

  async handle(job: JobContext): Promise<void> {
    const words = await this.words.forget((gone) => job.progress({ gone }));
    if (words > 0) log.info('catalog.words_forgotten', { words });
  }
}
