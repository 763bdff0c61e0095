import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import type { DeliveryResult, TimedRequest } from './client/deliver.js';
import type { ClientReply } from './client/main.js';
import { WEBHOOKS_PER_SECOND } from './options.js';
import { WEBHOOK_SECRET } from './shop/settings.js';
import type { Stack } from './stack.js';

/** Events that Stripe makes of a payment, at least. */
const EVENTS_OF_A_PAYMENT = 3;
const SHOPPERS = 8;

/**
 * How fast the shop answers Stripe's events when they come at a fixed rate, while the worker pays the orders that they are
 * about: a real order, a real payment at the emulator and its real events for each.
 */
export async function measureWebhooks(
  stack: Stack,
  seconds: number,
  tell: (step: string) => void,
): Promise<DeliveryResult> {
  const wanted = Math.ceil(seconds * WEBHOOKS_PER_SECOND);
  tell(`Webhooks: placing orders that ${wanted} events are about`);
  let left = Math.ceil(wanted / EVENTS_OF_A_PAYMENT);
  await Promise.all(
    Array.from({ length: SHOPPERS }, async () => {
      while (left > 0) {
        left -= 1;
        await payAtStripe(stack, await placeOrder(stack));
      }
    }),
  );
  tell(`Webhooks: ${WEBHOOKS_PER_SECOND} a second`);
  const requests = (stack.stripe.state().events as Stripe.Event[]).toReversed().slice(0, wanted).map(sign);
  const answered = stack.client.message<Extract<ClientReply, { type: 'delivered' }>>('delivered');
  stack.client.send({
    type: 'deliver',
    requests,
    options: { host: '127.0.0.1', port: stack.apiPort, perSecond: WEBHOOKS_PER_SECOND },
  } as never);
  return (await answered).result;
}

async function post<T>(url: string, headers: Record<string, string>, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** @returns the client secret of its payment */
async function placeOrder({ apiPort, wares }: Stack): Promise<string> {
  const api = `http://127.0.0.1:${apiPort}/v1`;
  const variant = wares.variants[Math.floor(Math.random() * wares.variants.length)]!;
  const address = { firstName: 'Ada', lastName: 'Berg', line1: '1 Main Street', city: 'Austin', state: 'TX', postalCode: '97201', country: 'US' }; // prettier-ignore
  const cart = await post<{ id: string; token: string }>(
    `${api}/carts`,
    {},
    { lines: [{ variantId: variant.id, quantity: 1 }], email: 'ada@example.com', shippingAddress: address },
  );
  const credential = { 'X-Cart-Token': cart.token };
  const methods = await fetch(`${api}/carts/${cart.id}/shipping-methods`, { headers: credential });
  const { data } = (await methods.json()) as { data: { id: string }[] };
  const chosen = await fetch(`${api}/carts/${cart.id}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', ...credential },
    body: JSON.stringify({ shippingMethodId: data[0]!.id }),
  });
  if (!chosen.ok) throw new Error(`choose a shipping method: ${chosen.status}`);
  const placed = await post<{ payment: { clientSecret: string } }>(
    `${api}/carts/${cart.id}/checkout`,
    { ...credential, 'Idempotency-Key': randomUUID() },
    { paymentMethod: 'stripe' },
  );
  return placed.payment.clientSecret;
}

/** As Stripe.js does it. */
async function payAtStripe({ stripe }: Stack, clientSecret: string): Promise<void> {
  const response = await fetch(`${stripe.url}/v1/payment_intents/${clientSecret.split('_secret_')[0]}/confirm`, {
    method: 'POST',
    headers: { Authorization: 'Bearer pk_test_bench', 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_secret: clientSecret,
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost/done',
    }).toString(),
  });
  if (!response.ok) throw new Error(`pay: ${response.status}`);
}

function sign(event: Stripe.Event): TimedRequest {
  const body = JSON.stringify({ ...event, api_version: Stripe.API_VERSION }, null, 2);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret: WEBHOOK_SECRET });
  const headers = `Stripe-Signature: ${signature}\r\n`;
  return { method: 'POST', path: '/v1/webhooks/stripe', headers, body, expected: [200] };
}
