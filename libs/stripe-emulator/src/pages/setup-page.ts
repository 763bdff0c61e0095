import type Stripe from 'stripe';
import { type Html, html } from './html.js';
import { layout } from './layout.js';

/** The cards that the page offers beside the good one. */
const OFFERED: readonly { token: string; label: string; number: string }[] = [
  { token: 'pm_card_mastercard', label: 'Another good card', number: '…4444' },
  { token: 'pm_card_authenticationRequiredOnSetup', label: 'Asks for 3D Secure once', number: '…3155' },
  { token: 'pm_card_authenticationRequired', label: 'Asks for 3D Secure each time', number: '…3184' },
  { token: 'pm_card_chargeDeclined', label: 'Declined', number: '…0002' },
  { token: 'pm_card_chargeCustomerFail', label: 'Kept, but declined when charged', number: '…0341' },
];

/** Where the shopper goes back to, with what Stripe adds to the address. */
export function setupReturnTarget(intent: Stripe.SetupIntent, returnUrl: string): string {
  const url = new URL(returnUrl);
  url.searchParams.set('setup_intent', intent.id);
  url.searchParams.set('setup_intent_client_secret', intent.client_secret ?? '');
  url.searchParams.set('redirect_status', intent.status === 'succeeded' ? 'succeeded' : 'failed');
  return url.href;
}

const heading = html`<h1>Keep a card for later</h1>`;
const footer = (intent: Stripe.SetupIntent): Html => html`<footer>${intent.id} · ${intent.status}</footer>`;

/** The page where a shopper leaves a card: choose one, see why it was refused, or read that it is kept. */
export function setupPage(intent: Stripe.SetupIntent, returnUrl: string | null): string {
  if (intent.status === 'succeeded' || intent.status === 'canceled') return over(intent, returnUrl);
  const error = intent.last_setup_error;
  return layout(
    'Keep a card',
    html`${heading}
      ${error !== null && html`<p class="note bad" role="alert">${error.message} <small>(${error.decline_code ?? error.code})</small></p>`}
      <form method="post" action="/pay/${intent.client_secret}">
        <input type="hidden" name="return_url" value="${returnUrl ?? ''}" />
        <p><button name="payment_method" value="pm_card_visa">Keep the test card</button></p>
        <h2>Other test cards</h2>
        <div class="stack">
          ${OFFERED.map(
            ({ token, label, number }) =>
              html`<button class="plain" name="payment_method" value="${token}">
                ${label} <span>${number}</span>
              </button> `,
          )}
        </div>
      </form>
      ${footer(intent)}`,
  );
}

function over(intent: Stripe.SetupIntent, returnUrl: string | null): string {
  const isKept = intent.status === 'succeeded';
  return layout(
    isKept ? 'Kept' : 'Canceled',
    html`${heading}
      <p class="note ${isKept ? 'good' : 'bad'}" role="status">
        ${isKept ? 'The card is kept.' : 'This was canceled: no card is kept.'}
      </p>
      ${returnUrl === null ? null : html`<a class="button" href="${setupReturnTarget(intent, returnUrl)}">Return to the shop</a>`}
      ${footer(intent)}`,
    returnUrl === null || !isKept ? undefined : { seconds: 1, url: setupReturnTarget(intent, returnUrl) },
  );
}

/** The bank's page before a card is kept. */
export function setupChallengePage(
  intent: Stripe.SetupIntent,
  returnUrl: string | null,
  isFromPayPage: boolean,
): string {
  return layout(
    '3D Secure',
    html`${heading}
      <p>Your bank asks: is it you who leaves this card?</p>
      <form method="post" action="/3ds/${intent.client_secret}" class="stack">
        <input type="hidden" name="return_url" value="${returnUrl ?? ''}" />
        ${isFromPayPage && html`<input type="hidden" name="from" value="pay" />`}
        <button name="result" value="approve">Approve</button>
        <button class="danger" name="result" value="fail">Fail the check</button>
      </form>
      ${footer(intent)}`,
  );
}
