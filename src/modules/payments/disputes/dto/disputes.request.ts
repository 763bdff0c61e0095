import { Flag, Id, ListQuery, OneOf, Opt, Text } from '#libs/http';
import { DISPUTE_STATUSES } from '../dispute.state.js';

/** Filters of the disputes. */
export class DisputeListQuery extends ListQuery {
  @OneOf(DISPUTE_STATUSES, Opt())
  status?: string;
  @Id('order', Opt())
  orderId?: string;
}

const LONG = 20_000;

/** What the bank is told, in words. Fields that are left out stay as they are. */
export class DisputeEvidenceRequest {
  @Text(LONG, Opt({ example: 'Two mugs, blue' }))
  productDescription?: string;
  @Text(500, Opt())
  customerName?: string;
  @Text(254, Opt())
  customerEmailAddress?: string;
  @Text(64, Opt())
  customerPurchaseIp?: string;
  @Text(1000, Opt())
  billingAddress?: string;
  @Text(1000, Opt())
  shippingAddress?: string;
  @Text(500, Opt({ example: 'UPS' }))
  shippingCarrier?: string;
  @Text(100, Opt({ example: '2026-11-20' }))
  shippingDate?: string;
  @Text(500, Opt())
  shippingTrackingNumber?: string;
  @Text(100, Opt())
  serviceDate?: string;
  @Text(LONG, Opt({ description: 'what the customer did: logins, downloads' }))
  accessActivityLog?: string;
  @Text(LONG, Opt())
  refundPolicyDisclosure?: string;
  @Text(LONG, Opt())
  refundRefusalExplanation?: string;
  @Text(LONG, Opt())
  cancellationPolicyDisclosure?: string;
  @Text(LONG, Opt())
  cancellationRebuttal?: string;
  @Text(LONG, Opt())
  duplicateChargeExplanation?: string;
  @Text(100, Opt({ description: "Stripe's id of the earlier charge" }))
  duplicateChargeId?: string;
  @Text(LONG, Opt({ description: 'anything else that helps' }))
  uncategorizedText?: string;
  @Flag(Opt({ description: 'send it to the bank now; it cannot be changed afterwards' }))
  submit?: boolean;
}

/** What staff found when they looked. */
export class ReleaseHoldRequest {
  @Text(500, Opt({ example: 'called the customer' }))
  note?: string;
}
