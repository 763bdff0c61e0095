import type { AnyEvent } from '../store.js';

/** Where the API has the objects that events are about. */
const FOLDERS: Readonly<Record<string, string>> = {
  charge: 'charges',
  customer: 'customers',
  dispute: 'disputes',
  payment_intent: 'payment_intents',
  payment_method: 'payment_methods',
  'radar.early_fraud_warning': 'radar/early_fraud_warnings',
  refund: 'refunds',
  review: 'reviews',
  setup_intent: 'setup_intents',
};

/** A thin event: names the object that changed, and does not show it. */
export interface ThinEvent {
  id: string;
  object: 'v2.core.event';
  type: string;
  created: string;
  livemode: boolean;
  reason?: { type: 'request'; request: { id: string; idempotency_key: string } };
  related_object: { id: string; type: string; url: string };
  snapshot_event: string;
}

const PREFIX = 'evt_thin_';

/** The snapshot event that a thin one stands beside. */
export const snapshotIdOf = (thinId: string): string => thinId.replace(PREFIX, 'evt_');

export const thinTypeOf = (type: string): string => `v1.${type}`;

/** The thin form of an event. */
export function thinEvent(event: AnyEvent): ThinEvent {
  const { id, object } = event.data.object as { id: string; object: string };
  const { request } = event;
  return {
    id: event.id.replace('evt_', PREFIX),
    object: 'v2.core.event',
    type: thinTypeOf(event.type),
    created: new Date(event.created * 1000).toISOString(),
    livemode: false,
    ...(typeof request?.id === 'string'
      ? {
          reason: {
            type: 'request' as const,
            request: { id: request.id, idempotency_key: request.idempotency_key ?? '' },
          },
        }
      : {}),
    related_object: { id, type: object, url: `/v1/${FOLDERS[object] ?? object}/${id}` },
    snapshot_event: event.id,
  };
}
