import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';
import { Publication } from './publication.service.js';
import { PublishProductsJob } from './publish-products.job.js';

@HandlesJob(PublishProductsJob)
@Injectable()
export class PublishProductsProcessor implements JobHandler {
  constructor(private readonly publication: Publication) {}

  async handle(): Promise<void> {
    const products = await this.publication.settle();
    if (products > 0) log.info('catalog.schedule_settled', { products });
  }
}
