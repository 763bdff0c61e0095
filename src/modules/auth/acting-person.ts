import { currentContext } from '#libs/log';

/** Who makes the changes of a request, or of a file that staff have sent. */
export interface ActingPerson {
  /** `staff:usr_…`, `key:key_…`, or `import:imp_…` */
  actor: string;
  /** `staff:usr_…` whose key or file it is */
  onBehalfOf?: string;
  requestId?: string;
  /** where the request comes from */
  address?: string;
}

/** By the context of the request, beside it: what stands in the context ends up in the log. */
const people = new WeakMap<object, ActingPerson>();

/**
 * Notes who makes the changes of the present request or job.
 * @throws Error outside of one, where nobody would find it again: a programming error
 */
export function noteActingPerson(person: ActingPerson): void {
  const context = currentContext();
  if (context.requestId === undefined && context.jobId === undefined)
    throw new Error('who makes a change is noted in a request or a job');
  people.set(context, person);
}

/**
 * What Postgres is told at the beginning of each transaction of staff or of a job, so that its triggers write down who
 * changed what; null for shoppers.
 */
export function auditSettings(): Record<string, string> | null {
  const context = currentContext();
  const person = people.get(context);
  if (!person) return context.jobName === undefined ? null : { 'emporium.system': `system:${context.jobName}` };
  return {
    'emporium.actor': person.actor,
    'emporium.on_behalf_of': person.onBehalfOf ?? '',
    'emporium.request_id': person.requestId ?? '',
    'emporium.address': person.address ?? '',
  };
}
