import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '#libs/http';

export const JOB_STATES = ['queued', 'running', 'done', 'dead'] as const;

/** State of a job. */
export type JobState = (typeof JOB_STATES)[number];

/** One job as staff see it. */
export class JobResponse {
  @ApiProperty({ type: String, example: 'job_01jd3s8k4nf0v9w6t3m5x7y2zb' })
  id: string;
  @ApiProperty({ type: String, example: 'notifications' })
  queue: string;
  @ApiProperty({ type: String, example: 'notifications.order-confirmation' })
  name: string;
  @ApiProperty({ enum: JOB_STATES, description: '`dead` has used up its tries and waits for somebody to decide' })
  state: JobState;
  @ApiProperty({ type: 'integer', description: 'tries so far' })
  attempts: number;
  @ApiProperty({ type: 'integer' })
  maxAttempts: number;
  @ApiProperty({ type: String, format: 'date-time', description: 'when the next try is due' })
  nextAt: string;
  @ApiProperty({ type: String, nullable: true, description: 'why the last try failed' })
  lastError: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'ids of what it works on' })
  payload: Record<string, unknown>;
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  progress: Record<string, unknown> | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
}

/** How many jobs of a queue are in a state. */
export class JobCountResponse {
  @ApiProperty({ type: String, example: 'orders' })
  queue: string;
  @ApiProperty({ enum: JOB_STATES })
  state: JobState;
  @ApiProperty({ type: 'integer' })
  count: number;
}

/** Where a page stands in its list. */
export class PageResponse implements Page {
  @ApiProperty({ type: 'integer' })
  limit: number;
  @ApiProperty({ type: String, nullable: true })
  next: string | null;
  @ApiProperty({ type: String, nullable: true })
  prev: string | null;
  @ApiProperty({ type: 'integer', required: false })
  total?: number;
}

/** A page of jobs, and the counts of all. */
export class JobListResponse {
  @ApiProperty({ type: () => [JobResponse] })
  data: JobResponse[];
  @ApiProperty({ type: () => PageResponse })
  page: PageResponse;
  @ApiProperty({ type: () => [JobCountResponse], description: 'all jobs by queue and state, whatever the filters' })
  summary: JobCountResponse[];
}
