/**
 * The accounts of the ledger. Debits are positive and credits negative, so an account of things we have shows above zero
 * and one of things we earned below.
 */
export const ACCOUNTS = {
  /** What the provider holds for us, or what came by hand. */
  stripe: 'provider_balance:stripe',
  manual: 'provider_balance:manual',
  /** What customers paid for orders. */
  customerPayments: 'customer_payments',
  /** What went back to customers. */
  refunds: 'refunds',
  /** Refunds that left the provider and that the bank has not confirmed. */
  refundsInTransit: 'refunds_in_transit',
  /** What came beyond what an order asks for. */
  unallocated: 'unallocated_receipts',
  /** What the provider takes for each charge. */
  fees: 'provider_fees',
  /** What banks took back because the cardholder disputes the charge. */
  disputes: 'disputes',
  /** What a dispute costs. */
  disputeFees: 'dispute_fees',
  /** What is owed to whoever has a gift card, and to customers with store credit. */
  giftCards: 'gift_cards',
  storeCredit: 'store_credit',
  /** Credit that the shop gave away, or took back. */
  creditsGranted: 'credits_granted',
  /** Credit that customers gave up: what was owed is the shop's. */
  creditsForfeited: 'credits_forfeited',
  /** Where money of one currency leaves and that of another appears. */
  exchange: 'currency_exchange',
} as const;

export type Account = (typeof ACCOUNTS)[keyof typeof ACCOUNTS];

/** Every account, for filters and documents. */
export const ACCOUNT_NAMES: readonly Account[] = Object.values(ACCOUNTS);

/** The balance that a payment's money is in. */
export function balanceOf(provider: 'stripe' | 'manual'): Account {
  return provider === 'stripe' ? ACCOUNTS.stripe : ACCOUNTS.manual;
}
