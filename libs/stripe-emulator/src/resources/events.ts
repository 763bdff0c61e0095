import { invalid, missing } from '../api-error.js';
import type { Engine } from '../engine.js';
import { boolean, list, parseParams, string } from '../fields.js';
import type { AnyEvent } from '../store.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

/** What happened in the account, the newest 20,000. */
export class Events {
  constructor(private readonly engine: Engine) {}

  /** Ids of events that at least one endpoint has not taken. */
  private undelivered(): Set<string> {
    const ids = new Set<string>();
    for (const delivery of this.engine.store.deliveries.values()) {
      if (delivery.status !== 'succeeded') ids.add(delivery.event);
    }
    return ids;
  }

  routes(): Route[] {
    const { events } = this.engine.store;
    return [
      {
        method: 'GET',
        pattern: '/v1/events',
        handle: ({ params }) => {
          const read = parseParams(
            { ...paging, ...createdFilter, delivery_success: boolean(), type: string(), types: list(string()) },
            params,
          );
          if (read.type !== undefined && read.types !== undefined) {
            throw invalid('You may only specify one of these parameters: type, types.', { param: 'types' });
          }
          const wanted = read.types ?? (read.type === undefined ? undefined : [read.type]);
          const undelivered = read.delivery_success === undefined ? undefined : this.undelivered();
          const items = events
            .newestFirst()
            .filter(
              (event: AnyEvent) =>
                isWithin(event.created, read.created) &&
                (wanted === undefined || wanted.some((type) => matchesType(event.type, type))) &&
                (undelivered === undefined || undelivered.has(event.id) !== read.delivery_success),
            );
          return page('/v1/events', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/events/:id',
        handle: (call) => {
          parseParams({}, call.params);
          const id = pathPart(call, 'id');
          const event = events.get(id);
          if (event === undefined) throw missing('event', id);
          return event;
        },
      },
    ];
  }
}

/** `*` and endings such as `charge.*` stand for many. */
export const matchesType = (type: string, wanted: string): boolean =>
  wanted === '*' || wanted === type || (wanted.endsWith('*') && type.startsWith(wanted.slice(0, -1)));
