import type { Tx } from '#libs/database';
import { newUuid } from '#libs/ids';

/** A fact that others may need to hear of. */
export interface EventDefinition {
  /** Past tense: `order.paid`. */
  topic: string;
  version: number;
  description: string;
  /** An example of the payload, for the documentation. */
  example: Record<string, unknown>;
}

const catalog = new Map<string, EventDefinition>();

/** Declares an event once, for docs/events.md and for those who subscribe to it. */
export function defineEvent(definition: EventDefinition): EventDefinition {
  if (catalog.has(definition.topic)) throw new Error(`event declared twice: ${definition.topic}`);
  catalog.set(definition.topic, definition);
  return definition;
}

/** Every declared event. */
export function eventCatalog(): EventDefinition[] {
  return [...catalog.values()].sort((a, b) => a.topic.localeCompare(b.topic));
}

/** One announcement of an event. */
export interface DomainEvent {
  definition: EventDefinition;
  /** Names the fact: announcing it twice writes one row. `<topic>:<aggregate id>` when left out. */
  key?: string;
  aggregateType: string;
  /** uuid */
  aggregateId: string;
  /** No secrets and no personal data: consumers look up what they need. */
  payload: Record<string, unknown>;
}

let listener: () => void = () => undefined;

/** Lets the job runner of this process look at the outbox right after a commit instead of at its next poll. */
export function onAnnounced(wake: () => void): void {
  listener = wake;
}

const COLUMNS = 'event_id, event_key, topic, version, aggregate_type, aggregate_id, payload';

const rowOf = (event: DomainEvent): unknown[] => [
  newUuid(),
  event.key ?? `${event.definition.topic}:${event.aggregateId}`,
  event.definition.topic,
  event.definition.version,
  event.aggregateType,
  event.aggregateId,
  JSON.stringify(event.payload),
];

/**
 * Writes the event into the outbox, in the transaction of the change that it tells of: both happen or neither. The row
 * travels with COMMIT, so announcing costs no trip of its own.
 */
export function announce(tx: Tx, event: DomainEvent): void {
  tx.beforeCommit(
    `INSERT INTO outbox (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_key) DO NOTHING`,
    rowOf(event),
  );
  tx.afterCommit(() => listener());
}

/**
 * The same as a part of the statement that makes what is told of: that costs no statement of its own, and what only
 * Postgres knows can be told.
 * @param told SQL of a jsonb object that is added to the payload
 * @param from the CTE of the statement, of one row, that `told` reads
 */
export function announceAlong(tx: Tx, event: DomainEvent, told: string, from: string): WrittenAlong {
  tx.afterCommit(() => listener());
  return {
    name: event.definition.topic,
    insert: (p) =>
      `INSERT INTO outbox (${COLUMNS})
       SELECT ${[1, 2, 3, 4, 5, 6].map(p).join(', ')}, ${p(7)}::jsonb || ${told} FROM ${from}`,
    values: rowOf(event),
  };
}

/** A row that is written in the statement of another one. */
export interface WrittenAlong {
  /** One for each `insert`: the statement is written, and so prepared, once for all who write along. */
  name: string;
  /** An INSERT. @param p names its parameters, from 1 */
  insert: (p: (i: number) => string) => string;
  values: unknown[];
}
