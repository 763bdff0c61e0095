import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the work at hand, carried through every await: it ends up in each log line. */
export interface RequestContext {
  requestId?: string;
  jobId?: string;
  jobName?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that everything logged in it carries the context. */
export function runWithContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the present request or job; empty outside of one. */
export function currentContext(): RequestContext {
  return storage.getStore() ?? {};
}
