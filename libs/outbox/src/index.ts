export {
  announce,
  announceAlong,
  defineEvent,
  eventCatalog,
  onAnnounced,
  type DomainEvent,
  type EventDefinition,
  type WrittenAlong,
} from './outbox.js';
