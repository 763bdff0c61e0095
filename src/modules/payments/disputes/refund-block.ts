import type { Tx } from '#libs/database';
import { encodeId } from '#libs/ids';
import { REFUND_BLOCKING } from './dispute.state.js';
import { PaymentDisputed } from './disputes.errors.js';

/**
 * Refuses to send money back that the bank has taken, or may take. Call it with the payment locked.
 * @param left what was captured and has not gone back, in minor units
 * @returns what of it no cardholder has won
 * @throws `payment_disputed` while a bank decides, and when all that is left is lost
 */
export async function assertRefundable(tx: Tx, paymentId: string, left: number): Promise<number> {
  const disputes = await tx.query<{ id: string; status: string; amount: number }>(
    `SELECT id, status, amount FROM disputes WHERE payment_id = $1 AND status = ANY($2) ORDER BY status = 'lost'`,
    [paymentId, REFUND_BLOCKING],
  );
  const [first] = disputes;
  if (!first) return left;
  const rest = left - disputes.reduce((lost, dispute) => lost + dispute.amount, 0);
  if (first.status === 'lost' && rest > 0) return rest;
  throw PaymentDisputed({ data: { disputeId: encodeId('dispute', first.id), disputeStatus: first.status } });
}

/** For an order that ends: a cardholder who has won has the money already, so none is sent, and nothing stands in the way. */
export function ignoreLostDispute(error: unknown): null {
  if (PaymentDisputed.is(error) && error.details.data?.disputeStatus === 'lost') return null;
  throw error;
}
