import type { JobDefinition } from '#libs/jobs';

/** SQL: a job of this kind that is not at its end, for the row whose id the expression gives. */
export const openJob = (definition: JobDefinition, field: string, id: string): string =>
  `SELECT FROM jobs j WHERE j.name = '${definition.name}' AND j.state IN ('queued', 'running') AND j.payload->>'${field}' = ${id}::text`;

/** SQL: the ids for which a job of this kind has died. There are few of them, and they have an index. */
export const deadJobs = (definition: JobDefinition, field: string): string =>
  `SELECT (j.payload->>'${field}')::uuid FROM jobs j WHERE j.name = '${definition.name}' AND j.state = 'dead'`;

/** For how long an event is worked on again when its job has died: as long as Stripe tries to deliver one. */
export const EVENT_PATIENCE = '3 days';
