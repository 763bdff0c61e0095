import { ListQuery, OneOf, Text } from '#libs/http';
import { QUEUES } from '#libs/jobs';
import { JOB_STATES, type JobState } from './job.response.js';

/** Filters of the list of jobs. */
export class JobQuery extends ListQuery {
  @OneOf(JOB_STATES, { optional: true })
  state?: JobState;

  @OneOf(Object.keys(QUEUES), { optional: true })
  queue?: string;

  @Text(100, { optional: true, description: 'the whole name, such as `notifications.order-confirmation`' })
  name?: string;
}
