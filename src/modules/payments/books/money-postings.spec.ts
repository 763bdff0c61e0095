import type { Posted, Posting } from '../../ledger/index.js';
import { type BookedPayment, type BookedRefund, feePostings, missingPostings } from './money-postings.js';

const PAYMENT: BookedPayment = {
  id: 'p',
  order_id: 'o',
  provider: 'stripe',
  provider_ref: 'pi_1',
  currency: 'USD',
  captured: 2000,
};
const refund = (status: BookedRefund['status'], amount = 500, id = 'r'): BookedRefund => ({
  id,
  provider_ref: `re_${id}`,
  status,
  amount,
});
const asPosted = (postings: readonly Posting[]): Posted[] =>
  postings.flatMap(({ fact, kind, entries }) => entries.map((entry) => ({ ...entry, fact, kind })));
const sums = (posted: readonly Posted[]) => {
  const book: Record<string, number> = {};
  for (const { account, amount } of posted) book[account] = (book[account] ?? 0) + amount;
  return Object.fromEntries(Object.entries(book).filter(([, amount]) => amount !== 0));
};

/** Enters a life of a payment step by step, as its rows change. */
function enter(...steps: { payment?: Partial<BookedPayment>; refunds?: BookedRefund[]; received?: number }[]) {
  const posted: Posted[] = [];
  const facts: string[] = [];
  for (const { payment = {}, refunds = [], received } of steps) {
    const postings = missingPostings({ ...PAYMENT, ...payment }, refunds, posted, received);
    for (const { entries } of postings) expect(entries.reduce((sum, entry) => sum + entry.amount, 0)).toBe(0);
    facts.push(...postings.map((p) => p.fact));
    posted.push(...asPosted(postings));
    expect(missingPostings({ ...PAYMENT, ...payment }, refunds, posted, received)).toEqual([]);
  }
  expect(new Set(facts).size).toBe(facts.length);
  return { book: sums(posted), facts };
}

describe('what the ledger still lacks of a payment', () => {
  it('is nothing of a payment without money', () =>
    expect(enter({ payment: { captured: 0 } })).toEqual({ book: {}, facts: [] }));

  it('is its capture, and its refunds', () =>
    expect(enter({}, { refunds: [refund('succeeded')] })).toEqual({
      book: { 'provider_balance:stripe': 1500, customer_payments: -2000, refunds: 500 },
      facts: ['capture:p', 'refund:r'],
    }));

  it('is in the balance of cash for a payment by hand', () =>
    expect(enter({ payment: { provider: 'manual' } }).book).toEqual({
      'provider_balance:manual': 2000,
      customer_payments: -2000,
    }));

  it('follows a refund through the bank', () => {
    expect(enter({ refunds: [refund('pending')] }).book).toMatchObject({
      'provider_balance:stripe': 1500,
      refunds_in_transit: 500,
    });
    expect(enter({ refunds: [refund('pending')] }, { refunds: [refund('succeeded')] }).book).toEqual({
      'provider_balance:stripe': 1500,
      customer_payments: -2000,
      refunds: 500,
    });
    expect(
      enter(
        { refunds: [refund('pending')] },
        { refunds: [refund('succeeded')] },
        { refunds: [refund('failed'), refund('succeeded', 300, 's')] },
      ),
    ).toEqual({
      book: { 'provider_balance:stripe': 1700, customer_payments: -2000, refunds: 300 },
      facts: ['capture:p', 'refund_sent:r', 'refund:r', 'refund_failed:r', 'refund:s'],
    });
  });

  it('is nothing for a refund that never left', () =>
    expect(
      enter({ refunds: [{ ...refund('pending'), provider_ref: null }, refund('failed', 100, 'f')] }).facts,
    ).toEqual(['capture:p']));

  it('keeps what came beyond the order apart, and gives that back from there', () =>
    expect(enter({ received: 2600 }, { refunds: [refund('succeeded', 2600)], received: 2600 })).toEqual({
      book: { customer_payments: -2000, refunds: 2000 },
      facts: ['capture:p', 'excess:p', 'refund:r'],
    }));

  it('takes it in when the payment does', () =>
    expect(enter({ received: 2600 }, { payment: { captured: 2600 }, received: 2600 }).book).toEqual({
      'provider_balance:stripe': 2600,
      customer_payments: -2600,
    }));
});

describe('what the provider keeps', () => {
  const line = {
    ref: 'txn_1',
    type: 'charge',
    sourceRef: 'ch_1',
    currency: 'USD',
    amount: 2000,
    fee: 88,
    exchangeRate: null,
    occurredAt: new Date(0),
    availableAt: new Date(0),
  };

  it('is a fee', () =>
    expect(sums(asPosted(feePostings(PAYMENT, line, 2000)))).toEqual({
      provider_fees: 88,
      'provider_balance:stripe': -88,
    }));

  it('is taken in the currency of settlement, into which the charge is exchanged', () => {
    const posted = asPosted(
      feePostings(PAYMENT, { ...line, currency: 'EUR', amount: 1840, fee: 81, exchangeRate: 0.92 }, 2000),
    );
    expect(sums(posted.filter((p) => p.currency === 'USD'))).toEqual({
      'provider_balance:stripe': -2000,
      currency_exchange: 2000,
    });
    expect(sums(posted.filter((p) => p.currency === 'EUR'))).toEqual({
      'provider_balance:stripe': 1759,
      currency_exchange: -1840,
      provider_fees: 81,
    });
  });
});
