/** What of an order's money can still go back, in minor units. */
export interface RefundableMoney {
  /** What of the payment is still there. */
  ofPayment: number;
  /** What gift cards and store credit paid and do not have back. */
  ofCredit: number;
  /** What was paid for gift cards that stay out: it goes back with nothing else. */
  kept: number;
  /** Of how many minor units everything is a multiple that is sent to the payment. */
  step: number;
}

/** What lines cost that are given back, in minor units. */
export interface RefundedCosts {
  /** Those that are given back now. */
  now: number;
  /** All that the order still costs, before that: what was not given back of lines, and shipping. */
  open: number;
}

/**
 * Only money pays for gift cards: what stands for those that stay out goes back for nothing else.
 * @returns what can be sent to the payment, and what can go back in all
 */
export function refundLimits({ ofPayment, ofCredit, kept, step }: RefundableMoney): {
  sendable: number;
  refundable: number;
} {
  const sendable = kept > 0 ? inSteps(Math.max(ofPayment - kept, 0), step) : ofPayment;
  return { sendable, refundable: Math.max(sendable + ofCredit - Math.max(kept - ofPayment, 0), 0) };
}

/**
 * What goes back for lines: what they cost, to the payment in whole steps. What is short of a step comes with the lines that
 * are given back next, so that all of them bring back what was paid.
 */
export function refundOfLines(money: RefundableMoney, { now, open }: RefundedCosts): number {
  const { sendable, refundable } = refundLimits(money);
  const short = money.ofPayment + money.ofCredit - open;
  const owed = Math.min(now + (short > 0 && short < money.step ? short : 0), refundable);
  return owed < sendable ? inSteps(owed, money.step) : owed;
}

const inSteps = (amount: number, step: number): number => Math.floor(amount / step) * step;
