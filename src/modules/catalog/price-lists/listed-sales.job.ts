import { Injectable } from '@nestjs/common';
import { defineJob, HandlesJob, type JobHandler } from '#libs/jobs';
import { log } from '#libs/log';
import { ListedSales } from './listed-sales.js';

export const SettleSalesJob = defineJob({
  name: 'catalog.settle-sales',
  queue: 'maintenance',
  description:
    'shows the prices of sales that have begun in lists of products, and takes out those of sales that have ended',
  everyMs: 30_000,
  leaseMs: 600_000,
});

/** Looks twice a minute, so that lists of products are late by less than a minute; carts are exact at once. */
@HandlesJob(SettleSalesJob)
@Injectable()
export class SalesSettler implements JobHandler {
  constructor(private readonly sales: ListedSales) {}

  async handle(): Promise<void> {
    const lists = await this.sales.settle();
    if (lists > 0) log.info('catalog.sales_settled', { lists });
  }
}
