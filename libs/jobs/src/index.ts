export { JobsModule, type JobsOptions } from './jobs.module.js';
export { defineJob, jobCatalog, QUEUES, type JobDefinition, type QueueName } from './definitions.js';
export { HandlesJob, RetryLater, PermanentFailure, type JobContext, type JobHandler } from './handler.js';
export { enqueue } from './enqueue.js';
export { retryDelayMs } from './retry-policy.js';
export { Dispatcher } from './dispatcher.js';
export { JobRunner } from './runner.js';
