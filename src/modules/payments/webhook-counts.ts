import { defineTally } from '#libs/vitals';

/** What became of events of Stripe: `received` and `repeated` at the door, then what their work came to. */
export const countEvent = defineTally({
  name: 'emporium_webhook_events_total',
  help: 'Events of Stripe by outcome; not_ours are of others in the same Stripe account',
  labels: ['outcome'],
});
