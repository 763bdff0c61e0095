import { defineEvent } from '#libs/outbox';

export const DownloadsReady = defineEvent({
  topic: 'order.downloads_ready',
  version: 1,
  description:
    'The files of an order can be downloaded. Once when it is paid, and each time that staff give them out anew.',
  example: { orderId: 'ord_01j4000000e008000000000001', number: 1001 },
});
