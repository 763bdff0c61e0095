import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CustomerLimit } from './customer-limit.js';
import { DevJobsPage } from './dev-jobs.page.js';
import { EdgeRedis } from './edge-redis.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { HealthController } from './health.controller.js';
import { JobsAdminController } from './jobs.admin.controller.js';
import { JobsQuery } from './jobs.query.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { RateLimits } from './rate-limits.js';
import { Readiness } from './readiness.js';
import { Reaper } from './reap.job.js';
import { RetryJob } from './retry-job.service.js';

/** Running the shop: health, metrics, limits, jobs, and the broom. */
@Module({
  controllers: [HealthController, MetricsController, JobsAdminController],
  providers: [
    EdgeRedis,
    RateLimits,
    { provide: APP_GUARD, useClass: CustomerLimit },
    EventLoopDelay,
    Metrics,
    Readiness,
    JobsQuery,
    RetryJob,
    Reaper,
    DevJobsPage,
  ],
  exports: [Readiness],
})
export class OperationsModule {}
