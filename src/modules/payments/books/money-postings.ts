import { ACCOUNTS, type Account, balanceOf, type LedgerEntry, type Posted, type Posting } from '../../ledger/index.js';

/** What the ledger follows of a payment. Amounts in minor units. */
export interface BookedPayment {
  id: string;
  order_id: string;
  provider: 'stripe' | 'manual';
  provider_ref: string | null;
  currency: string;
  captured: number;
}

/** What the ledger follows of a refund. */
export interface BookedRefund {
  id: string;
  provider_ref: string | null;
  status: 'pending' | 'succeeded' | 'failed';
  amount: number;
}

/** Lines that say what a charge came to, with its fee; by card, or in another way. */
export const CHARGE_LINES = ['charge', 'payment'];

/** A line of the provider's own ledger, in minor units of the currency of settlement. */
export interface ProviderTransaction {
  ref: string;
  type: string;
  sourceRef: string | null;
  currency: string;
  amount: number;
  fee: number;
  exchangeRate: number | null;
  occurredAt: Date;
  availableAt: Date;
}

/**
 * What is still to be entered so that the ledger says of a payment what its rows say. Entering it a second time gives
 * nothing, so whoever changed the rows need not know what was entered before.
 * @param posted what is entered for the payment
 * @param received what the provider took, which may be more than the payment counts as captured
 */
export function missingPostings(
  payment: BookedPayment,
  refunds: readonly BookedRefund[],
  posted: readonly Posted[],
  received: number = payment.captured,
): Posting[] {
  const book = new Map<Account, number>();
  for (const { account, amount, kind } of posted) {
    if (KINDS.has(kind)) book.set(account, (book.get(account) ?? 0) + amount);
  }
  const facts = new Set(posted.map((p) => p.fact));
  const postings: Posting[] = [];
  const enter = (
    fact: string,
    kind: string,
    sides: readonly (readonly [Account, number])[],
    providerRef = payment.provider_ref,
  ) => {
    const entries: LedgerEntry[] = sides
      .filter(([, amount]) => amount !== 0)
      .map(([account, amount]) => ({ account, currency: payment.currency, amount }));
    if (entries.length === 0) return;
    for (const { account, amount } of entries) book.set(account, (book.get(account) ?? 0) + amount);
    postings.push({ fact, kind, orderId: payment.order_id, paymentId: payment.id, providerRef, entries });
  };
  const of = (account: Account) => book.get(account) ?? 0;
  const balance = balanceOf(payment.provider);

  const newlyCaptured = payment.captured + of(ACCOUNTS.customerPayments);
  if (newlyCaptured > 0) {
    // What came beyond the order before counts for it once the payment takes it in.
    const fromUnallocated = Math.min(Math.max(-of(ACCOUNTS.unallocated), 0), newlyCaptured);
    const isFirst = of(ACCOUNTS.customerPayments) === 0;
    enter(isFirst ? `capture:${payment.id}` : `capture:${payment.id}:${payment.captured}`, 'capture', [
      [balance, newlyCaptured - fromUnallocated],
      [ACCOUNTS.unallocated, fromUnallocated],
      [ACCOUNTS.customerPayments, -newlyCaptured],
    ]);
  }
  const excess = received - payment.captured;
  if (excess > 0 && !facts.has(`excess:${payment.id}`)) {
    enter(`excess:${payment.id}`, 'excess', [
      [balance, excess],
      [ACCOUNTS.unallocated, -excess],
    ]);
  }
  for (const refund of refunds) enterRefund(refund);
  return postings;

  function enterRefund({ id, amount, status, provider_ref: ref }: BookedRefund): void {
    const wasSent = facts.has(`refund_sent:${id}`);
    const wasDone = facts.has(`refund:${id}`);
    if (status === 'pending' && ref !== null && !wasSent && !wasDone) {
      enter(
        `refund_sent:${id}`,
        'refund_sent',
        [
          [balance, -amount],
          [ACCOUNTS.refundsInTransit, amount],
        ],
        ref,
      );
    } else if (status === 'succeeded' && !wasDone) {
      const counted = Math.max(Math.min(amount, payment.captured - of(ACCOUNTS.refunds)), 0);
      enter(
        `refund:${id}`,
        'refund',
        [
          [wasSent ? ACCOUNTS.refundsInTransit : balance, -amount],
          [ACCOUNTS.refunds, counted],
          [ACCOUNTS.unallocated, amount - counted],
        ],
        ref,
      );
    } else if (status === 'failed' && (wasSent || wasDone) && !facts.has(`refund_failed:${id}`)) {
      const back = new Map<Account, number>();
      for (const { fact, account, amount: entered } of posted) {
        if (fact === `refund:${id}` || fact === `refund_sent:${id}`)
          back.set(account, (back.get(account) ?? 0) - entered);
      }
      enter(`refund_failed:${id}`, 'refund_failed', [...back], ref);
    }
  }
}

/** What follows from the rows of a payment; fees and disputes follow from the provider. */
const KINDS: ReadonlySet<string> = new Set(['capture', 'excess', 'refund', 'refund_sent', 'refund_failed']);

/** What the provider took for a charge, and, where it settles in another currency, the exchange. */
export function feePostings(
  payment: BookedPayment,
  transaction: ProviderTransaction,
  chargedAmount: number,
): Posting[] {
  const { ref, currency, amount } = transaction;
  const postings: Posting[] = [];
  if (currency !== payment.currency) {
    postings.push({
      ...behind(payment, transaction),
      fact: `exchange:${ref}`,
      kind: 'exchange',
      entries: [
        { account: ACCOUNTS.stripe, currency: payment.currency, amount: -chargedAmount },
        { account: ACCOUNTS.exchange, currency: payment.currency, amount: chargedAmount },
        { account: ACCOUNTS.stripe, currency, amount },
        { account: ACCOUNTS.exchange, currency, amount: -amount },
      ],
    });
  }
  return [...postings, feePosting(payment, transaction, ACCOUNTS.fees)];
}

/** What a dispute moved, in the currency of settlement: the amount out or back again, and its fee. */
export function disputePostings(
  payment: BookedPayment,
  disputeId: string,
  transaction: ProviderTransaction,
): Posting[] {
  const { ref, currency, amount } = transaction;
  const kind = amount < 0 ? 'dispute_withdrawn' : 'dispute_reinstated';
  return [
    {
      ...behind(payment, transaction),
      fact: `dispute:${disputeId}:${amount < 0 ? 'withdrawn' : 'reinstated'}:${ref}`,
      kind,
      entries: [
        { account: ACCOUNTS.stripe, currency, amount },
        { account: ACCOUNTS.disputes, currency, amount: -amount },
      ],
    },
    feePosting(payment, transaction, ACCOUNTS.disputeFees),
  ];
}

function feePosting(payment: BookedPayment, transaction: ProviderTransaction, account: Account): Posting {
  const { ref, currency, fee } = transaction;
  return {
    ...behind(payment, transaction),
    fact: `fee:${ref}`,
    kind: 'fee',
    entries: [
      { account: ACCOUNTS.stripe, currency, amount: -fee },
      { account, currency, amount: fee },
    ],
  };
}

const behind = (payment: BookedPayment, { ref, sourceRef, occurredAt }: ProviderTransaction) => ({
  orderId: payment.order_id,
  paymentId: payment.id,
  providerRef: sourceRef ?? ref,
  occurredAt,
});
