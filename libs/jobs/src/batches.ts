import { BATCH_SIZES, type QueueName } from './definitions.js';
import type { Delivery } from './transport.js';

/** Which jobs of one queue travel together. */
export function inBatches(queue: QueueName, deliveries: readonly Delivery[]): Delivery[][] {
  const size = BATCH_SIZES[queue] ?? 1;
  const batches: Delivery[][] = [];
  let open: Delivery[] = [];
  for (const delivery of deliveries) {
    if (delivery.queue !== queue) continue;
    if (delivery.isLapsed || size === 1) {
      batches.push([delivery]);
      continue;
    }
    if (open.length === 0) batches.push(open);
    open.push(delivery);
    if (open.length === size) open = [];
  }
  return batches;
}
