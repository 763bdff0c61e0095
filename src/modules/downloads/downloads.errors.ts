import { defineError } from '#libs/errors';

export const DownloadExpired = defineError({
  code: 'download_expired',
  kind: 'gone',
  title: 'The link has expired',
  help: 'The shop can give out new links: `POST /v1/admin/orders/:id/downloads`.',
});
export const DownloadLimitReached = defineError({
  code: 'download_limit_reached',
  kind: 'gone',
  title: 'The file was downloaded as often as the link allows',
  help: 'The shop can give out new links: `POST /v1/admin/orders/:id/downloads`.',
});
export const DownloadRevoked = defineError({
  code: 'download_revoked',
  kind: 'gone',
  title: 'The order does not give these files any more',
  help: 'It was canceled or refunded, its payment is disputed, or somebody of the shop has to look at it first.',
});
export const OrderNotDeliverable = defineError({
  code: 'order_not_deliverable',
  kind: 'conflict',
  title: 'The files of this order cannot be given out now',
  help: 'It must be paid, not canceled, not disputed and not on hold, and a variant in it must have files.',
});
export const RangeNotSatisfiable = defineError({
  code: 'range_not_satisfiable',
  kind: 'invalid',
  title: 'The file has no such part',
});
