import type { Tx } from '#libs/database';
import { encodeId, newUuid } from '#libs/ids';
import { announce } from '#libs/outbox';
import { AccessGiven } from './account.events.js';

/** What somebody was given. */
export type GivenAccess = { what: 'staff' | 'role'; userId: string } | { what: 'api_key'; keyId: string };

/** Announces another way to the tools of the shop, of which every owner is told by mail: a thief makes one to stay. */
export function announceAccess(tx: Tx, given: GivenAccess, byUserId: string): void {
  const [subject, aggregateType, aggregateId] =
    given.what === 'api_key'
      ? [encodeId('apiKey', given.keyId), 'api_key', given.keyId]
      : [encodeId('user', given.userId), 'user', given.userId];
  announce(tx, {
    definition: AccessGiven,
    key: `${AccessGiven.topic}:${newUuid()}`,
    aggregateType,
    aggregateId,
    payload: { what: given.what, subject, by: encodeId('user', byUserId) },
  });
}
