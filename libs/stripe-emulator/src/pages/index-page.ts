import type Stripe from 'stripe';
import { inMajorUnits } from '../currencies.js';
import { html } from './html.js';
import { layout } from './layout.js';

/** The front page: what the emulator is and the newest payments. */
export function indexPage(intents: readonly Stripe.PaymentIntent[], baseUrl: string): string {
  const rows = intents.map(
    (intent) =>
      html`<a class="row" href="/pay/${intent.client_secret}">
        <span>${intent.description ?? intent.id}<small>${intent.status}</small></span>
        <b>${inMajorUnits(intent.amount, intent.currency)}</b></a
      > `,
  );
  return layout(
    'Stripe emulator',
    html`<h1>Stripe emulator</h1>
      <p>It answers Stripe's API at <code>${baseUrl}</code> for any key that begins with <code>sk_test_</code>.</p>
      <h2>Newest payments</h2>
      ${rows.length === 0 ? html`<p>None yet.</p>` : rows}
      <h2>For tests</h2>
      <p>
        <a href="/_emulator/state">State</a> · <a href="/_emulator/requests">Requests</a> ·
        <a href="/_emulator/deliveries">Webhook deliveries</a> · <a href="/_emulator/problems">Problems</a>
      </p>`,
  );
}
