import type Stripe from 'stripe';
import { inMajorUnits } from '../currencies.js';
import { type Html, html } from './html.js';
import { layout } from './layout.js';

interface Offer {
  token: string;
  label: string;
  number: string;
}

/** The cards that the page offers beside the good one. */
const OFFERED: readonly { heading: string; cards: readonly Offer[] }[] = [
  {
    heading: 'Other test cards',
    cards: [
      { token: 'pm_card_threeDSecure2Required', label: 'Asks for 3D Secure', number: '…3220' },
      { token: 'pm_card_visa_chargeDeclined', label: 'Declined', number: '…0002' },
      { token: 'pm_card_visa_chargeDeclinedInsufficientFunds', label: 'Insufficient funds', number: '…9995' },
      { token: 'pm_card_visa_chargeDeclinedLostCard', label: 'Lost card', number: '…9987' },
      { token: 'pm_card_chargeDeclinedExpiredCard', label: 'Expired card', number: '…0069' },
      { token: 'pm_card_chargeDeclinedIncorrectCvc', label: 'Wrong security code', number: '…0127' },
      { token: 'pm_card_chargeDeclinedProcessingError', label: 'Processing error', number: '…0119' },
    ],
  },
  {
    heading: 'The bank takes its time',
    cards: [
      { token: 'pm_emu_processing_then_succeed', label: 'Bank takes its time, then pays', number: 'delayed' },
      { token: 'pm_emu_processing_then_fail', label: 'Bank takes its time, then declines', number: 'delayed' },
    ],
  },
  {
    heading: 'Trouble after the payment',
    cards: [
      { token: 'pm_card_refundFail', label: 'Pays, a refund fails later', number: '…5126' },
      { token: 'pm_card_createDispute', label: 'Pays, is disputed as fraud', number: '…0259' },
      { token: 'pm_card_createDisputeProductNotReceived', label: 'Pays, says nothing came', number: '…2685' },
      { token: 'pm_card_createDisputeInquiry', label: 'Pays, the bank asks why', number: '…1976' },
      { token: 'pm_card_createIssuerFraudRecord', label: 'Pays, the bank warns of fraud', number: '…5423' },
    ],
  },
];

/** What the pages hand on to each other beside the address of the shop. */
export interface Form {
  isChallenge: boolean;
  /** The bank's check began on the pay page, not at a confirm of the shop. */
  isFromPayPage: boolean;
  /** The shopper closes the browser after paying. */
  stay: boolean;
}

/** Where the shopper goes back to, with what Stripe adds to the address. */
export function returnTarget(intent: Stripe.PaymentIntent, returnUrl: string): string {
  const url = new URL(returnUrl);
  url.searchParams.set('payment_intent', intent.id);
  url.searchParams.set('payment_intent_client_secret', intent.client_secret ?? '');
  url.searchParams.set('redirect_status', redirectStatus(intent));
  return url.href;
}

function redirectStatus(intent: Stripe.PaymentIntent): string {
  if (intent.status === 'succeeded' || intent.status === 'requires_capture') return 'succeeded';
  return intent.status === 'processing' ? 'pending' : 'failed';
}

const heading = (intent: Stripe.PaymentIntent): Html =>
  html`<h1>${intent.description ?? 'Your order'}</h1>
    <p class="amount">${inMajorUnits(intent.amount, intent.currency)}</p>`;

const footer = (intent: Stripe.PaymentIntent): Html => html`<footer>${intent.id} · ${intent.status}</footer>`;

/** The checkout page: pay, see why a card was refused, try another, or read that it is done. */
export function payPage(intent: Stripe.PaymentIntent, returnUrl: string | null, { stay }: Form): string {
  switch (intent.status) {
    case 'succeeded':
    case 'requires_capture':
      return stay ? closed(intent) : paid(intent, returnUrl);
    case 'processing':
      return waiting(intent, returnUrl);
    case 'canceled':
      return layout(
        'Payment canceled',
        html`${heading(intent)}
          <p class="note bad">This payment was canceled. Nothing was charged.</p>
          ${returnUrl === null ? null : backLink(intent, returnUrl)} ${footer(intent)}`,
      );
    default:
      return choice(intent, returnUrl);
  }
}

