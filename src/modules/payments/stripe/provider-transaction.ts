import type Stripe from 'stripe';
import type { ProviderTransaction } from '../books/money-postings.js';
import { fromWire } from './wire-amount.js';

/** A line of Stripe's ledger as ours reads it; nothing while Stripe has not written it, or was not asked to show it. */
export function toProviderTransaction(
  transaction: Stripe.BalanceTransaction | string | null | undefined,
): ProviderTransaction[] {
  if (typeof transaction !== 'object' || transaction === null) return [];
  const { id, type, source, currency, amount, fee, exchange_rate, created, available_on } = transaction;
  return [
    {
      ref: id,
      type,
      sourceRef: typeof source === 'string' ? source : (source?.id ?? null),
      currency: currency.toUpperCase(),
      amount: fromWire(amount, currency),
      fee: fromWire(fee, currency),
      exchangeRate: exchange_rate,
      occurredAt: new Date(created * 1000),
      availableAt: new Date(available_on * 1000),
    },
  ];
}
