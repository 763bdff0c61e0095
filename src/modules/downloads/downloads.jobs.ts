import { defineJob } from '#libs/jobs';

export const DeliverOrderJob = defineJob({
  name: 'downloads.deliver',
  queue: 'orders',
  description: 'gives the buyer of a paid order its files and gift cards, and fulfills an order of nothing else',
  on: ['order.paid', 'order.released'],
});
