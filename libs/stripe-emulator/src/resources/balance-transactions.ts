import type Stripe from 'stripe';
import { missing } from '../api-error.js';
import type { Engine } from '../engine.js';
import { parseParams, shapeFor, string } from '../fields.js';
import { newId } from '../random.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

const PENDING_SECONDS = 2 * 24 * 3600;
/** What Stripe takes for each dispute, in minor units; it keeps it also when the shop wins. */
const DISPUTE_FEE = 1500;
/** Of these the last two digits are always zero. */
const WHOLE = new Set(['isk', 'ugx']);

/** Card fee of the emulated account: 2.9 % and 30 minor units, up to a whole unit where there is nothing smaller. */
function feeOf(amount: number, currency: string): number {
  const fee = Math.round(amount * 0.029) + 30;
  return WHOLE.has(currency) ? Math.ceil(fee / 100) * 100 : fee;
}

const listShape = shapeFor<Omit<Stripe.BalanceTransactionListParams, 'expand'>>()({
  ...paging,
  ...createdFilter,
  currency: string(),
  payout: string(),
  source: string(),
  type: string(),
});

/** The account's ledger: money in by charges, out by refunds and disputes. */
export class BalanceTransactions {
  constructor(private readonly engine: Engine) {}

  ofCharge(charge: Stripe.Charge, isAvailable: boolean): Stripe.BalanceTransaction {
    const amount = charge.amount_captured;
    const fee = feeOf(amount, charge.currency);
    return this.write({ amount, fee, currency: charge.currency, source: charge.id, type: 'charge', isAvailable });
  }

  ofRefund(refund: Stripe.Refund): Stripe.BalanceTransaction {
    const { amount, currency, id: source } = refund;
    return this.write({ amount: -amount, fee: 0, currency, source, type: 'refund', isAvailable: true });
  }

  /** The money of a refund that the bank could not place comes back. */
  ofFailedRefund(refund: Stripe.Refund): Stripe.BalanceTransaction {
    const { amount, currency, id: source } = refund;
    return this.write({ amount, fee: 0, currency, source, type: 'refund_failure', isAvailable: true });
  }

  /** The bank takes the disputed amount, Stripe its fee. */
  ofDispute(dispute: Stripe.Dispute): Stripe.BalanceTransaction {
    const { amount, currency, id: source, charge } = dispute;
    const description = `Chargeback withdrawal for ${charge as string}`;
    const sums = { amount: -amount, fee: DISPUTE_FEE, currency };
    return this.write({ ...sums, source, description, type: 'adjustment', category: 'dispute', isAvailable: true });
  }

  /** The bank gives the disputed amount back. */
  ofReinstatement(dispute: Stripe.Dispute): Stripe.BalanceTransaction {
    const { amount, currency, id: source, charge } = dispute;
    const description = `Chargeback reversal for ${charge as string}`;
    const entry = { amount, fee: 0, currency, source, description, isAvailable: true };
    return this.write({ ...entry, type: 'adjustment', category: 'dispute_reversal' });
  }

  private write(entry: {
    amount: number;
    fee: number;
    currency: string;
    source: string;
    type: 'charge' | 'refund' | 'refund_failure' | 'adjustment';
    /** How reports count it; as its type when left out. */
    category?: string;
    description?: string;
    isAvailable: boolean;
  }): Stripe.BalanceTransaction {
    const { amount, fee, currency, source, type, isAvailable } = entry;
    const created = this.engine.now();
    return this.engine.store.balanceTransactions.put({
      id: newId('txn'),
      object: 'balance_transaction',
      amount,
      available_on: isAvailable ? created : created + PENDING_SECONDS,
      balance_type: 'payments',
      created,
      currency,
      description: entry.description ?? null,
      exchange_rate: null,
      fee,
      fee_details:
        fee === 0
          ? []
          : [
              {
                amount: fee,
                application: null,
                currency,
                description: FEE_NAMES[type] ?? 'Stripe processing fees',
                type: 'stripe_fee',
              },
            ],
      net: amount - fee,
      reporting_category: entry.category ?? type,
      source,
      status: isAvailable ? 'available' : 'pending',
      type,
    });
  }

  routes(): Route[] {
    const { balanceTransactions } = this.engine.store;
    return [
      {
        method: 'GET',
        pattern: '/v1/balance_transactions',
        handle: ({ params }) => {
          const read = parseParams(listShape, params);
          // Money stays in the account: there is no payout to ask for.
          if (read.payout !== undefined) throw missing('payout', read.payout, 'payout');
          const items = balanceTransactions
            .newestFirst()
            .filter(
              (entry) =>
                isWithin(entry.created, read.created) &&
                (read.currency === undefined || entry.currency === read.currency) &&
                (read.source === undefined || entry.source === read.source) &&
                (read.type === undefined || entry.type === read.type),
            );
          return page('/v1/balance_transactions', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/balance_transactions/:id',
        handle: (call) => {
          parseParams({}, call.params);
          const id = pathPart(call, 'id');
          const found = balanceTransactions.get(id);
          if (found === undefined) throw missing('balance transaction', id);
          return found;
        },
      },
    ];
  }
}

const FEE_NAMES: Readonly<Record<string, string>> = { adjustment: 'Dispute fee' };