const offered = ({ token, label, number }: Offer): Html =>
  html`<button class="plain" name="payment_method" value="${token}">${label} <span>${number}</span></button> `;

function choice(intent: Stripe.PaymentIntent, returnUrl: string | null): string {
  const error = intent.last_payment_error;
  return layout(
    `Pay ${inMajorUnits(intent.amount, intent.currency)}`,
    html`${heading(intent)}
      ${error !== null && html`<p class="note bad" role="alert">${error.message} <small>(${error.decline_code ?? error.code})</small><br />Nothing was charged. Try another card.</p>`}
      <form method="post" action="/pay/${intent.client_secret}">
        <input type="hidden" name="return_url" value="${returnUrl ?? ''}" />
        <button name="payment_method" value="pm_card_visa">Pay with test card</button>
        <label
          ><input type="checkbox" name="stay" value="1" /> Close the browser after paying (the shop learns it by webhook
          only)</label
        >
        ${OFFERED.map(
          ({ heading: title, cards }) =>
            html`<h2>${title}</h2>
              <div class="stack">${cards.map(offered)}</div>`,
        )}
      </form>
      ${footer(intent)}`,
  );
}

function paid(intent: Stripe.PaymentIntent, returnUrl: string | null): string {
  const words = intent.status === 'requires_capture' ? 'The amount is reserved on your card.' : 'Payment succeeded.';
  return layout(
    'Paid',
    html`${heading(intent)}
      <p class="note good" role="status">
        ${words} ${returnUrl === null ? 'You can close this page.' : 'Taking you back to the shop…'}
      </p>
      ${returnUrl === null ? null : backLink(intent, returnUrl)} ${footer(intent)}`,
    returnUrl === null ? undefined : { seconds: 1, url: returnTarget(intent, returnUrl) },
  );
}

function waiting(intent: Stripe.PaymentIntent, returnUrl: string | null): string {
  return layout(
    'Payment is being processed',
    html`${heading(intent)}
      <p class="note good" role="status">The bank is working on it. The shop is told as soon as it is decided.</p>
      ${returnUrl === null ? null : backLink(intent, returnUrl)} ${footer(intent)}`,
  );
}

const backLink = (intent: Stripe.PaymentIntent, returnUrl: string): Html =>
  html`<a class="button" href="${returnTarget(intent, returnUrl)}">Return to the shop</a>`;

/** The bank's page in the middle of a 3D Secure payment. */
export function challengePage(intent: Stripe.PaymentIntent, returnUrl: string | null, form: Form): string {
  return layout(
    '3D Secure',
    html`${heading(intent)}
      <p>Your bank asks: is it you who pays?</p>
      <form method="post" action="/3ds/${intent.client_secret}" class="stack">
        <input type="hidden" name="return_url" value="${returnUrl ?? ''}" />
        ${form.isFromPayPage && html`<input type="hidden" name="from" value="pay" />`}
        ${form.stay && html`<input type="hidden" name="stay" value="1" />`}
        <button name="result" value="approve">Approve the payment</button>
        <button class="danger" name="result" value="fail">Fail the check</button>
      </form>
      ${footer(intent)}`,
  );
}

/** After a checkout whose shopper will not come back. */
function closed(intent: Stripe.PaymentIntent): string {
  return layout(
    'Close the browser',
    html`${heading(intent)}
      <p class="note good" role="status">Done. Close this page: the shop has to learn it by itself.</p>
      ${footer(intent)}`,
  );
}

/** No intent has the secret of the address. */
export const notFoundPage = (): string =>
  layout(
    'No such payment',
    html`<h1>No such payment</h1>
      <p>The link is wrong, or the emulator was reset.</p>`,
  );
