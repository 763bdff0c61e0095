import { Carried } from '#libs/context';

/** What is known of the work at hand, carried through every await: it ends up in each log line. */
export interface RequestContext {
  requestId?: string;
  jobId?: string;
  jobName?: string;
}

const carried = new Carried<RequestContext>();

/** Runs `work` so that everything logged in it carries the context. */
export function runWithContext<T>(context: RequestContext, work: () => T): T {
  return carried.run(context, work);
}

/** The context of the present request or job; empty outside of one. */
export function currentContext(): RequestContext {
  return carried.get() ?? {};
}
