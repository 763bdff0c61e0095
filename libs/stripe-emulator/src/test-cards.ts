/** What a charge with a card leads to. */
export type Outcome =
  | { kind: 'ok' }
  | { kind: 'declined'; code: string; declineCode?: string; message: string; networkCode?: string }
  /** `isOnce`: not again when nobody is there to ask. */
  | { kind: 'authenticate'; isOnce?: boolean }
  | { kind: 'processing'; isPaidInTheEnd: boolean };

/** A card that exists in test mode, or a payment method of the emulator's own. */
export interface TestCard {
  brand: 'visa' | 'mastercard' | 'amex' | 'discover' | 'diners' | 'jcb' | 'unionpay';
  last4: string;
  funding: 'credit' | 'debit' | 'prepaid';
  outcome: Outcome;
  /** The money is available at once. */
  isAvailableAtOnce?: boolean;
  /** What becomes of a refund: at once by default. */
  refund?: 'pending' | 'fails_later';
  /** What the cardholder complains of after the payment. */
  dispute?: { kind: 'chargeback' | 'inquiry'; reason: string };
  /** Can be kept for a customer although charges are declined. */
  isKeptThough?: boolean;
  /** The card's bank warns of fraud after the payment. */
  isWarnedOf?: boolean;
  /** A person is to look at the payment. */
  isReviewed?: boolean;
  /** The answer to a confirm takes this long while the work is done. */
  slowMs?: number;
}

const DECLINED = 'Your card was declined.';
const visa = (last4: string, outcome: Outcome = { kind: 'ok' }, rest: Partial<TestCard> = {}): TestCard => ({
  brand: 'visa',
  funding: 'credit',
  last4,
  outcome,
  ...rest,
});
const decline = (declineCode: string, message = DECLINED, networkCode = '05'): Outcome => ({
  kind: 'declined',
  code: 'card_declined',
  declineCode,
  message,
  networkCode,
});
const failure = (code: string, message: string): Outcome => ({ kind: 'declined', code, message });

const CARDS: Readonly<Record<string, TestCard>> = {
  pm_card_visa: visa('4242'),
  pm_card_visa_debit: visa('5556', { kind: 'ok' }, { funding: 'debit' }),
  pm_card_mastercard: visa('4444', { kind: 'ok' }, { brand: 'mastercard' }),
  pm_card_mastercard_debit: visa('3222', { kind: 'ok' }, { brand: 'mastercard', funding: 'debit' }),
  pm_card_mastercard_prepaid: visa('5100', { kind: 'ok' }, { brand: 'mastercard', funding: 'prepaid' }),
  pm_card_amex: visa('8431', { kind: 'ok' }, { brand: 'amex' }),
  pm_card_discover: visa('9424', { kind: 'ok' }, { brand: 'discover' }),
  pm_card_diners: visa('3237', { kind: 'ok' }, { brand: 'diners' }),
  pm_card_jcb: visa('0505', { kind: 'ok' }, { brand: 'jcb' }),
  pm_card_unionpay: visa('0005', { kind: 'ok' }, { brand: 'unionpay' }),
  pm_card_bypassPending: visa('0077', { kind: 'ok' }, { isAvailableAtOnce: true }),
  pm_card_chargeDeclined: visa('0002', decline('generic_decline')),
  pm_card_visa_chargeDeclined: visa('0002', decline('generic_decline')),
  pm_card_visa_chargeDeclinedInsufficientFunds: visa(
    '9995',
    decline('insufficient_funds', 'Your card has insufficient funds.', '51'),
  ),
  pm_card_visa_chargeDeclinedLostCard: visa('9987', decline('lost_card', DECLINED, '41')),
  pm_card_visa_chargeDeclinedStolenCard: visa('9979', decline('stolen_card', DECLINED, '43')),
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: visa(
    '6975',
    decline('card_velocity_exceeded', 'Your card was declined for making repeated attempts too frequently.', '65'),
  ),
  pm_card_chargeDeclinedFraudulent: visa('0019', decline('fraudulent', DECLINED, '59')),
  pm_card_chargeDeclinedExpiredCard: visa('0069', failure('expired_card', 'Your card has expired.')),
  pm_card_chargeDeclinedIncorrectCvc: visa('0127', failure('incorrect_cvc', "Your card's security code is incorrect.")),
  pm_card_chargeDeclinedProcessingError: visa(
    '0119',
    failure('processing_error', 'An error occurred while processing your card. Try again in a little bit.'),
  ),
  pm_card_chargeCustomerFail: visa('0341', decline('generic_decline'), { isKeptThough: true }),
  pm_card_authenticationRequired: visa('3184', { kind: 'authenticate' }),
  pm_card_authenticationRequiredOnSetup: visa('3155', { kind: 'authenticate', isOnce: true }),
  pm_card_threeDSecure2Required: visa('3220', { kind: 'authenticate' }),
  pm_card_pendingRefund: visa('7726', { kind: 'ok' }, { refund: 'pending' }),
  pm_card_refundFail: visa('5126', { kind: 'ok' }, { refund: 'fails_later' }),
  pm_card_createDispute: visa('0259', { kind: 'ok' }, { dispute: { kind: 'chargeback', reason: 'fraudulent' } }),
  pm_card_createDisputeProductNotReceived: visa(
    '2685',
    { kind: 'ok' },
    { dispute: { kind: 'chargeback', reason: 'product_not_received' } },
  ),
  pm_card_createDisputeInquiry: visa('1976', { kind: 'ok' }, { dispute: { kind: 'inquiry', reason: 'fraudulent' } }),
  pm_card_createIssuerFraudRecord: visa('5423', { kind: 'ok' }, { isWarnedOf: true }),
  pm_card_createReview: visa('9235', { kind: 'ok' }, { isReviewed: true }),
  pm_emu_processing_then_succeed: visa('6001', { kind: 'processing', isPaidInTheEnd: true }),
  pm_emu_processing_then_fail: visa('6002', { kind: 'processing', isPaidInTheEnd: false }),
  pm_emu_slow: visa('6003', { kind: 'ok' }, { slowMs: 2000 }),
};

