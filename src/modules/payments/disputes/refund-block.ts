import type { Tx } from '#libs/database';
import { encodeId } from '#libs/ids';
import { REFUND_BLOCKING } from './dispute.state.js';
import { PaymentDisputed } from './disputes.errors.js';

/**
 * Refuses to send money back that the bank has taken, or may take. Call it with the payment locked.
 * @throws `payment_disputed`
 */
export async function assertNotDisputed(tx: Tx, paymentId: string): Promise<void> {
  const [dispute] = await tx.query<{ id: string; status: string }>(
    `SELECT id, status FROM disputes WHERE payment_id = $1 AND status = ANY($2) ORDER BY status = 'lost' LIMIT 1`,
    [paymentId, REFUND_BLOCKING],
  );
  if (dispute)
    throw PaymentDisputed({ data: { disputeId: encodeId('dispute', dispute.id), disputeStatus: dispute.status } });
}

/** For an order that ends: a cardholder who has won has the money already, so none is sent, and nothing stands in the way. */
export function ignoreLostDispute(error: unknown): null {
  if (PaymentDisputed.is(error) && error.details.data?.disputeStatus === 'lost') return null;
  throw error;
}
