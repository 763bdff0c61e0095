import { defineEvent } from '#libs/outbox';

export const ReconciliationMismatch = defineEvent({
  topic: 'reconciliation.mismatch',
  version: 1,
  description:
    'Our book of money and the provider’s did not agree. `warning` was put right, `critical` needs somebody to look at it: GET /v1/admin/reconciliations/:id.',
  example: {
    reconciliationId: 'rec_01j4000000e008000000000001',
    kind: 'captured_without_order',
    severity: 'critical',
    subject: 'pi_3QK',
    action: 'none',
  },
});
