import { deliver, type DeliveryResult, type TimedRequest } from './deliver.js';
import { FLOOR_WALKS, SCALED_WALKS, SHOP_WALKS, type Wares } from './journeys.js';
import { load, type LoadOptions, type LoadResult } from './load.js';
import type { Floor, Journey, ScaleWalk } from '../options.js';

/** Which walk, and of which server. */
export type ClientWalk =
  { of: 'shop'; name: Journey } | { of: 'floor'; name: Floor } | { of: 'scale'; name: ScaleWalk };

const walkOf = (walk: ClientWalk) =>
  walk.of === 'shop' ? SHOP_WALKS[walk.name] : walk.of === 'floor' ? FLOOR_WALKS[walk.name] : SCALED_WALKS[walk.name];

/** What the client is asked to do, over IPC. */
export type ClientCommand =
  | { type: 'wares'; wares: Wares }
  | { type: 'load'; walk: ClientWalk; options: LoadOptions }
  | { type: 'deliver'; requests: TimedRequest[]; options: Parameters<typeof deliver>[1] };

export type ClientReply = { type: 'result'; result: LoadResult } | { type: 'delivered'; result: DeliveryResult };

/** The client: a process of its own, so that what it costs is not on the account of a server. */
let wares: Wares | undefined;
process.on('message', (command: ClientCommand) => {
  if (command.type === 'wares') {
    wares = command.wares;
    return;
  }
  if (command.type === 'deliver') {
    void deliver(command.requests, command.options).then((result) => {
      process.send!({ type: 'delivered', result } satisfies ClientReply);
    });
    return;
  }
  const { walk, options } = command;
  void load(walkOf(walk), wares!, options).then((result) => {
    process.send!({ type: 'result', result } satisfies ClientReply);
  });
});
process.once('disconnect', () => process.exit());
