import type { Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { enqueue } from '#libs/jobs';
import { Product } from '../entities/index.js';
import { PublishProductsJob } from './publish-products.job.js';

/** Whether shoppers see a product, and when that changes by itself. */
export type Visibility = Pick<Product, 'status' | 'publishAt' | 'unpublishAt'>;

/** What is to change of it; what is left out stays as far as it can. */
export interface VisibilityRequest {
  status?: Product['status'];
  publishAt?: string | Date | null;
  unpublishAt?: string | Date | null;
}

const wrong = (pointer: string, code: string, detail: string) =>
  ValidationFailed({ detail: `${pointer} ${detail}.`, errors: [{ pointer, code, detail }] });
const asDate = (time: string | Date | null) => (time === null ? null : new Date(time));

/**
 * Pure. Only drafts wait to be published, so publishing or archiving by hand takes the plan off; what is archived waits for
 * nothing.
 * @throws validation_failed for a time that is over, or in the wrong order, or that does not go with the status
 */
export function visibilityAfter(before: Visibility, request: VisibilityRequest, now: Date): Visibility {
  const status = request.status ?? before.status;
  const keptPublishAt = status === 'draft' ? before.publishAt : null;
  const keptUnpublishAt = status === 'archived' ? null : before.unpublishAt;
  const publishAt = request.publishAt === undefined ? keptPublishAt : asDate(request.publishAt);
  const unpublishAt = request.unpublishAt === undefined ? keptUnpublishAt : asDate(request.unpublishAt);
  if (publishAt && status !== 'draft') throw wrong('/publishAt', 'not_allowed', 'goes with the status draft only');
  if (unpublishAt && status === 'archived')
    throw wrong('/unpublishAt', 'not_allowed', 'does not go with the status archived');
  if (request.publishAt && publishAt! <= now) throw wrong('/publishAt', 'too_early', 'must be in the future');
  if (request.unpublishAt && unpublishAt! <= now) throw wrong('/unpublishAt', 'too_early', 'must be in the future');
  if (publishAt && unpublishAt && unpublishAt <= publishAt)
    throw wrong('/unpublishAt', 'too_early', 'must be after publishAt');
  return { status, publishAt, unpublishAt };
}

/** Writes it, and starts the job that will carry the plan out. @throws validation_failed */
export async function writeSchedule(
  tx: Tx,
  productId: string,
  before: Visibility,
  { status, publishAt, unpublishAt }: VisibilityRequest,
): Promise<void> {
  if (status === undefined && publishAt === undefined && unpublishAt === undefined) return;
  const [clock] = await tx.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const after = visibilityAfter(before, { status, publishAt, unpublishAt }, clock!.now);
  await tx.manager.update(Product, { id: productId }, after);
  // One job for a moment, however many products wait for it.
  for (const at of [publishAt && after.publishAt, unpublishAt && after.unpublishAt])
    if (at) await enqueue(tx, PublishProductsJob, at.toISOString(), {}, at);
}
