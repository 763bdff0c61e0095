import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { ExecuteCapture } from '../execute-capture.service.js';
import { CaptureNotPossible, wasRefused } from '../payments.errors.js';
import { ExecuteCaptureJob } from './definitions.js';
import { spareAttempts } from './spare-attempts.js';

/** Carries out captures that Stripe did not answer. */
@Injectable()
@HandlesJob(ExecuteCaptureJob)
export class ExecuteCaptureHandler implements JobHandler<{ captureId: string }> {
  constructor(private readonly capture: ExecuteCapture) {}

  async handle(job: JobContext<{ captureId: string }>): Promise<void> {
    try {
      await spareAttempts(() => this.capture.execute(job.payload.captureId));
    } catch (error) {
      // The hold has ended while it waited: whoever asked has been told, or reads it on the order.
      if (CaptureNotPossible.is(error)) return;
      if (wasRefused(error)) throw new PermanentFailure(error.message);
      throw error;
    }
  }
}
