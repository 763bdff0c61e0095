export { announce, defineEvent, eventCatalog, onAnnounced, type DomainEvent, type EventDefinition } from './outbox.js';
