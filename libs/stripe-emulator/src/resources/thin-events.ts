import { missing } from '../api-error.js';
import type { Engine } from '../engine.js';
import { integer, list, parseParams, range, string } from '../fields.js';
import { snapshotIdOf, thinEvent, thinTypeOf } from '../webhooks/thin-event.js';
import { matchesType } from './events.js';
import { isWithin } from './lists.js';
import { pathPart, type Route } from './route.js';

const PAGE_SIZE = 20;

/** The events of the account in their thin form, in the second version of the API. */
export class ThinEvents {
  constructor(private readonly engine: Engine) {}

  routes(): Route[] {
    const { events } = this.engine.store;
    return [
      {
        method: 'GET',
        pattern: '/v2/core/events',
        handle: ({ params }) => {
          const read = parseParams(
            { created: range(), limit: integer(), object_id: string(), types: list(string()), page: string() },
            params,
          );
          const { limit = PAGE_SIZE, object_id: objectId, types } = read;
          const found = events
            .newestFirst()
            .filter(
              (event) =>
                isWithin(event.created, read.created) &&
                (objectId === undefined || (event.data.object as { id?: string }).id === objectId) &&
                (types === undefined || types.some((type) => matchesType(thinTypeOf(event.type), type))),
            );
          const start = read.page === undefined ? 0 : found.findIndex(({ id }) => id === read.page);
          const next = found[start + limit];
          const query = new URLSearchParams({ limit: String(limit), page: next?.id ?? '' });
          if (objectId !== undefined) query.set('object_id', objectId);
          for (const [index, type] of (types ?? []).entries()) query.set(`types[${index}]`, type);
          return {
            data: found.slice(start, start + limit).map((event) => thinEvent(event)),
            next_page_url: next === undefined ? null : `/v2/core/events?${query.toString()}`,
            previous_page_url: null,
          };
        },
      },
      {
        method: 'GET',
        pattern: '/v2/core/events/:id',
        handle: (call) => {
          parseParams({}, call.params);
          const id = pathPart(call, 'id');
          const event = events.get(snapshotIdOf(id));
          if (event === undefined) throw missing('event', id);
          return thinEvent(event);
        },
      },
    ];
  }
}