/** Other spellings that public code uses for the same cards. */
const ALIASES: Readonly<Record<string, string>> = {
  pm_card_chargeDeclinedInsufficientFunds: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  pm_card_chargeDeclinedLostCard: 'pm_card_visa_chargeDeclinedLostCard',
  pm_card_chargeDeclinedStolenCard: 'pm_card_visa_chargeDeclinedStolenCard',
  pm_card_chargeDeclinedVelocityLimitExceeded: 'pm_card_visa_chargeDeclinedVelocityLimitExceeded',
  pm_card_visa_chargeDeclinedFraudulent: 'pm_card_chargeDeclinedFraudulent',
  pm_card_visa_chargeDeclinedExpiredCard: 'pm_card_chargeDeclinedExpiredCard',
  pm_card_visa_chargeDeclinedIncorrectCvc: 'pm_card_chargeDeclinedIncorrectCvc',
  pm_card_visa_chargeDeclinedProcessingError: 'pm_card_chargeDeclinedProcessingError',
};

const NUMBERS: Readonly<Record<string, string>> = {
  '4242424242424242': 'pm_card_visa',
  '5555555555554444': 'pm_card_mastercard',
  '378282246310005': 'pm_card_amex',
  '4000000000000077': 'pm_card_bypassPending',
  '4000000000000002': 'pm_card_chargeDeclined',
  '4000000000009995': 'pm_card_visa_chargeDeclinedInsufficientFunds',
  '4000000000009987': 'pm_card_visa_chargeDeclinedLostCard',
  '4000000000009979': 'pm_card_visa_chargeDeclinedStolenCard',
  '4000000000006975': 'pm_card_visa_chargeDeclinedVelocityLimitExceeded',
  '4100000000000019': 'pm_card_chargeDeclinedFraudulent',
  '4000000000000069': 'pm_card_chargeDeclinedExpiredCard',
  '4000000000000127': 'pm_card_chargeDeclinedIncorrectCvc',
  '4000000000000119': 'pm_card_chargeDeclinedProcessingError',
  '4000000000000341': 'pm_card_chargeCustomerFail',
  '4000002500003155': 'pm_card_authenticationRequiredOnSetup',
  '4000002760003184': 'pm_card_authenticationRequired',
  '4000000000003220': 'pm_card_threeDSecure2Required',
  '4000000000007726': 'pm_card_pendingRefund',
  '4000000000005126': 'pm_card_refundFail',
  '4000000000000259': 'pm_card_createDispute',
  '4000000000002685': 'pm_card_createDisputeProductNotReceived',
  '4000000000001976': 'pm_card_createDisputeInquiry',
  '4000000000005423': 'pm_card_createIssuerFraudRecord',
  '4000000000009235': 'pm_card_createReview',
};

/** The canonical name of a test token, or undefined when it is none (then it is the id of an object). */
export function testTokenOf(id: string): string | undefined {
  const name = ALIASES[id] ?? id;
  return Object.hasOwn(CARDS, name) ? name : undefined;
}

/** The canonical names of all test tokens. */
export const testCardNames = (): string[] => Object.keys(CARDS);

/** `tok_visa` → `pm_card_visa`. */
export const testTokenOfCardToken = (id: string): string | undefined =>
  id.startsWith('tok_') ? testTokenOf(`pm_card_${id.slice(4)}`) : undefined;

/** The token that stands for a test card number. */
export const testTokenOfNumber = (number: string): string | undefined => NUMBERS[number.replaceAll(/[\s-]/g, '')];

/** @param name a canonical name of `testTokenOf` */
export function testCard(name: string): TestCard {
  const card = CARDS[name];
  if (card === undefined) throw new Error(`No test card ${name}`);
  return card;
}
