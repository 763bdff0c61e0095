import type { Redis } from 'ioredis';

/** The connections that Bull was given. It closes only those that it made itself, so the others are closed here. */
export class BullConnections {
  private readonly open = new Set<Redis>();

  add(client: Redis): Redis {
    this.open.add(client);
    return client;
  }

  /** Closes all of them at once, those too that still try to reach Redis. */
  close(): void {
    for (const client of this.open) client.disconnect();
    this.open.clear();
  }
}
