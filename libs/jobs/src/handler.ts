import { SetMetadata } from '@nestjs/common';
import type { Tx } from '#libs/database';
import type { JobDefinition } from './definitions.js';

export const HANDLES_JOB = 'emporium:handles-job';

/** One try of one job. */
export interface JobContext<P = Record<string, unknown>> {
  /** The same in every try: what leaves the house (a Message-ID, a provider's idempotency key) is derived from it. */
  id: string;
  name: string;
  payload: P;
  /** 1 for the first try. */
  attempt: number;
  /** What it and the jobs of its kind that were taken with it are about, so that all of it can be read at once. */
  together: readonly P[];
  /** Marks the job done in the transaction of its effect, so that the effect happens once. */
  complete(tx: Tx): Promise<void>;
  /** What `progress` said last, of a try before this one; left out where there was none. */
  reached?: Record<string, unknown>;
  /** Shows how far it is, and renews its lease. */
  progress(progress: Record<string, unknown>): Promise<void>;
}

/** Does one kind of job. May be called more than once for the same job; see `complete`. */
export interface JobHandler<P = Record<string, unknown>> {
  handle(job: JobContext<P>): Promise<void>;
}

/** Marks the provider that does this kind of job. */
export function HandlesJob(definition: JobDefinition): ClassDecorator {
  return SetMetadata(HANDLES_JOB, definition.name);
}

/** Thrown by a handler that finds it is too early: it comes again at `at`, and the try does not count. */
export class RetryLater extends Error {
  constructor(readonly at: Date) {
    super(`not before ${at.toISOString()}`);
  }
}

/** Thrown by a handler when another try cannot help: the job becomes a dead letter at once. */
export class PermanentFailure extends Error {}
